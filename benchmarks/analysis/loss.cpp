#include "benchmarks/analysis/loss.h"

#include "benchmarks/platform/cgroup.h"

namespace bq::bench {

double least_window_on_cores_ns(const Point& point, std::size_t cores, double work_cpu_ns) {
  if (!shares_cores(point, cores)) return 0;
  const double without_quota = work_cpu_ns / static_cast<double>(cores);
  if (!point.cpu_quota_pct) return without_quota;
  // At the start and at the end of a window, nearly a whole period's share of the quota may be used
  // in one burst.
  const double burst_ns = 2 * CpuQuota::period_ns * (1 - *point.cpu_quota_pct / 100);
  return std::max(without_quota, work_cpu_ns / point.quota_cores(cores) - burst_ns);
}

}  // namespace bq::bench
