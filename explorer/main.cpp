// explore: runs the queues under every schedule, up to limits, and prints a table. See
// scripts/explore --help.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/util/error.h"
#include "benchmarks/util/message_text.h"
#include "benchmarks/util/name_filter.h"
#include "benchmarks/util/program.h"
#include "explorer/explorer.h"
#include "explorer/plan.h"
#include "explorer/scenario.h"
#include "explorer/schedule_file.h"

namespace bq::explorer {
namespace {

using bench::ExitStatus;
using bench::shown;
using bench::UsageError;

constexpr const char* all_queues = ".*";

constexpr int max_cost = 20;
constexpr std::uint64_t max_random_runs = 1'000'000'000;

struct Options {
  std::string queue = all_queues;
  std::optional<int> producers, consumers, messages;
  std::optional<std::size_t> capacity;
  std::string ending = "none";
  std::string pushes = "push";
  std::string pops = "pop";
  std::optional<int> bound, delays;
  std::uint64_t pct = 0;
  std::uint64_t seed = 1;
  std::uint64_t max_runs = 0;
  bool full = false;
  bool weak = false;
  bool deep = false;
  bool list = false;
  std::string replay;
  std::string save = "schedule.json";

  bool has_own_shape() const {
    return producers || consumers || messages || capacity || ending != "none" || pushes != "push" ||
           pops != "pop" || full;
  }
  bool has_own_limits() const { return bound || delays || pct > 0 || weak; }
};

const Subject& subject_named(const std::string& name) {
  for (const Subject& subject : subjects()) {
    if (subject.name == name) return subject;
  }
  throw UsageError("there is no queue '" + shown(name) + "' here (--list shows them)");
}

ExitStatus replay_file(const std::string& path) {
  const SavedSchedule saved = read_schedule(path);
  const Subject& subject = subject_named(saved.queue);
  if (const std::string reason = why_unsupported(subject, saved.shape); !reason.empty())
    throw UsageError(subject.name + " " + reason);
  try {
    const Outcome outcome = replay(program(subject, saved.shape), saved.choices, saved.weak);
    std::cout << subject.name << ", " << to_string(saved.shape)
              << (saved.weak ? ", weak memory" : "") << "\n\n"
              << schedule(outcome);
    return outcome.failure.empty() ? ExitStatus::ok : ExitStatus::queue_failed;
  } catch (const std::logic_error& error) {
    throw UsageError("--replay " + shown(path) + ": " + error.what() +
                     "; the queue has changed since");
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
  std::printf("%-22s %-56s %-22s %12s %12s %8.2f s  %s\n", queue.c_str(),
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
    save_schedule(options.save, {subject.name, exploration.shape, exploration.limits.weak,
                                 outcome.failure, outcome.choices});
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
  own.shape.ending = ending_from(options.ending);
  own.shape.pushes = pushes_from(options.pushes);
  own.shape.pops = pops_from(options.pops);
  own.shape.is_full = options.full;
  if (const std::string reason = why_senseless(own.shape); !reason.empty())
    throw UsageError(reason + "; try --ending quiet");
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
  std::printf("%-22s %-56s %-22s %12s %12s %10s  %s\n", "queue", "shape", "search", "runs",
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
        for (Exploration& exploration : plan) {
          // What the plan searches at random is too large for any other search.
          if (exploration.limits.random_runs > 0 && options.pct == 0) continue;
          exploration.limits = limits_of(options.bound, options.delays, options.pct, options.weak);
        }
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
         "who closes: nobody (default), the last producer, or a thread of its own, at any time "
         "(race) or when no other thread can go on (quiet)")
      ->check(CLI::IsMember({"none", "producers", "race", "quiet"}));
  const auto forms = [](const auto& parse) {
    return [parse](const std::string& text) -> std::string {
      try {
        parse(text);
        return "";
      } catch (const std::out_of_range& error) {
        return shown(error.what(), 200);
      }
    };
  };
  app.add_option(
         "--pushes", options.pushes,
         "forms of the pushes of each producer, in turn (default: push), of " + to_string(any_push))
      ->check(forms(pushes_from));
  app.add_option(
         "--pops", options.pops,
         "forms of the pops of each consumer, in turn (default: pop), of " + to_string(any_pop))
      ->check(forms(pops_from));
  app.add_flag("--full", options.full, "the queue is full at the beginning");
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
  check_place(options.save);
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
