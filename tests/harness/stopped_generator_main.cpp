// stopped_generator: trials of two queues in open loops, each analysed twice: as it was, and as it
// would have been if the machine had stopped its generator for 2 ms. A line of JSON for each;
// driven by tests/python/test_stopped_generator.py.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/analysis/queue_analysis.h"
#include "benchmarks/analysis/window.h"
#include "benchmarks/run/calibration.h"
#include "benchmarks/trial/placement.h"
#include "benchmarks/trial/queue_trial.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/hash.h"
#include "benchmarks/util/json.h"
#include "benchmarks/util/program.h"
#include "queues/mpmc_ring.h"
#include "queues/two_condvar.h"
#include "tests/harness/stopped_generator.h"

namespace {

using namespace bq::bench;

constexpr std::size_t messages = 16'000, warmup = 2'000;
constexpr double work_ns = 2'000, stop_ns = 2e6;
// On a busy machine a trial can be without a window.
constexpr int most_attempts = 20;

struct Queue {
  const char* name;
  void (*run)(const TrialPlan&, TrialRecord&, Watchdog&);
  bq::Traits traits;
};

template <class Q>
Queue queue_of(const char* name) {
  return {name, &run_trial<Q>, Q::traits};
}

const std::array queues{queue_of<bq::TwoCondvarQueue<Message>>("two_condvar"),
                        queue_of<bq::MpmcRingSpinYieldPark<Message>>("mpmc_spin_yield_park")};

Point open_loop(const std::string& name, double rho) {
  Point point;
  point.scenario = "stopped_generator";
  point.name = name;
  point.capacity = 1'024;
  point.consumer = {{Distribution::lognormal, work_ns, 1}, Work::Kind::spin};
  point.arrivals = Arrivals{{Distribution::exponential, work_ns / rho}};
  point.rho = rho;
  return point;
}

const std::array points{open_loop("rho:0.5", 0.5), open_loop("rho:0.8", 0.8)};

// One of those that arrived inside the window, which is not empty.
std::size_t draw_message(const TrialPlan& plan, const TrialRecord& record, std::uint64_t bits) {
  const Window window = find_window(record);
  std::vector<std::size_t> inside;
  for (std::size_t i = 0; i < messages; ++i) {
    if (window.holds(record.start + to_ticks(plan.demands.arrivals_ns[0][i]))) inside.push_back(i);
  }
  return inside.at(bits % inside.size());
}

class Trials {
 public:
  explicit Trials(std::uint64_t seed)
      : seed_(seed),
        watchdog_(std::chrono::seconds(10), static_cast<int>(ExitStatus::hung),
                  [](const std::string& sentence) { std::cerr << sentence << '\n'; }) {}

  void run_round(const Point& point, std::uint64_t round) {
    draw_demands(point, seed_, round, probe_cores(point).step_costs, messages, demands_);
    for (std::size_t i = 0; i < queues.size(); ++i)
      run_trial_of(queues[(round + i) % queues.size()], point, round);
  }

 private:
  void run_trial_of(const Queue& queue, const Point& point, std::uint64_t round) {
    const TrialPlan plan{point, Level::timestamped, warmup, messages, demands_};
    const auto analyse = [&](const TrialRecord& record) {
      return analyse_queue(plan, record, queue.traits, std::nullopt, core_count(point));
    };
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
      queue.run(plan, record_, watchdog_);
      const TrialResult as_run = analyse(record_);
      if (!as_run.fault.empty()) throw std::runtime_error(queue.name + (": " + as_run.fault));
      if (!as_run.void_reason.empty()) continue;
      const std::size_t message =
          draw_message(plan, record_, mix64(hash_text(point.name, seed_) ^ mix64(round)));
      const TrialResult with_stop =
          analyse(test::with_stopped_generator(plan, record_, {message, stop_ns}));
      if (!with_stop.fault.empty()) throw std::logic_error("with a stop: " + with_stop.fault);
      print(queue, point, round, false, as_run);
      print(queue, point, round, true, with_stop);
      return;
    }
    std::cerr << queue.name << ", " << point.name << ", round " << round << ": no window\n";
  }

  static void print(const Queue& queue, const Point& point, std::uint64_t round, bool stopped,
                    const TrialResult& result) {
    Json counters = Json::object();
    for (const auto& [name, value] : result.counters) counters[name] = value;
    std::cout << Json{{"point", point.name},
                      {"queue", queue.name},
                      {"round", round},
                      {"stopped", stopped},
                      {"counters", counters}}
                     .dump()
              << std::endl;
  }

  const std::uint64_t seed_;
  Watchdog watchdog_;
  Demands demands_;
  TrialRecord record_;
};

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t rounds = 20, seed = 1;
  CLI::App app{
      "Trials of two queues in open loops, analysed as they are and with a stop of the generator "
      "of "
      "2 ms: a line of JSON for each."};
  app.add_option("--trials", rounds, "of each queue at each point")->check(whole_number(1, 10'000));
  app.add_option("--seed", seed, "of the drawn work and the stopped messages")
      ->check(whole_number(0, UINT64_MAX));
  return run_program(app, argc, argv, [&] {
    if (core_count(points.front()) < 2)
      throw ResourceError("the generator and the consumer need a core each, and there is one");
    ns_per_tick();  // measured now, not inside the first probe
    Trials trials(seed);
    for (std::uint64_t round = 1; round <= rounds; ++round) {
      for (const Point& point : points) trials.run_round(point, round);
    }
    return ExitStatus::ok;
  });
}
