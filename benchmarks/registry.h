// The queues that a program knows: their names, labels and measured loops. Filled before main by register_queue.h.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/any_queue.h"
#include "benchmarks/trial.h"
#include "benchmarks/watchdog.h"
#include "queues/bounded_queue.h"

namespace bq::bench {

enum class LineUp : std::uint8_t {
  by_default,  ///< in every run
  extra,       ///< with --all, or by name
  named,       ///< only where its name is spelt out
};

using RunTrial = void (*)(const TrialPlan&, TrialRecord&, Watchdog&);
using RunChain = void (*)(const TrialPlan&, ChainRecord&, Watchdog&);

/// The measured loops, one for each kind of message; null where the queue cannot carry it. Chains carry 8 bytes.
struct TrialLoops {
  RunTrial of_8 = nullptr;
  RunTrial of_64 = nullptr;
  RunTrial of_1024 = nullptr;
  RunTrial of_heap = nullptr;
  RunChain chain = nullptr;

  RunTrial for_point(const Point& point) const {
    if (point.payload == Payload::heap) return of_heap;
    return point.message_bytes == 8 ? of_8 : point.message_bytes == 64 ? of_64 : of_1024;
  }
};

struct QueueEntry {
  std::string name;
  LineUp line_up;
  Traits traits;
  TrialLoops loops;
  AnyQueueType type;  ///< for 8-byte messages
};

/// All registered queues, by name.
const std::vector<QueueEntry>& registered_queues();

/// Nullptr if there is none.
const QueueEntry* find_queue(const std::string& name);

/// Why this queue cannot run at this point, in words; absent if it can.
std::optional<std::string> unfit_reason(const QueueEntry& queue, const Point& point);

/// Called through register_queue.h. Ends the program on a name that is taken.
bool add_queue(QueueEntry entry);

}  // namespace bq::bench
