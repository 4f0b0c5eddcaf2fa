// The time that CPUs have spent, as /proc/stat counts it for all processes together.
#pragma once

#include <optional>
#include <vector>

#include "benchmarks/platform/system_files.h"

namespace bq::bench {

/// Of several CPUs together, since the system was started.
struct CpuTime {
  double busy_s = 0;    ///< at work for any process, or for the kernel
  double stolen_s = 0;  ///< wanted, while a hypervisor ran something else
};

/// Absent where /proc/stat lacks one of `cpus`. To the 10 ms of the kernel's clock ticks.
std::optional<CpuTime> cpu_time(const SystemFiles& files, const std::vector<int>& cpus);

/// The share of the CPU time wanted since the start that a hypervisor took, in percent. An idle CPU
/// wants no time and loses none, so idle time does not count, and a short look at an idle system
/// would say nothing.
double steal_pct(const CpuTime& since_start);

/// CPU time used between two readings, per second between them: 0.5 is half of one CPU's time.
double busy_cores(const CpuTime& before, const CpuTime& after, double seconds);

/// What all other processes use of `cpus`, in cores. Sleeps for half a second: the load average of
/// the last minute would still count the build that precedes a run. Absent as cpu_time().
std::optional<double> measure_busy_cores(const SystemFiles& files, const std::vector<int>& cpus);

}  // namespace bq::bench
