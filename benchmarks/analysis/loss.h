// The headline number: lost ns per message, the overhead against the ideal queue for the same work.
// The same for single queues and for chains.
#pragma once

#include <algorithm>
#include <optional>

#include "benchmarks/analysis/metric_writer.h"
#include "benchmarks/scenario/point.h"

namespace bq::bench {

/// The least time that `work_cpu_ns` of work takes on the cores, or on what a quota gives of them;
/// 0 where every thread has a core. An ideal window is never shorter.
double least_window_on_cores_ns(const Point& point, std::size_t cores, double work_cpu_ns);

/// Whether threads do not always have a core to themselves.
inline bool shares_cores(const Point& point, std::size_t cores) {
  return point.spinning_threads() > cores || point.cpu_quota_pct.has_value();
}

/// Window lengths of the replays, ns.
struct IdealWindows {
  double ideal_ns = 0;             ///< with the work as it took
  double nominal_ns = 0;           ///< with the work as it was drawn
  std::optional<double> floor_ns;  ///< as `ideal_ns`, with a cache-line transfer per hand-off
};

/// Adds overhead and efficiency of a window with `messages` messages.
inline void add_loss(MetricWriter& metrics, double window_ns, double messages,
                     const IdealWindows& windows) {
  metrics.add("lost_ns_per_msg", (window_ns - windows.ideal_ns) / messages);
  metrics.add("efficiency", windows.ideal_ns / window_ns);
  metrics.add("nominal_lost_ns_per_msg", (window_ns - windows.nominal_ns) / messages);
  metrics.add("nominal_efficiency", windows.nominal_ns / window_ns);
  if (windows.floor_ns)
    metrics.add("floor_lost_ns_per_msg", (*windows.floor_ns - windows.ideal_ns) / messages);
}

}  // namespace bq::bench
