// What the calling thread has used so far.
#pragma once

#include <sys/resource.h>
#include <time.h>

#include <cstdint>
#include <optional>

#include "benchmarks/platform/syscall_counter.h"
#include "queues/sync.h"

namespace bq::bench {

inline double thread_cpu_ns() noexcept {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

struct CpuUsage {
  double cpu_ns = 0;
  std::int64_t voluntary = 0;
  std::int64_t involuntary = 0;
  std::uint64_t yields = 0;
  /// Without the harness's own; absent where they are not counted.
  std::optional<std::uint64_t> syscalls = 0;

  /// About 1 us.
  static CpuUsage of_this_thread() noexcept {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    const double cpu_ns = thread_cpu_ns();
    discount_syscalls(2);  // these two
    return {cpu_ns, usage.ru_nvcsw, usage.ru_nivcsw, StdSync::yields(), syscalls_of_this_thread()};
  }
  CpuUsage& operator+=(const CpuUsage& other) noexcept {
    cpu_ns += other.cpu_ns;
    voluntary += other.voluntary;
    involuntary += other.involuntary;
    yields += other.yields;
    syscalls =
        syscalls && other.syscalls ? std::optional(*syscalls + *other.syscalls) : std::nullopt;
    return *this;
  }
  CpuUsage operator-(const CpuUsage& other) const noexcept {
    return {cpu_ns - other.cpu_ns, voluntary - other.voluntary, involuntary - other.involuntary,
            yields - other.yields,
            syscalls && other.syscalls ? std::optional(*syscalls - *other.syscalls) : std::nullopt};
  }
};

}  // namespace bq::bench
