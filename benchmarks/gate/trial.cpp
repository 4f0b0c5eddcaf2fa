// gate_trial: trials of one queue at one point. scripts/bqb/gate starts one for each arm of a pair
// and gives them turns: a line on standard input is the number of a round, and a line of JSON
// answers with the result of the trial, or why there is none. The two trials of a pair run within
// the same few milliseconds, since the speed of a machine may change within a tenth of a second.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/gate/exit_status.h"
#include "benchmarks/registry/queue_registry.h"
#include "benchmarks/run/calibration.h"
#include "benchmarks/run/pilot.h"
#include "benchmarks/run/run_description.h"
#include "benchmarks/run/trial_runner.h"
#include "benchmarks/scenario/scenario_file.h"
#include "benchmarks/trial/placement.h"
#include "benchmarks/trial/trial_environment.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/json.h"
#include "benchmarks/util/message_text.h"
#include "benchmarks/util/program.h"

namespace {

using namespace bq::bench;

constexpr double warmup_ns = 2e6;
constexpr std::uint64_t max_messages = 1'000'000'000;
constexpr double max_work_ns = 1e9;

struct Options {
  std::string scenario, point;
  std::vector<std::string> queues;  // one, but for a list
  bool list = false, pilot = false;
  std::size_t messages = 0, warmup = 0;  // of each producer; the warm-up is part of the messages
  double ns_per_step = 0;                // of the work; the same in both arms
  double extra_ns = 0;                   // more work a message, on both sides
  std::uint64_t seed = 1;
  double hang_after_s = 10;
};

[[noreturn]] void print_failure_and_exit(const std::string& why) {
  std::cout << Json{{"status", "failed"}, {"why", why}}.dump() << std::endl;
  std::_Exit(static_cast<int>(gate::ExitStatus::queue_failed));
}

class Trials {
 public:
  Trials(const Point& point, const QueueEntry& queue, const Options& options)
      : point_(point),
        queue_(queue),
        options_(options),
        watchdog_(
            std::chrono::milliseconds(std::llround(options.hang_after_s * 1000)),
            static_cast<int>(gate::ExitStatus::queue_failed),
            [](const std::string& sentence) {
              std::cout << Json{{"status", "failed"}, {"why", sentence}, {"hung", true}}.dump()
                        << std::endl;
            }),
        runner_(watchdog_) {}

  TrialResult run(std::uint64_t round, TrialSize size) {
    TrialRequest request{point_, queue_, Level::timestamped, size};
    request.seed = options_.seed;
    request.round = round;
    request.step_costs = StepCosts::all(options_.ns_per_step);
    request.extra_work_ns = options_.extra_ns;
    TrialResult result = runner_.run(request);
    if (!result.fault.empty()) print_failure_and_exit(result.fault);
    return result;
  }

