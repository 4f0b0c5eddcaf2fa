// Calibration of the spin work, and the state of the cores at this moment.
#pragma once

#include <optional>

#include "benchmarks/scenario/point.h"

namespace bq::bench {

struct CoreProbe {
  double ns_per_step = 0;  ///< median over the cores' repetitions, all of them spinning at once
  /// Thread CPU / wall of the worst core: below 1 another thread ran there.
  double cpu_share = 1;
};

/// Spins on as many cores as the point uses, all at once, for about 2 ms.
CoreProbe probe_cores(const Point& point);

/// Median one-way transfer of a cache line between two cores, ns; absent where the point has one.
std::optional<double> measure_handoff_ns(const Point& point);

}  // namespace bq::bench
