// explore: runs the queues under every schedule, up to limits, and prints a table. See
// scripts/explore --help.
#include <CLI/CLI.hpp>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/util/error.h"
#include "benchmarks/util/message_text.h"
#include "benchmarks/util/name_filter.h"
#include "benchmarks/util/program.h"
#include "benchmarks/util/text_file.h"
#include "explorer/explorer.h"
#include "explorer/plan.h"
#include "explorer/scenario.h"

namespace bq::explorer {
namespace {

using bench::ExitStatus;
using bench::IoError;
using bench::shown;
using bench::UsageError;

constexpr const char* all_queues = ".*";

constexpr int max_capacity = 1'000;
constexpr int max_messages = 20;
constexpr int max_cost = 20;
constexpr std::uint64_t max_random_runs = 1'000'000'000;
constexpr std::size_t max_schedule_bytes = 1'000'000;  // of a file

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

std::string unfinished_name(const std::string& path) {
  return path + ".new";
}

/// Refuses what save() could not write, or would destroy: it replaces the file.
void check_save(const std::string& path) {
  namespace fs = std::filesystem;
  const auto fail = [&](const std::string& what) {
    throw UsageError("--save " + shown(path) + ": " + what + ": name another file");
  };
  std::error_code error;
  const fs::path folder = fs::path(path).parent_path();
  if (fs::path(path).filename().empty()) fail("is no file name");
  if (!folder.empty() && !fs::is_directory(folder, error)) fail("there is no such folder");
  for (const std::string& name : {path, unfinished_name(path)}) {
    const fs::file_status status = fs::status(name, error);
    if (fs::exists(status) && !fs::is_regular_file(status)) fail("is not a regular file");
  }
}

/// Writes to a temporary name first, so that the file is never incomplete.
void save(const std::string& path, const nlohmann::json& schedule) {
  const std::string unfinished = unfinished_name(path);
  std::ofstream file(unfinished);
  file << schedule.dump() << '\n';
  file.close();
  if (!file || std::rename(unfinished.c_str(), path.c_str()) != 0) {
    throw IoError("--save " + shown(path) + ": cannot be written; name another file");
  }
}

const Subject& subject_named(const std::string& name) {
  for (const Subject& subject : subjects()) {
    if (subject.name == name) return subject;
  }
  throw UsageError("there is no queue '" + shown(name) + "' here (--list shows them)");
}

/// A whole number of a saved schedule. Throws std::out_of_range.
int number_in(const nlohmann::json& value, int low, int high) {
  if (!value.is_number_integer() || value < low || value > high) {
    throw std::out_of_range(shown(value.dump()) + " is not a whole number from " +
                            std::to_string(low) + " to " + std::to_string(high));
  }
  return value;
}

Shape shape_of(const nlohmann::json& saved) {
  Shape shape;
  shape.producers = number_in(saved.at("producers"), 0, max_threads);
  shape.consumers = number_in(saved.at("consumers"), 0, max_threads);
  shape.capacity = static_cast<std::size_t>(number_in(saved.at("capacity"), 1, max_capacity));
  shape.messages = number_in(saved.at("messages"), 0, max_messages);
  shape.ending = endings.at(saved.at("ending"));
  shape.calls = kinds_of_calls.at(saved.at("calls"));
  number_in(shape.threads(), 1, max_threads);
  return shape;
}

ExitStatus replay_file(const std::string& path) {
  const auto fail = [&](const std::string& what) {
    throw UsageError("--replay " + shown(path) + ": " + what);
  };
  const std::string not_saved = "is not a schedule that --save has written";
  const bench::FileText file = bench::read_text_file(path, max_schedule_bytes);
  if (!file.error.empty()) fail(file.error);
  try {
    const nlohmann::json saved = nlohmann::json::parse(file.text);
    const Shape shape = shape_of(saved);
    const bool weak = saved.at("weak");
    std::vector<int> choices;
    for (const nlohmann::json& choice : saved.at("choices")) {
      choices.push_back(number_in(choice, 0, INT_MAX));
    }
    const std::string queue = saved.at("queue");
    const Subject& subject = subject_named(queue);
    if (const std::string reason = why_unsupported(subject, shape); !reason.empty()) {
      throw UsageError(subject.name + " " + reason);
    }
    const Outcome outcome = replay(program(subject, shape), choices, weak);
    std::cout << subject.name << ", " << to_string(shape) << (weak ? ", weak memory" : "") << "\n\n"
              << schedule(outcome);
    return outcome.failure.empty() ? ExitStatus::ok : ExitStatus::queue_failed;
  } catch (const nlohmann::json::exception& error) {
    fail(not_saved + " (" + shown(error.what(), 200) + ")");
  } catch (const std::out_of_range& error) {
    fail(not_saved + " (" + shown(error.what(), 200) + ")");
  } catch (const std::logic_error& error) {
    fail(std::string(error.what()) + "; the queue has changed since");
  }
  return ExitStatus::usage;
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
    std::cout << '\n'
              << schedule(outcome) << "  " << outcome.steps << " steps"
              << (outcome.cost >= 0 ? ", cost " + std::to_string(outcome.cost) : "") << std::flush;
    save(options.save, to_json(subject.name, exploration, outcome));
    std::cout << ". To see it again: ./scripts/explore --replay " << options.save << "\n\n";
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

ExitStatus explore_all(const Options& options) {
  const bench::NameFilter wanted("--queue", options.queue);
  Totals totals;
  bool any_matches = false;
  std::printf("%-22s %-42s %-22s %12s %12s %10s  %s\n", "queue", "shape", "search", "runs",
              "states", "time", "verdict");
  for (const Subject& subject : subjects()) {
    if (!wanted.matches(subject.name) || (subject.only_by_name && options.queue == all_queues))
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
    throw UsageError("--queue " + shown(options.queue) + ": matches none; --list shows them");
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
  return totals.failed > 0 ? ExitStatus::queue_failed : ExitStatus::ok;
}

void add_options(CLI::App& app, Options& options) {
  const bench::OptionCheck threads = bench::whole_number(1, max_threads);
  app.add_option("--queue", options.queue,
                 "only queues whose name matches this regular expression");
  app.add_option("--producers", options.producers, "number of threads that push (default: 1)")
      ->check(threads);
  app.add_option("--consumers", options.consumers, "number of threads that pop (default: 1)")
      ->check(threads);
  app.add_option("--capacity", options.capacity, "capacity of the queue (default: 1)")
      ->check(bench::whole_number(1, max_capacity));
  app.add_option("--messages", options.messages,
                 "number of messages, of all producers together (default: 2)")
      ->check(bench::whole_number(0, max_messages));
  app.add_option(
         "--ending", options.ending,
         "who closes: nobody (default), the last producer, or a thread of its own at any time")
      ->check(CLI::IsMember({"none", "producers", "race"}));
  app.add_option("--calls", options.calls, "which calls are made (default: blocking)")
      ->check(CLI::IsMember({"blocking", "try", "timed"}));
  const bench::OptionCheck cost = bench::whole_number(0, max_cost);
  auto* bound =
      app.add_option("--bound", options.bound, "maximum cost of a run (default: 2)")->check(cost);
  auto* delays = app.add_option("--delays", options.delays,
                                "maximum number of delays of a run, for larger shapes")
                     ->check(cost)
                     ->excludes(bound);
  app.add_option("--pct", options.pct, "number of random runs")
      ->check(bench::whole_number(1, max_random_runs))
      ->excludes(bound)
      ->excludes(delays);
  const bench::OptionCheck any_number = bench::whole_number(0, UINT64_MAX);
  app.add_option("--seed", options.seed, "seed of the random runs")->check(any_number);
  app.add_option("--max-runs", options.max_runs, "maximum number of runs")->check(any_number);
  app.add_flag("--weak", options.weak, "loads may return old values, as far as C++20 allows it");
  app.add_flag("--deep", options.deep, "the longer plan");
  app.add_flag("--list", options.list, "list the queues");
  app.add_option("--replay", options.replay, "show a saved schedule again");
  app.add_option("--save", options.save,
                 "file for the schedule of a failure (default: schedule.json)");
}

ExitStatus run(const Options& options) {
  if (!options.replay.empty()) return replay_file(options.replay);
  if (options.list) {
    for (const Subject& subject : subjects()) {
      std::printf("%-22s %s\n", subject.name.c_str(),
                  subject.make ? "" : "does not synchronise through Sync");
    }
    return ExitStatus::ok;
  }
  check_save(options.save);
  return explore_all(options);
}

}  // namespace
}  // namespace bq::explorer

int main(int argc, char** argv) {
  bq::explorer::Options options;
  CLI::App app("Runs queues under every schedule, up to limits, and checks each run.");
  bq::explorer::add_options(app, options);
  return bq::bench::run_program(app, argc, argv, [&] { return bq::explorer::run(options); });
}
