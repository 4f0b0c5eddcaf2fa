// gate_trial: trials of one queue at one point. scripts/bqb/gate starts one for each arm of a pair and gives them turns: a
// line on standard input is the number of a round, and a line of JSON answers what its trial found, or why there is no
// number. The two of a pair stand in the same few milliseconds of a machine whose speed changes within a tenth of a second.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/describe.h"
#include "benchmarks/json.h"
#include "benchmarks/machine.h"
#include "benchmarks/measurement.h"
#include "benchmarks/registry.h"
#include "benchmarks/scenario.h"
#include "benchmarks/surroundings.h"

namespace {

using namespace bq::bench;

constexpr int exit_usage = 2;
constexpr int exit_queue_failed = 4;
constexpr double warmup_ns = 2e6;

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

[[noreturn]] void print_and_exit(const Json& line, int status) {
  std::cout << line.dump() << std::endl;
  std::_Exit(status);  // a hung queue's threads are still there
}

class Trials {
 public:
  Trials(const Point& point, const QueueEntry& queue, const Options& options)
      : point_(point),
        queue_(queue),
        options_(options),
        watchdog_(std::chrono::milliseconds(std::llround(options.hang_after_s * 1000)), exit_queue_failed,
                  [](const std::string& what) {
                    std::cout << Json{{"status", "failed"}, {"why", what}, {"hung", true}}.dump() << std::endl;
                  }) {}

  Measurement run(std::uint64_t round, std::size_t messages, std::size_t warmup) {
    const TrialPlan plan{point_, Level::traced, warmup, messages, demands_, queue_.traits.bound != bq::Bound::none};
    draw_demands(point_, options_.seed, round, options_.ns_per_step, messages, demands_);
    add_extra_work();
    Surroundings around(point_);
    queue_.loops.for_point(point_)(plan, record_, watchdog_);
    around.end();
    Measurement result = measure(plan, record_, queue_.traits, std::nullopt, core_count(point_));
    if (!result.fault.empty()) print_and_exit({{"status", "failed"}, {"why", result.fault}}, exit_queue_failed);
    return result;
  }

 private:
  void add_extra_work() {
    const auto steps = static_cast<std::uint32_t>(std::llround(options_.extra_ns / options_.ns_per_step));
    for (auto* side : {&demands_.producer, &demands_.consumer}) {
      for (DemandStream& stream : *side) {
        for (std::uint32_t& demand : stream) demand += steps;
      }
    }
  }

