// The exit statuses of the programs in this folder. scripts/ reads them from `queue_bench
// --schema`.
#pragma once

#include <array>
#include <string_view>

namespace bq::bench {

enum class ExitStatus : int {
  ok = 0,
  queue_failed = 1,     ///< a queue gave a wrong answer
  usage = 2,            ///< bad arguments or a bad scenario: nothing was measured
  hung = 4,             ///< a queue made no progress; the watchdog ended the process
  io_error = 5,         ///< a file could not be read or written: a full disk, missing permissions
  resource_limit = 6,   ///< the system refused a thread, a core or memory
  internal_error = 70,  ///< a fault of this program
};

struct ExitStatusText {
  ExitStatus status;
  std::string_view name;
  std::string_view meaning;
};

inline constexpr std::array exit_statuses{
    ExitStatusText{ExitStatus::ok, "ok", "success"},
    ExitStatusText{ExitStatus::queue_failed, "queue_failed", "a queue gave a wrong answer"},
    ExitStatusText{ExitStatus::usage, "usage",
                   "bad arguments or a bad scenario; nothing was measured"},
    ExitStatusText{ExitStatus::hung, "hung", "a queue made no progress"},
    ExitStatusText{ExitStatus::io_error, "io_error", "a file could not be read or written"},
    ExitStatusText{ExitStatus::resource_limit, "resource_limit",
                   "the system refused a thread, a core or memory"},
    ExitStatusText{ExitStatus::internal_error, "internal_error", "a fault of the program"},
};

}  // namespace bq::bench
