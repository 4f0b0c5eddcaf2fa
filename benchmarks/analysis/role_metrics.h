// Work and resource usage by role: producers, middle stages, consumers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/analysis/metric_writer.h"
#include "benchmarks/platform/cpu_usage.h"
#include "benchmarks/scenario/rules.h"

namespace bq::bench {

/// The part of a service time for which the thread was preempted (or, asleep, overslept).
template <class Ns>
Ns preempted_ns(Ns realised, Ns nominal) {
  const Ns excess = realised - nominal;
  return excess > std::max(static_cast<Ns>(least_preemption_ns), nominal / 10) ? excess : Ns{0};
}

/// Service times of one role, ns, summed over messages.
struct RoleWork {
  double realised = 0, nominal = 0, preempted = 0;
  std::size_t messages = 0;

  void add(double realised_ns, double nominal_ns) {
    ++messages;
    realised += realised_ns;
    nominal += nominal_ns;
    preempted += preempted_ns(realised_ns, nominal_ns);
  }
  RoleWork operator+(const RoleWork& other) const {
    return {realised + other.realised, nominal + other.nominal, preempted + other.preempted,
            messages + other.messages};
  }
  /// The time on CPU of work that takes steps.
  double cpu() const { return realised - preempted; }
  double inflation() const { return cpu() / nominal; }
  double mean() const { return realised / static_cast<double>(messages); }
};

/// Resource usage of one role's threads.
struct RoleUsage {
  CpuUsage usage;
  double messages = 0;
  double work_cpu_ns = 0;  ///< the CPU time of the work among `usage`
  /// Upper bound on the sleeps among `usage` that are accounted for: of the work, and one for each
  /// call that may have slept.
  std::optional<double> expected_sleeps = std::nullopt;
};

/// Adds CPU time, context switches, yields and system calls per message, by role and over all
/// roles.
void add_usage(MetricWriter& metrics, const std::vector<std::pair<std::string, RoleUsage>>& roles);

}  // namespace bq::bench