  const Point& point_;
  const QueueEntry& queue_;
  const Options& options_;
  Watchdog watchdog_;
  Demands demands_;
  TrialRecord record_;
};

// Trials that grow until one is long enough to be believed, and the plan that follows from it.
Json pilot(const Point& point, const QueueEntry& queue, Options options) {
  constexpr double enough_ns = 10e6;
  constexpr std::size_t most_messages = 1'000'000;
  options.ns_per_step = probe_cores(point).ns_per_step;
  Trials trials(point, queue, options);
  for (std::size_t each = 256; each * point.producers <= most_messages; each *= 2) {
    const Measurement result = trials.run(0, each, each / 8);
    if (!result.void_reason.empty() || result.window_ns < enough_ns) continue;
    const double ns_per_msg = result.window_ns / static_cast<double>(result.messages);
    const double per_producer = ns_per_msg * static_cast<double>(point.producers);
    const auto warm = static_cast<std::size_t>(warmup_ns / per_producer) + 2 * point.capacity;
    const double window_ns = point.window_ms > 0 ? point.window_ms * 1e6 : least_window_ns(point, core_count(point));
    return {{"status", "ok"},
            {"messages", warm + static_cast<std::size_t>(window_ns / per_producer) + 1},
            {"warmup", warm},
            {"ns_per_step", options.ns_per_step},
            {"ns_per_msg", ns_per_msg}};
  }
  return {{"status", "void"}, {"why", "no window to measure, however many messages were tried"}};
}

Json what_was_found(const Measurement& result) {
  if (!result.void_reason.empty()) return {{"status", "void"}, {"why", result.void_reason}};
  Json line{{"status", "ok"},
            {"ns_per_msg", result.window_ns / static_cast<double>(result.messages)},
            {"messages", result.messages},
            {"window_ns", result.window_ns}};
  for (const char* name : {"lost_ns_per_msg", "gap_share", "producer_cpu_ns_per_msg", "consumer_cpu_ns_per_msg"}) {
    if (const auto value = result.counter(name)) line[name] = *value;
  }
  return line;
}

// What there is to measure: each of the queues at every point, and why not where that cannot be; and the machine.
Json list(const Scenario& scenario, const std::vector<std::string>& queues) {
  Json cells = Json::array();
  for (const std::string& name : queues.empty() ? scenario.queues : queues) {
    const QueueEntry* queue = find_queue(name);
    for (const Point& point : scenario.points) {
      Json cell{{"queue", name}, {"point", point.name}};
      const auto unfit = queue == nullptr ? "no such queue" : unfit_reason(*queue, point);
      const auto unavailable = unavailable_reason(point);
      if (unfit || unavailable) cell["why_not"] = unfit ? *unfit : *unavailable;
      if (!point.works() || point.is_chain()) cell["why_not"] = "the gate needs work on both sides of one queue";
      cells.push_back(cell);
    }
  }
  return {{"cells", cells}, {"context", describe_context(0)}};
}

void take_turns(const Point& point, const QueueEntry& queue, const Options& options) {
  Trials trials(point, queue, options);
  for (std::uint64_t round = 0; std::cin >> round;) {
    std::cout << what_was_found(trials.run(round, options.messages, options.warmup)).dump() << std::endl;
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
  if (point == scenario.points.end()) throw UsageError("--point " + options.point + ": not in " + options.scenario);
  if (options.queues.size() != 1) throw UsageError("a trial takes one --queue");
  const QueueEntry* queue = find_queue(options.queues.front());
  if (queue == nullptr) throw UsageError("--queue " + options.queues.front() + ": no such queue is built in");
  if (options.pilot) {
    std::cout << pilot(*point, *queue, options).dump() << std::endl;
    return;
  }
  if (options.messages <= options.warmup || options.ns_per_step <= 0) {
    throw UsageError("a trial takes --messages above --warmup, and --ns-per-step");
  }
  take_turns(*point, *queue, options);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{
      "Trials of one queue at one point, for the regression gate: one for each number of a round on standard "
      "input, answered by a line of JSON."};
  app.add_option("--scenario", options.scenario, "file")->required();
  app.add_flag("--list", options.list, "print the cells and the machine");
  app.add_flag("--pilot", options.pilot, "print how many messages a trial takes");
  app.add_option("--point", options.point, "name of the point");
  app.add_option("--queue", options.queues, "name of the queue; of a list, again and again")->allow_extra_args(false);
  app.add_option("--messages", options.messages, "of each producer, warm-up included");
  app.add_option("--warmup", options.warmup, "of each producer");
  app.add_option("--ns-per-step", options.ns_per_step, "how long a step of the work takes");
  app.add_option("--extra-ns", options.extra_ns, "more work a message, on both sides: a slow-down on purpose");
  app.add_option("--seed", options.seed, "of the drawn work");
  app.add_option("--hang-after", options.hang_after_s, "seconds without progress that make a hang")
      ->check(CLI::Range(0.5, 600.0));
  try {
    app.parse(argc, argv);
    ns_per_tick();  // measured now, not inside the first probe
    answer(options);
    return 0;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << "gate_trial: " << error.what() << " (see --help)\n";
  } catch (const std::exception& error) {
    std::cerr << "gate_trial: " << error.what() << '\n';
  }
  return exit_usage;
}
