// Calibration of the work that takes steps, and the state of the cores at this moment.
#pragma once

#include <optional>

#include "benchmarks/scenario/point.h"
#include "benchmarks/trial/workload.h"

namespace bq::bench {

struct CoreProbe {
  /// Medians over the cores' repetitions, all of them doing the same work at once.
  StepCosts step_costs;
  /// Thread CPU / wall of the worst core: below 1 another thread ran there.
  double cpu_share = 1;
};

/// Works on as many cores as the point uses, all at once: `spin` for about 2 ms, then as long for
/// each other kind of steps that a side takes. Large working sets take longer to set up.
CoreProbe probe_cores(const Point& point);

/// One number for a point whose sides take the same steps: what such a step costs. Of several kinds
/// that of the first side; of `spin` where no side takes steps.
double ns_per_step(const Point& point, const StepCosts& costs);

/// Median one-way transfer of a cache line between two cores, ns; absent where the point has one.
std::optional<double> measure_handoff_ns(const Point& point);

}  // namespace bq::bench
