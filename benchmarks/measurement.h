// From the stamps of a trial to its verdict and its numbers.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/histogram.h"
#include "benchmarks/trial.h"

namespace bq::bench {

/// Occupancy over the window.
struct Timeline {
  double slice_ns = 0;
  std::vector<std::uint64_t> occupancy;  ///< messages inside at the end of each slice
  std::vector<std::uint64_t> pushed;     ///< messages pushed in each slice
};

struct Measurement {
  std::string fault;           ///< the queue did wrong: what. It has no numbers then.
  std::string void_reason;     ///< nothing wrong, but no window to measure
  std::uint64_t messages = 0;  ///< pushed inside the window
  double window_ns = 0;
  Ticks window_open = 0, window_close = 0;
  double spin_work_ns = 0;                               ///< CPU of the messages' own spin work inside the window
  std::vector<std::pair<std::string, double>> counters;  ///< see results/README.md; absent where they do not apply
  std::vector<std::pair<std::string, Histogram>> histograms;
  std::optional<Timeline> timeline;

  std::optional<double> counter(const std::string& name) const {
    for (const auto& [key, value] : counters) {
      if (key == name) return value;
    }
    return std::nullopt;
  }
};

/// `handoff_ns`: one-way transfer of a cache line, for the floor; absent on one core. `cores`: how many the point's
/// threads share.
Measurement measure(const TrialPlan& plan, const TrialRecord& record, const Traits& traits,
                    std::optional<double> handoff_ns, std::size_t cores);

/// What a queue did wrong in a traced trial; empty if nothing.
std::string find_fault(const TrialPlan& plan, const TrialRecord& record, const Traits& traits);

/// Least length of a point's window, ns: 40 ms; 20 fillings of the queue at the slower side's pace; 200 ms where
/// threads take turns on the cores; two periods of a CPU quota; what the scenario asks for.
double least_window_ns(const Point& point, std::size_t cores);

}  // namespace bq::bench
