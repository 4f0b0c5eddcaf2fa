// Decides how many messages a trial gets: few enough to be quick, enough for a window to measure.
#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>

#include "benchmarks/analysis/result.h"
#include "benchmarks/run/trial_size.h"
#include "benchmarks/scenario/point.h"

namespace bq::bench {

/// A cell that cannot be measured, through no fault of its queue: the reason in words.
struct Unmeasurable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct PilotSettings {
  double warmup_ns;  ///< least length of the warm-up
  double window_ns;  ///< length of the window
  /// A trial without a window is followed by one four times as long, unless all would take longer.
  double most_search_ns = 15e9;
};

struct PilotResult {
  TrialSize size;
  double ns_per_msg;
};

/// Least length of a point's window, ns: 40 ms; 20 fillings of the queues at the slowest side's
/// pace; 200 ms where threads share cores; two periods of a CPU quota; what the scenario asks for.
double least_window_ns(const Point& point, std::size_t cores);

/// Runs small trials of the point, growing until one lasts long enough to be trusted, and takes the
/// fastest of three of those, since noise only slows down; of fewer, where they last a second
/// together. An open loop needs none. `bounded`: the
/// queue is. Throws Unmeasurable, QueueFault.
PilotResult run_pilot(const Point& point, bool bounded, const PilotSettings& settings,
                      const std::function<TrialResult(TrialSize)>& run_trial);

}  // namespace bq::bench
