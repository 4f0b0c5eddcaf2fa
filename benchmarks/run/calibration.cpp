#include "benchmarks/run/calibration.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "benchmarks/platform/affinity.h"
#include "benchmarks/platform/clock.h"
#include "benchmarks/platform/cpu_usage.h"
#include "benchmarks/trial/placement.h"
#include "benchmarks/trial/worker.h"
#include "benchmarks/util/statistics.h"
#include "queues/sync.h"

namespace bq::bench {

namespace {

constexpr int probe_repetitions = 9;
constexpr int handoff_repetitions = 9;
constexpr std::uint64_t handoff_round_trips = 300;

// Of a repetition: long beside a look at the clock, short beside a turn of another process.
constexpr double least_repetition_ns = 80'000;
constexpr std::uint32_t least_steps = 1'000;

double time_steps_ns(Worker& work, std::uint32_t steps) {
  const Ticks from = now_ticks();
  work(steps);
  return ns_between(from, now_ticks());
}

// Of a repetition. Finding it takes about as long as two.
std::uint32_t steps_of_a_repetition(Worker& work) {
  std::uint32_t steps = least_steps;
  while (time_steps_ns(work, steps) < least_repetition_ns) steps *= 2;
  return steps;
}

struct WorkProbe {
  double step_ns;
  double cpu_share;  // see CoreProbe
};

WorkProbe probe_work(const Point& point, const Work& work) {
  const std::vector<int> cores = used_cores(point);
  std::vector<double> step_ns(cores.size() * probe_repetitions);
  std::vector<double> cpu_share(cores.size());
  std::barrier ready(static_cast<std::ptrdiff_t>(cores.size()));
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    threads.emplace_back([&, i] {
      if (point.placement != Placement::free) pin_to(cores[i]);
      Worker worker(work);
      ready.arrive_and_wait();
      const std::uint32_t steps = steps_of_a_repetition(worker);  // and all of them run by now
      const Ticks begin = now_ticks();
      const double cpu_begin = thread_cpu_ns();
      for (std::size_t r = 0; r < probe_repetitions; ++r)
        step_ns[i * probe_repetitions + r] = time_steps_ns(worker, steps) / steps;
      cpu_share[i] = (thread_cpu_ns() - cpu_begin) / ns_between(begin, now_ticks());
      worker(steps);  // until all of them are done
    });
  }
  threads.clear();
  return {median(step_ns), *std::min_element(cpu_share.begin(), cpu_share.end())};
}

}  // namespace

CoreProbe probe_cores(const Point& point) {
  Work spin;
  spin.kind = WorkKind::spin;
  const WorkProbe spun = probe_work(point, spin);
  CoreProbe probe{StepCosts::all(spun.step_ns), spun.cpu_share};
  for (const Work* work : point.works_in_steps()) {
    if (work->has_steps_of(spin)) continue;
    const WorkProbe other = probe_work(point, *work);
    probe.cpu_share = std::min(probe.cpu_share, other.cpu_share);
    StepCosts& costs = probe.step_costs;
    if (point.producer.has_steps_of(*work)) costs.producer_ns = other.step_ns;
    if (point.consumer.has_steps_of(*work)) costs.consumer_ns = other.step_ns;
    if (point.stage.has_steps_of(*work)) costs.stage_ns = other.step_ns;
  }
  return probe;
}

double ns_per_step(const Point& point, const StepCosts& costs) {
  return takes_steps(point.producer.kind)   ? costs.producer_ns
         : takes_steps(point.consumer.kind) ? costs.consumer_ns
         : takes_steps(point.stage.kind)    ? costs.stage_ns
                                            : costs.spin_ns;
}

std::optional<double> measure_handoff_ns(const Point& point) {
  const std::vector<int> cores = used_cores(point);
  if (cores.size() < 2) return std::nullopt;
  alignas(cache_line_bytes) std::atomic<std::uint64_t> turn{0};
  const std::uint64_t last = handoff_round_trips * handoff_repetitions;
  std::jthread echo([&] {
    if (point.placement != Placement::free) pin_to(cores[1]);
    for (std::uint64_t i = 0; i < last; ++i) {
      while (turn.load(std::memory_order_acquire) != 2 * i + 1) StdSync::relax();
      turn.store(2 * i + 2, std::memory_order_release);
    }
  });
  std::vector<double> one_way;
  std::jthread caller([&] {
    if (point.placement != Placement::free) pin_to(cores[0]);
    std::uint64_t i = 0;
    for (int r = 0; r < handoff_repetitions; ++r) {
      const Ticks from = now_ticks();
      for (std::uint64_t n = 0; n < handoff_round_trips; ++n, ++i) {
        turn.store(2 * i + 1, std::memory_order_release);
        while (turn.load(std::memory_order_acquire) != 2 * i + 2) StdSync::relax();
      }
      one_way.push_back(ns_between(from, now_ticks()) / (2.0 * handoff_round_trips));
    }
  });
  caller.join();
  echo.join();
  return median(one_way);
}

}  // namespace bq::bench
