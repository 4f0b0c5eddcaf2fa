// The work between queue operations: how much each message demands, and doing it.
#pragma once

#include <time.h>

#include <cstdint>
#include <vector>

#include "benchmarks/platform/syscall_counter.h"
#include "benchmarks/scenario/point.h"
#include "benchmarks/util/hash.h"

namespace bq::bench {

/// `steps` dependent multiply-adds: a fixed amount of work. (A loop that waits for a deadline could
/// finish while its thread is preempted.)
inline std::uint64_t spin_steps(std::uint32_t steps, std::uint64_t x = 1) noexcept {
  for (; steps != 0; --steps) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    asm volatile("" : "+r"(x));
  }
  return x;
}

inline void sleep_ns(std::uint32_t ns) noexcept {
  timespec left{static_cast<time_t>(ns / 1'000'000'000u), static_cast<long>(ns % 1'000'000'000u)};
  do {
    discount_syscalls(1);
  } while (nanosleep(&left, &left) != 0);
}

/// What each message of one producer demands of one side: spin steps, or nanoseconds of sleep.
using DemandStream = std::vector<std::uint32_t>;

struct Demands {
  /// Of the i-th thread of a chain.
  const DemandStream& of_stage(const Point& point, std::size_t i) const {
    return i == 0 ? producer[0] : i + 1 == point.stages ? consumer[0] : stage[i - 1];
  }

  /// Of the calibration that turned nanoseconds into steps.
  double ns_per_step = 1;
  std::vector<DemandStream> producer;  ///< [producer][sequence]: the work before the push
  /// [producer][sequence]: the work after the pop, whoever popped it
  std::vector<DemandStream> consumer;
  std::vector<DemandStream> stage;  ///< pipeline: [stage in the middle][sequence]
  /// Open loop: [producer][sequence]: when, from the trial's start.
  std::vector<std::vector<double>> arrivals_ns;
};

/// Draws the work and the arrivals of a trial. A draw is a pure function of (seed, point, round,
/// producer, sequence, side): every queue gets the same demands, in any order of execution and for
/// any number of messages.
void draw_demands(const Point& point, std::uint64_t seed, std::uint64_t round, double ns_per_step,
                  std::size_t messages_per_producer, Demands& out);

/// A demand in nanoseconds.
inline double nominal_ns(const Work& work, std::uint32_t demand, double ns_per_step) {
  return work.kind == Work::Kind::spin    ? demand * ns_per_step
         : work.kind == Work::Kind::sleep ? demand
                                          : 0;
}

}  // namespace bq::bench
