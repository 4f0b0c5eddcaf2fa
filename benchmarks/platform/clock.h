// The clock of all stamps: the processor's time-stamp counter where the kernel trusts it, the
// steady clock elsewhere.
#pragma once

#include <time.h>

#include <cstdint>

namespace bq::bench {

/// An instant in units of ns_per_tick(), comparable between cores.
using Ticks = std::uint64_t;

/// Whether the kernel itself keeps time by the counter: then it is steady, and the same on all
/// cores. Set before main.
extern const bool tsc_is_trusted;

/// About 10 ns on x86-64. The fence makes it wait for the work before it; what follows may start
/// early, but no store becomes visible before it, which is what the order and bound checks need.
inline Ticks now_ticks() noexcept {
#if defined(__x86_64__)
  if (tsc_is_trusted) [[likely]] {
    __builtin_ia32_lfence();  // not from <x86intrin.h>: that is 48,000 lines for every source
    return __builtin_ia32_rdtsc();
  }
#endif
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<Ticks>(t.tv_sec) * 1'000'000'000u + static_cast<Ticks>(t.tv_nsec);
}

/// Measured against the steady clock at the first call, which takes 5 ms: make it before anything
/// is timed.
double ns_per_tick();

/// "tsc" or "clock_gettime".
const char* clock_name();

inline double ns_between(Ticks from, Ticks to) {
  return static_cast<double>(static_cast<std::int64_t>(to - from)) * ns_per_tick();
}

inline Ticks to_ticks(double ns) {
  return static_cast<Ticks>(ns / ns_per_tick());
}

}  // namespace bq::bench
