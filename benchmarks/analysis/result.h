// What the analysis of a trial yields. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/platform/clock.h"
#include "benchmarks/util/histogram.h"

namespace bq::bench {

/// Occupancy over the window.
struct Timeline {
  double slice_ns = 0;
  std::vector<std::uint64_t> occupancy;  ///< messages inside at the end of each slice
  std::vector<std::uint64_t> pushed;     ///< messages pushed in each slice
};

struct TrialResult {
  /// What the queue did wrong; empty if nothing. It has no numbers then.
  std::string fault;
  std::string void_reason;     ///< why there is no window to measure; empty if there is one
  std::uint64_t messages = 0;  ///< pushed inside the window
  double window_ns = 0;
  Ticks window_open = 0, window_close = 0;
  /// CPU time of the messages' own work inside the window
  double work_cpu_ns = 0;
  /// See scenario/counters.h; absent where they do not apply.
  std::vector<std::pair<std::string, double>> counters;
  std::vector<std::pair<std::string, Histogram>> histograms;
  std::optional<Timeline> timeline;

  std::optional<double> counter(std::string_view name) const {
    for (const auto& [key, value] : counters) {
      if (key == name) return value;
    }
    return std::nullopt;
  }
};

}  // namespace bq::bench
