// explore: runs the queues under every schedule, up to limits, and prints a table. See
// scripts/explore --help.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "explorer/explorer.h"
#include "explorer/plan.h"
#include "explorer/scenario.h"

namespace bq::explorer {
namespace {

constexpr const char* all_queues = ".*";

// scripts/explore documents them.
constexpr int exit_passed = 0;
constexpr int exit_failed = 1;  // a run broke a rule
constexpr int exit_usage = 2;   // wrong usage, or nothing to explore

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Options {
  std::string queue = all_queues;
  std::optional<int> producers, consumers, messages;
  std::optional<std::size_t> capacity;
  std::string ending = "none";
  std::string calls = "blocking";
  std::optional<int> bound, delays;
  std::uint64_t pct = 0;
  std::uint64_t seed = 1;
  std::uint64_t max_runs = 0;
  bool weak = false;
  bool deep = false;
  bool list = false;
  std::string replay;
  std::string save = "schedule.json";

  bool has_own_shape() const {
    return producers || consumers || messages || capacity || ending != "none" ||
           calls != "blocking";
  }
  bool has_own_limits() const { return bound || delays || pct > 0 || weak; }
};

const std::map<std::string, Shape::Ending> endings{{"none", Shape::Ending::none},
                                                   {"producers", Shape::Ending::producers},
                                                   {"race", Shape::Ending::race}};
const std::map<std::string, Shape::Calls> kinds_of_calls{{"blocking", Shape::Calls::blocking},
                                                         {"try", Shape::Calls::trying},
                                                         {"timed", Shape::Calls::timed}};

template <class T>
std::string key_of(const std::map<std::string, T>& names, T value) {
  for (const auto& [name, named] : names) {
    if (named == value) return name;
  }
  return "?";
}

// ---- schedules in files

nlohmann::json to_json(const std::string& queue, const Exploration& exploration,
                       const Outcome& outcome) {
  const Shape& shape = exploration.shape;
  return {{"queue", queue},
          {"producers", shape.producers},
          {"consumers", shape.consumers},
          {"capacity", shape.capacity},
          {"messages", shape.messages},
          {"ending", key_of(endings, shape.ending)},
          {"calls", key_of(kinds_of_calls, shape.calls)},
          {"weak", exploration.limits.weak},
          {"failure", outcome.failure},
          {"choices", outcome.choices}};
}

/// Writes to a temporary name first, so that the file is never incomplete.
void save(const std::string& path, const nlohmann::json& schedule) {
  const std::string unfinished = path + ".new";
  std::ofstream file(unfinished);
  file << schedule.dump() << '\n';
  file.close();
  if (!file || std::rename(unfinished.c_str(), path.c_str()) != 0) {
    throw UsageError("--save " + path + ": cannot be written; name another file");
  }
}

const Subject& subject_named(const std::string& name) {
  for (const Subject& subject : subjects()) {
    if (subject.name == name) return subject;
  }
  throw UsageError("there is no queue '" + name + "' here");
}

int replay_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw UsageError("--replay " + path + ": cannot be read");
  try {
    const nlohmann::json saved = nlohmann::json::parse(file);
    Shape shape;
    shape.producers = saved.at("producers");
    shape.consumers = saved.at("consumers");
    shape.capacity = saved.at("capacity");
    shape.messages = saved.at("messages");
    shape.ending = endings.at(saved.at("ending"));
    shape.calls = kinds_of_calls.at(saved.at("calls"));
    const std::string queue = saved.at("queue");
    const Subject& subject = subject_named(queue);
    if (const std::string reason = why_unsupported(subject, shape); !reason.empty()) {
      throw UsageError(subject.name + " " + reason);
    }
    const Outcome outcome = replay(program(subject, shape), saved.at("choices"), saved.at("weak"));
    std::cout << subject.name << ", " << to_string(shape)
              << (saved.at("weak") ? ", weak memory" : "") << "\n\n"
              << schedule(outcome);
    return outcome.failure.empty() ? exit_passed : exit_failed;
  } catch (const nlohmann::json::exception& error) {
    throw UsageError("--replay " + path + ": is not a schedule that --save has written (" +
                     error.what() + ")");
  } catch (const std::out_of_range&) {
    throw UsageError("--replay " + path + ": is not a schedule that --save has written");
  } catch (const std::invalid_argument& error) {
    throw UsageError("--replay " + path + ": " + error.what() + "; the queue has changed since");
  }
}

// ---- the table

std::string grouped(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

void print_row(const std::string& queue, const Exploration& exploration, const Outcome& outcome) {
  const char* verdict = outcome.passed() ? "pass" : outcome.failure.empty() ? "unfinished" : "FAIL";
  std::printf("%-22s %-42s %-22s %12s %12s %8.2f s  %s\n", queue.c_str(),
              to_string(exploration.shape).c_str(), to_string(exploration.limits).c_str(),
              grouped(outcome.runs).c_str(),
              outcome.states > 0 ? grouped(outcome.states).c_str() : "-", outcome.seconds, verdict);
  std::fflush(stdout);
}

struct Totals {
  int passed = 0;
  int failed = 0;
  int unfinished = 0;
  double seconds = 0;
  std::map<std::string, std::vector<std::string>> unsupported;  // queues by reason
};

void explore_one(const Subject& subject, const Exploration& exploration, const Options& options,
                 Totals& totals) {
  const Outcome outcome = [&] {
    try {
      return explore(program(subject, exploration.shape), exploration.limits);
    } catch (const std::logic_error& error) {
      throw UsageError(subject.name + ": " + error.what());
    }
  }();
  print_row(subject.name, exploration, outcome);
  totals.seconds += outcome.seconds;
  if (outcome.passed()) {
    ++totals.passed;
  } else if (outcome.failure.empty()) {
    ++totals.unfinished;
  } else {
    save(options.save, to_json(subject.name, exploration, outcome));
    std::cout << '\n'
              << schedule(outcome) << "  " << outcome.steps << " steps"
              << (outcome.cost >= 0 ? ", cost " + std::to_string(outcome.cost) : "")
              << ". To see it again: ./scripts/explore --replay " << options.save << "\n\n";
    ++totals.failed;
  }
}

Exploration own_exploration(const Options& options) {
  Exploration own;
  own.shape.producers = options.producers.value_or(1);
  own.shape.consumers = options.consumers.value_or(1);
  own.shape.capacity = options.capacity.value_or(1);
  own.shape.messages = options.messages.value_or(2);
  own.shape.ending = endings.at(options.ending);
  own.shape.calls = kinds_of_calls.at(options.calls);
  if (own.shape.threads() > max_threads) {
    throw UsageError("more than " + std::to_string(max_threads) +
                     " threads: the explorer takes no more");
  }
  own.limits = limits_of(options.bound, options.delays, options.pct, options.weak);
  return own;
}

/// Drops explorations that are equal to an earlier one.
std::vector<Exploration> without_repeats(const std::vector<Exploration>& plan) {
  std::vector<Exploration> rest;
  std::set<std::string> seen;
  for (const Exploration& exploration : plan) {
    if (seen.insert(to_string(exploration.shape)).second) rest.push_back(exploration);
  }
  return rest;
}

int explore_all(const Options& options) {
  const std::regex wanted(options.queue);
  Totals totals;
  bool any_matches = false;
  std::printf("%-22s %-42s %-22s %12s %12s %10s  %s\n", "queue", "shape", "search", "runs",
              "states", "time", "verdict");
  for (const Subject& subject : subjects()) {
    if (!std::regex_search(subject.name, wanted) ||
        (subject.only_by_name && options.queue == all_queues))
      continue;
    any_matches = true;
    if (!subject.make) {
      totals.unsupported["do not synchronise through Sync"].push_back(subject.name);
      continue;
    }
    std::vector<Exploration> plan;
    if (options.has_own_shape()) {
      plan.push_back(own_exploration(options));
    } else {
      plan = plan_for(subject, options.deep);
      if (options.has_own_limits()) {
        for (Exploration& exploration : plan)
          exploration.limits = limits_of(options.bound, options.delays, options.pct, options.weak);
        plan = without_repeats(plan);
      }
    }
    for (Exploration& exploration : plan) {
      if (const std::string reason = why_unsupported(subject, exploration.shape); !reason.empty()) {
        if (options.has_own_shape()) totals.unsupported[reason].push_back(subject.name);
        continue;
      }
      if (options.max_runs > 0) exploration.limits.max_runs = options.max_runs;
      exploration.limits.seed = options.seed;
      explore_one(subject, exploration, options, totals);
    }
  }
  if (!any_matches)
    throw UsageError("--queue " + options.queue + ": matches none; --list shows them");
  for (const auto& [reason, queues] : totals.unsupported) {
    std::printf("left out, %s:", reason.c_str());
    for (const std::string& queue : queues) std::printf(" %s", queue.c_str());
    std::printf("\n");
  }
  std::printf("%d passed, %d failed%s in %.0f s\n", totals.passed, totals.failed,
              totals.unfinished > 0
                  ? (", " + std::to_string(totals.unfinished) + " unfinished").c_str()
                  : "",
              totals.seconds);
  if (totals.passed + totals.failed + totals.unfinished == 0) {
    throw UsageError(
        "nothing was explored: no such queue supports this shape; see docs/explorer.md");
  }
  return totals.failed > 0 ? exit_failed : exit_passed;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Runs queues under every schedule, up to limits, and checks each run.");
  const CLI::Range threads(1, max_threads);
  app.add_option("--queue", options.queue,
                 "only queues whose name matches this regular expression");
  app.add_option("--producers", options.producers, "number of threads that push (default: 1)")
      ->check(threads);
  app.add_option("--consumers", options.consumers, "number of threads that pop (default: 1)")
      ->check(threads);
  app.add_option("--capacity", options.capacity, "capacity of the queue (default: 1)")
      ->check(CLI::Range(1, 1000));
  app.add_option("--messages", options.messages,
                 "number of messages, of all producers together (default: 2)")
      ->check(CLI::Range(0, 20));
  app.add_option(
         "--ending", options.ending,
         "who closes: nobody (default), the last producer, or a thread of its own at any time")
      ->check(CLI::IsMember({"none", "producers", "race"}));
  app.add_option("--calls", options.calls, "which calls are made (default: blocking)")
      ->check(CLI::IsMember({"blocking", "try", "timed"}));
  const CLI::Range cost(0, 20);
  auto* bound =
      app.add_option("--bound", options.bound, "maximum cost of a run (default: 2)")->check(cost);
  auto* delays = app.add_option("--delays", options.delays,
                                "maximum number of delays of a run, for larger shapes")
                     ->check(cost)
                     ->excludes(bound);
  app.add_option("--pct", options.pct, "number of random runs")
      ->check(CLI::PositiveNumber)
      ->excludes(bound)
      ->excludes(delays);
  app.add_option("--seed", options.seed, "seed of the random runs");
  app.add_option("--max-runs", options.max_runs, "maximum number of runs");
  app.add_flag("--weak", options.weak, "loads may return old values, as far as C++20 allows it");
  app.add_flag("--deep", options.deep, "the longer plan");
  app.add_flag("--list", options.list, "list the queues");
  app.add_option("--replay", options.replay, "show a saved schedule again");
  app.add_option("--save", options.save,
                 "file for the schedule of a failure (default: schedule.json)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  if (!options.replay.empty()) return replay_file(options.replay);
  if (options.list) {
    for (const Subject& subject : subjects()) {
      std::printf("%-22s %s\n", subject.name.c_str(),
                  subject.make ? "" : "does not synchronise through Sync");
    }
    return 0;
  }
  return explore_all(options);
}

}  // namespace
}  // namespace bq::explorer

int main(int argc, char** argv) {
  try {
    return bq::explorer::run(argc, argv);
  } catch (const bq::explorer::UsageError& error) {
    std::cerr << "explore: " << error.what() << '\n';
  } catch (const std::regex_error& error) {
    std::cerr << "explore: --queue: not a regular expression: " << error.what() << '\n';
  }
  return bq::explorer::exit_usage;
}
