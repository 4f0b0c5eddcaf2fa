#include "benchmarks/analysis/role_metrics.h"

namespace bq::bench {

void add_usage(MetricWriter& metrics, const std::vector<std::pair<std::string, RoleUsage>>& roles) {
  double cpu = 0, cpu_beyond_work = 0, switches = 0, yields = 0;
  std::optional<double> futile_wakeups, syscalls;
  for (const auto& role_and_use : roles) {
    const std::string& role = role_and_use.first;
    const RoleUsage& use = role_and_use.second;
    if (use.messages <= 0) continue;
    const auto add = [&](const char* counter, double sum) {
      const double per_msg = sum / use.messages;
      metrics.add_for_role(role, counter, per_msg);
      return per_msg;
    };
    cpu += add("cpu_ns_per_msg", use.usage.cpu_ns);
    cpu_beyond_work += add("cpu_beyond_work_ns_per_msg", use.usage.cpu_ns - use.work_cpu_ns);
    const double voluntary =
        add("voluntary_switches_per_msg", static_cast<double>(use.usage.voluntary));
    const double involuntary =
        add("involuntary_switches_per_msg", static_cast<double>(use.usage.involuntary));
    switches += voluntary + involuntary;
    yields += add("yields_per_msg", static_cast<double>(use.usage.yields));
    if (use.usage.syscalls) {
      syscalls =
          syscalls.value_or(0) + add("syscalls_per_msg", static_cast<double>(*use.usage.syscalls));
    }
    if (use.expected_sleeps) {
      const double unexpected = static_cast<double>(use.usage.voluntary) - *use.expected_sleeps;
      futile_wakeups =
          futile_wakeups.value_or(0) + add("futile_wakeups_per_msg", std::max(0.0, unexpected));
    }
  }
  metrics.add("cpu_ns_per_msg", cpu);
  metrics.add("cpu_beyond_work_ns_per_msg", cpu_beyond_work);
  metrics.add("switches_per_msg", switches);
  metrics.add("yields_per_msg", yields);
  metrics.add("futile_wakeups_per_msg", futile_wakeups);
  metrics.add("syscalls_per_msg", syscalls);
}

}  // namespace bq::bench
