#include "benchmarks/run/calibration.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "benchmarks/platform/affinity.h"
#include "benchmarks/platform/clock.h"
#include "benchmarks/platform/cpu_usage.h"
#include "benchmarks/trial/placement.h"
#include "benchmarks/trial/workload.h"
#include "benchmarks/util/statistics.h"
#include "queues/sync.h"

namespace bq::bench {

namespace {

constexpr int probe_repetitions = 9;
constexpr std::uint32_t probe_steps = 150'000;  // about 160 us
constexpr int handoff_repetitions = 9;
constexpr std::uint64_t handoff_round_trips = 300;

}  // namespace

CoreProbe probe_cores(const Point& point) {
  const std::vector<int> cores = used_cores(point);
  std::vector<double> ns_per_step(cores.size() * probe_repetitions);
  std::vector<double> cpu_share(cores.size());
  std::barrier ready(static_cast<std::ptrdiff_t>(cores.size()));
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    threads.emplace_back([&, i] {
      if (point.placement != Placement::free) pin_to(cores[i]);
      ready.arrive_and_wait();
      spin_steps(probe_steps);  // until all of them run
      const Ticks begin = now_ticks();
      const double cpu_begin = thread_cpu_ns();
      for (std::size_t r = 0; r < probe_repetitions; ++r) {
        const Ticks from = now_ticks();
        spin_steps(probe_steps);
        ns_per_step[i * probe_repetitions + r] = ns_between(from, now_ticks()) / probe_steps;
      }
      cpu_share[i] = (thread_cpu_ns() - cpu_begin) / ns_between(begin, now_ticks());
      spin_steps(probe_steps);  // and until all of them are done
    });
  }
  threads.clear();
  return {median(ns_per_step), *std::min_element(cpu_share.begin(), cpu_share.end())};
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
