// What the ideal queue makes of a point's drawn work at several capacities. Nothing is measured:
// the times are those that the scenario asks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "benchmarks/scenario/point.h"
#include "benchmarks/util/histogram.h"

namespace bq::bench {

/// Of one capacity. All capacities get the same draws, so that their differences are those of the
/// capacity.
struct PlannedIdeal {
  std::size_t capacity;  ///< may be unbounded_capacity
  double ns_per_msg;     ///< from the start until the work on the last message is done
  double blocked_share;  ///< of the producers' time until the last message has entered
  double dropped_share;  ///< of the messages, where producers drop
  Histogram sojourn;     ///< ready (open loop: arrived) to start of consumption
};

/// Messages that a point is drawn for: 2,000 of its bursts, times those after which its queue has
/// forgotten its past; at least 200,000 and at most 1,000,000. One pass through its traces, of up
/// to 2,000,000.
std::size_t planned_messages(const Point& point);

/// One for each capacity, in their order. Takes about 10 ns for each message and thread. Throws
/// UsageError for a pipeline or a ping-pong, whose queues have no single ideal.
std::vector<PlannedIdeal> planned_ideals(const Point& point, std::uint64_t seed,
                                         std::span<const std::size_t> capacities);

}  // namespace bq::bench
