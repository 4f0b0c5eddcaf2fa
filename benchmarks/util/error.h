// Errors by their cause, and the exit status that each leads to.
#pragma once

#include <string>

#include <stdexcept>

#include "benchmarks/util/exit_status.h"

namespace bq::bench {

/// Bad input from the user: one line that names the file, the line, the key and the remedy.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A file that cannot be read or written: one line that names the file and the reason.
struct IoError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The system refused a thread, a core, a cgroup or memory: one line that names it and the reason.
struct ResourceError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Prints `message` behind the program's name and ends the process at once, without destructors.
/// For places that cannot throw: threads of a trial, code before main. Thread-safe.
[[noreturn]] void fatal(ExitStatus status, const std::string& message);

/// To be called inside a `catch` block: prints the exception that is being handled behind the
/// program's name, and returns the exit status of its kind. The exceptions of this header,
/// std::bad_alloc and std::system_error (a thread that cannot start) have a status each; anything
/// else is an internal error.
ExitStatus report_current_exception();

}  // namespace bq::bench
