// The queues of a program: their names, labels and measured loops. register_queue.h fills the
// registry before main.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/registry/any_queue.h"
#include "benchmarks/trial/trial.h"
#include "benchmarks/trial/watchdog.h"
#include "queues/bounded_queue.h"

namespace bq::bench {

/// When a queue takes part in a run.
enum class LineUp : std::uint8_t {
  by_default,  ///< in every run
  extra,       ///< with --all, or by name
  named,       ///< only where its name is spelt out
  outside,     ///< brought by --with: in every scenario, also where that lists its queues
};
constexpr std::string_view name_of(LineUp value) {
  switch (value) {
    case LineUp::by_default:
      return "default";
    case LineUp::extra:
      return "extra";
    case LineUp::named:
      return "named";
    case LineUp::outside:
      return "outside";
  }
  return {};
}

using RunTrial = void (*)(const TrialPlan&, TrialRecord&, Watchdog&);
using RunChain = void (*)(const TrialPlan&, ChainRecord&, Watchdog&);

/// The measured loops, one for each type of message. Chains carry 8 bytes.
struct TrialLoops {
  std::array<RunTrial, InQueueMessages::count> in_queue{};  ///< in the order of InQueueMessages
  /// Null where the queue does not carry what can only be moved.
  RunTrial on_heap = nullptr;
  RunChain chain = nullptr;

  /// Null where the queue cannot carry the point's messages. Throws std::logic_error for a size
  /// that InQueueMessages lacks.
  RunTrial for_point(const Point& point) const;
};

struct QueueEntry {
  std::string name;
  LineUp line_up;
  Traits traits;
  TrialLoops loops;
  AnyQueueType type;  ///< for 8-byte messages
  bool has_batches = false;
};

/// All registered queues, by name.
const std::vector<QueueEntry>& registered_queues();

/// Nullptr if there is none.
const QueueEntry* find_queue(const std::string& name);

/// Whether the queue has the calls that do not wait.
constexpr bool has_tries([[maybe_unused]] const Traits& traits) {
#ifdef BQ_LABELS
  return traits.tries == Tries::yes;
#else
  return true;
#endif
}

/// Whether a close refuses pushes and wakes those that wait.
constexpr bool pushes_hear_close([[maybe_unused]] const Traits& traits) {
#ifdef BQ_LABELS
  return traits.close != Close::end_of_stream;
#else
  return true;
#endif
}

/// Why this queue cannot run at this point, in words; absent if it can run. A queue from outside
/// runs with the nearest capacity that it can have (trial/capacities.h).
std::optional<std::string> unfit_reason(const QueueEntry& queue, const Point& point);

/// Called through register_queue.h. Ends the process (ExitStatus::usage) on a name that is taken,
/// reserved or too long.
bool add_queue(QueueEntry entry);

}  // namespace bq::bench