 private:
  const Point& point_;
  const QueueEntry& queue_;
  const Options& options_;
  Watchdog watchdog_;
  TrialRunner runner_;
};

// How many messages a trial takes, and how long a step of the work.
Json pilot(const Point& point, const QueueEntry& queue, Options options) {
  options.ns_per_step = ns_per_step(point, probe_cores(point).step_costs);
  Trials trials(point, queue, options);
  const double window_ns =
      point.window_ms ? *point.window_ms * 1e6 : least_window_ns(point, core_count(point));
  try {
    const PilotResult pilot =
        run_pilot(point, queue.traits.bound != bq::Bound::none, {warmup_ns, window_ns},
                  [&](TrialSize size) { return trials.run(0, size); });
    return {{"status", "ok"},
            {"messages", pilot.size.messages_per_producer},
            {"warmup", pilot.size.warmup_per_producer},
            {"ns_per_step", options.ns_per_step},
            {"ns_per_msg", pilot.ns_per_msg}};
  } catch (const Unmeasurable& reason) {
    return {{"status", "void"}, {"why", reason.what()}};
  }
}

Json result_json(const TrialResult& result) {
  if (!result.void_reason.empty()) return {{"status", "void"}, {"why", result.void_reason}};
  Json line{{"status", "ok"},
            {"ns_per_msg", result.window_ns / static_cast<double>(result.messages)},
            {"messages", result.messages},
            {"window_ns", result.window_ns}};
  for (const char* name :
       {"lost_ns_per_msg", "gap_share", "producer_cpu_ns_per_msg", "consumer_cpu_ns_per_msg"}) {
    if (const auto value = result.counter(name)) line[name] = *value;
  }
  return line;
}

// What there is to measure: each of the queues at every point, and why not where that cannot be;
// and the machine.
Json list(const Scenario& scenario, const std::vector<std::string>& queues) {
  Json cells = Json::array();
  for (const std::string& name : queues.empty() ? scenario.queues : queues) {
    const QueueEntry* queue = find_queue(name);
    for (const Point& point : scenario.points) {
      Json cell{{"queue", name}, {"point", point.name}};
      const auto unfit = queue == nullptr ? "no such queue" : unfit_reason(*queue, point);
      const auto unavailable = unavailable_reason(point);
      if (unfit || unavailable) cell["why_not"] = unfit ? *unfit : *unavailable;
      if (!point.works() || point.is_chain())
        cell["why_not"] = "the gate needs work on both sides of one queue";
      if (point.works_in_steps().size() > 1)
        cell["why_not"] = "the gate needs the same kind of work, or `sleep`, on both sides";
      cells.push_back(cell);
    }
  }
  return {{"cells", cells}, {"context", context_json(0)}};
}

void run_trials(const Point& point, const QueueEntry& queue, const Options& options) {
  Trials trials(point, queue, options);
  for (std::uint64_t round = 0; std::cin >> round && std::cout;) {
    std::cout << result_json(trials.run(round, {options.messages, options.warmup})).dump()
              << std::endl;
  }
}

void answer(const Options& options) {
  const Scenario scenario = load_scenario(options.scenario);
  if (options.list) {
    std::cout << list(scenario, options.queues).dump() << std::endl;
    return;
  }
  const auto point = std::find_if(scenario.points.begin(), scenario.points.end(),
                                  [&](const Point& each) { return each.name == options.point; });
  if (point == scenario.points.end())
    throw UsageError("--point " + shown(options.point) + ": not in " + options.scenario);
  if (options.queues.size() != 1) throw UsageError("a trial takes one --queue");
  const QueueEntry* queue = find_queue(options.queues.front());
  if (queue == nullptr)
    throw UsageError("--queue " + shown(options.queues.front()) + ": no such queue is built in");
  if (options.pilot) {
    std::cout << pilot(*point, *queue, options).dump() << std::endl;
    return;
  }
  if (options.messages <= options.warmup || options.ns_per_step <= 0) {
    throw UsageError("a trial takes --messages above --warmup, and --ns-per-step");
  }
  run_trials(*point, *queue, options);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{
      "Trials of one queue at one point, for the regression gate: one for each number of a round "
      "on standard "
      "input, answered by a line of JSON."};
  app.add_option("--scenario", options.scenario, "file")->required();
  app.add_flag("--list", options.list, "print the cells and the machine");
  app.add_flag("--pilot", options.pilot, "print how many messages a trial takes");
  app.add_option("--point", options.point, "name of the point");
  app.add_option("--queue", options.queues, "name of the queue; with --list it may be repeated")
      ->allow_extra_args(false);
  const OptionCheck messages = whole_number(0, max_messages);
  app.add_option("--messages", options.messages, "of each producer, warm-up included")
      ->check(messages);
  app.add_option("--warmup", options.warmup, "of each producer")->check(messages);
  app.add_option("--ns-per-step", options.ns_per_step, "how long a step of the work takes")
      ->check(number(0, max_work_ns));
  app.add_option("--extra-ns", options.extra_ns,
                 "more work a message, on both sides: a slow-down on purpose")
      ->check(number(0, max_work_ns));
  app.add_option("--seed", options.seed, "of the drawn work")->check(whole_number(0, UINT64_MAX));
  app.add_option("--hang-after", options.hang_after_s, "seconds without progress that make a hang")
      ->check(number(0.5, 600));
  const int status = run_program(app, argc, argv, [&] {
    ns_per_tick();  // measured now, not inside the first probe
    answer(options);
    return bq::bench::ExitStatus::ok;
  });
  return static_cast<int>(status == 0 ? gate::ExitStatus::ok : gate::ExitStatus::usage);
}
