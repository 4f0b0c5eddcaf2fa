#include "benchmarks/analysis/environment_metrics.h"

#include "benchmarks/analysis/metric_writer.h"

namespace bq::bench {

void add_environment_metrics(const TrialEnvironment& environment, double spin_step_ns,
                             TrialResult& out) {
  if (out.messages == 0 || out.window_ns <= 0) return;
  MetricWriter metrics(out);
  metrics.add("throttled_share", environment.throttled_share());
  const BackgroundLoad* load = environment.background_load();
  if (!load) return;
  const double load_ns = load->steps_between(out.window_open, out.window_close) * spin_step_ns;
  const double core_ns = out.window_ns * static_cast<double>(load->count());
  const BackgroundLoadShares shares = background_load_shares(load_ns, core_ns, out.work_cpu_ns);
  metrics.add("neighbour_work_share", shares.work);
  metrics.add("neighbour_lost_share", shares.lost);
}

}  // namespace bq::bench
