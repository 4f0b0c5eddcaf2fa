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

/// What each message of one producer demands of one side: steps, or nanoseconds of sleep.
using DemandStream = std::vector<std::uint32_t>;

/// How long a step of each side's work takes, as calibrated. Of a side without steps it means
/// nothing.
struct StepCosts {
  /// Where all steps cost the same.
  static StepCosts all(double ns) { return {ns, ns, ns, ns}; }
  /// Of the i-th thread of a chain.
  double of_stage(const Point& point, std::size_t i) const {
    return i == 0 ? producer_ns : i + 1 == point.stages ? consumer_ns : stage_ns;
  }

  double producer_ns = 1;
  double consumer_ns = 1;
  double stage_ns = 1;
  double spin_ns = 1;  ///< of `spin` work, which a background load does
};

struct Demands {
  /// Of the i-th thread of a chain.
  const DemandStream& of_stage(const Point& point, std::size_t i) const {
    return i == 0 ? producer[0] : i + 1 == point.stages ? consumer[0] : stage[i - 1];
  }

  StepCosts step_costs;                ///< which turned nanoseconds into steps
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
void draw_demands(const Point& point, std::uint64_t seed, std::uint64_t round,
                  const StepCosts& step_costs, std::size_t messages_per_producer, Demands& out);

/// What one of a side's demand means. `step_ns`: of a step of the side's work.
inline double unit_ns(const Work& work, double step_ns) {
  return takes_steps(work.kind) ? step_ns : 1;
}

/// A demand in nanoseconds. `step_ns`: of a step of the side's work.
inline double nominal_ns(const Work& work, std::uint32_t demand, double step_ns) {
  return work.kind == WorkKind::none ? 0 : demand * unit_ns(work, step_ns);
}

}  // namespace bq::bench
