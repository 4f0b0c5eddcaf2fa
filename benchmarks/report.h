// How the numbers of a trial are put down: counters by name, work and CPU by role.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/cpu_usage.h"
#include "benchmarks/histogram.h"
#include "benchmarks/measurement.h"

namespace bq::bench {

/// The part of a service time in which the thread cannot have been running (or, asleep, overslept).
template <class Ns>
Ns gap_in(Ns realised, Ns nominal) {
  constexpr int gap_ns = 10'000;  // a thread that works this much longer than asked was not running
  return realised - nominal > std::max(Ns{gap_ns}, nominal / 10) ? realised - nominal : Ns{0};
}

struct RoleWork {
  double realised = 0, nominal = 0, gaps = 0;
  std::size_t messages = 0;

  void add(double realised_ns, double nominal_ns) {
    ++messages;
    realised += realised_ns;
    nominal += nominal_ns;
    gaps += gap_in(realised_ns, nominal_ns);
  }
  RoleWork operator+(const RoleWork& other) const {
    return {realised + other.realised, nominal + other.nominal, gaps + other.gaps, messages + other.messages};
  }
  /// What the thread was at work; in a gap it did not run.
  double cpu() const { return realised - gaps; }
  double inflation() const { return cpu() / nominal; }
  double mean() const { return realised / static_cast<double>(messages); }
};

class Report {
 public:
  explicit Report(Measurement& out) : out_(out) {}
  void add(std::string name, double value) {
    if (std::isfinite(value)) out_.counters.emplace_back(std::move(name), value);
  }
  void add(std::string name, std::optional<double> value) {
    if (value) add(std::move(name), *value);
  }
  /// Replaces a counter that is there.
  void set(const std::string& name, double value) {
    std::erase_if(out_.counters, [&](const auto& counter) { return counter.first == name; });
    add(name, value);
  }
  void add_distribution(const std::string& stem, const Histogram& histogram) {
    add(stem + "_mean_ns", histogram.mean());
    add(stem + "_p50_ns", histogram.quantile(0.5));
    add(stem + "_p99_ns", histogram.quantile(0.99));
    out_.histograms.emplace_back(stem + "_ns", histogram);
  }

 private:
  Measurement& out_;
};

struct RoleUsage {
  CpuUsage usage;
  double messages = 0;
  double work_cpu_ns = 0;  ///< the CPU of the spin work among `usage`
  /// Sleeps among `usage` that are accounted for, at most: of the work, and one of each call that may have slept.
  std::optional<double> due_sleeps = std::nullopt;
};

/// CPU, switches and yields per message, by role and over all of them.
inline void report_usage(Report& report, const std::vector<std::pair<std::string, RoleUsage>>& roles) {
  double cpu = 0, beyond = 0, switches = 0, yields = 0;
  std::optional<double> futile, syscalls;
  for (const auto& [role, use] : roles) {
    if (use.messages <= 0) continue;
    const double role_cpu = use.usage.cpu_ns / use.messages;
    const double role_beyond = (use.usage.cpu_ns - use.work_cpu_ns) / use.messages;
    const double voluntary = static_cast<double>(use.usage.voluntary) / use.messages;
    const double yielded = static_cast<double>(use.usage.yields) / use.messages;
    const double involuntary = static_cast<double>(use.usage.involuntary) / use.messages;
    report.add(role + "_cpu_ns_per_msg", role_cpu);
    report.add(role + "_cpu_beyond_work_ns_per_msg", role_beyond);
    report.add(role + "_voluntary_switches_per_msg", voluntary);
    report.add(role + "_involuntary_switches_per_msg", involuntary);
    report.add(role + "_yields_per_msg", yielded);
    if (use.usage.syscalls) {
      const double calls = static_cast<double>(*use.usage.syscalls) / use.messages;
      report.add(role + "_syscalls_per_msg", calls);
      syscalls = syscalls.value_or(0) + calls;
    }
    if (use.due_sleeps) {
      const double beyond_due = static_cast<double>(use.usage.voluntary) - *use.due_sleeps;
      const double role_futile = std::max(0.0, beyond_due) / use.messages;
      report.add(role + "_futile_wakeups_per_msg", role_futile);
      futile = futile.value_or(0) + role_futile;
    }
    cpu += role_cpu;
    beyond += role_beyond;
    switches += voluntary + involuntary;
    yields += yielded;
  }
  report.add("cpu_ns_per_msg", cpu);
  report.add("cpu_beyond_work_ns_per_msg", beyond);
  report.add("switches_per_msg", switches);
  report.add("yields_per_msg", yields);
  report.add("futile_wakeups_per_msg", futile);
  report.add("syscalls_per_msg", syscalls);
}

}  // namespace bq::bench
