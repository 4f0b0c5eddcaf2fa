#include "explorer/explorer.h"

#include <algorithm>
#include <chrono>
#include <iomanip>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace bq::explorer {

namespace {

constexpr const char* not_a_function =
    "a run cannot be repeated: the threads share something that is not a primitive of Sync";
constexpr std::uint64_t runs_for_a_shorter_failure = 20'000;

std::string livelock(int steps) {
  return "livelock: no end after " + std::to_string(steps) + " steps";
}

struct Best {
  std::vector<int> choices;
  std::string failure;
  int cost = 0;
  int steps = 0;
};

}  // namespace

Outcome replay(const std::function<void(Execution&)>& set_up, const std::vector<int>& choices,
               bool weak) {
  Execution execution;
  Replay chooser(choices);
  Execution::Result result =
      execution.run(set_up, chooser, {.weak = weak, .traced = true, .complete = true});
  if (!chooser.fits()) throw std::invalid_argument("the program has no run with these choices");
  Outcome outcome;
  outcome.failure = result.is_cut ? livelock(result.steps) : std::move(result.failure);
  outcome.steps = result.steps;
  outcome.choices = choices;
  outcome.events = std::move(result.events);
  outcome.threads = execution.thread_names();
  outcome.runs = 1;
  return outcome;
}

Outcome explore(const std::function<void(Execution&)>& set_up, const Limits& limits) {
  const auto start = std::chrono::steady_clock::now();
  Execution execution;
  Execution::Mode mode{.weak = limits.weak};
  const int most_steps = mode.max_steps;
  Best best;
  Outcome outcome;

  const auto run = [&](Chooser& chooser) {
    Execution::Result result = execution.run(set_up, chooser, mode);
    if (result.is_cut && mode.max_steps == most_steps) result.failure = livelock(result.steps);
    return result;
  };
  const auto is_better = [&](const Execution::Result& result) {
    return !result.failure.empty() && (best.failure.empty() || result.steps < best.steps);
  };
  const auto keep = [&](Execution::Result&& result, int cost) {
    best = {std::move(result.choices), std::move(result.failure), cost, result.steps};
    mode.max_steps = best.steps - 1;  // from now on only shorter runs
  };

  if (limits.random_runs > 0) {
    mode.complete = true;
    Pct chooser(limits.bound + 1, limits.seed);
    while (outcome.runs < std::min(limits.random_runs, limits.max_runs) && best.failure.empty()) {
      ++outcome.runs;
      if (Execution::Result result = run(chooser); is_better(result)) keep(std::move(result), -1);
    }
  } else {
    for (int budget = 0; budget <= limits.bound && best.failure.empty() && outcome.is_complete;
         ++budget) {
      DepthFirst chooser(limits.cost, budget);
      std::uint64_t last_run = limits.max_runs;
      do {
        ++outcome.runs;
        if (is_better(run(chooser))) {
          DepthFirst again = chooser;  // to record the complete list of choices
          again.repeat();
          mode.complete = true;
          Execution::Result result = run(again);
          mode.complete = false;
          if (!is_better(result)) throw std::logic_error(not_a_function);
          keep(std::move(result), budget);
          last_run = std::min(last_run, outcome.runs + runs_for_a_shorter_failure);
        }
        if (!chooser.is_deterministic()) throw std::logic_error(not_a_function);
        if (outcome.runs >= last_run || chooser.states() >= limits.max_states) {
          outcome.is_complete = !best.failure.empty();
          break;
        }
      } while (chooser.next());
      outcome.states = chooser.states();
    }
  }

  if (!best.failure.empty()) {
    Outcome repeated = replay(set_up, best.choices, limits.weak);
    if (repeated.failure != best.failure) throw std::logic_error(not_a_function);
    outcome.failure = std::move(best.failure);
    outcome.cost = best.cost;
    outcome.steps = best.steps;
    outcome.choices = std::move(best.choices);
    outcome.events = std::move(repeated.events);
    outcome.threads = std::move(repeated.threads);
  }
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return outcome;
}

std::string schedule(const Outcome& outcome) {
  std::vector<std::size_t> widths;
  for (const std::string& name : outcome.threads) widths.push_back(name.size());
  for (const Event& event : outcome.events) {
    if (event.thread == host) continue;
    std::size_t& width = widths[event.thread];
    width = std::max(width, event.text.size() + (event.is_step ? 0 : 2));
  }
  std::ostringstream text;
  const auto line = [&](const std::string& number, int thread, const std::string& what) {
    std::string row = std::string(number.size() < 5 ? 5 - number.size() : 0, ' ') + number + "  ";
    for (int i = 0; i < thread; ++i) row += std::string(widths[i], ' ') + " | ";
    row += what;
    if (what.size() < widths[thread]) row += std::string(widths[thread] - what.size(), ' ');
    for (std::size_t i = thread + 1; i < widths.size(); ++i)
      row += " | " + std::string(widths[i], ' ');
    row.erase(row.find_last_not_of(' ') + 1);
    text << row << '\n';
  };
  std::string heading = "       ";
  for (std::size_t i = 0; i < widths.size(); ++i) {
    heading += (i > 0 ? " | " : "") + outcome.threads[i] +
               std::string(widths[i] - outcome.threads[i].size(), ' ');
  }
  heading.erase(heading.find_last_not_of(' ') + 1);
  text << heading << '\n';
  int number = 0;
  for (const Event& event : outcome.events) {
    if (event.thread == host) continue;
    if (event.is_step) {
      line(std::to_string(++number) + (event.is_preempted ? "*" : " "), event.thread, event.text);
    } else {
      line("", event.thread, "- " + event.text);
    }
  }
  text << "  => " << outcome.failure << '\n';
  if (std::any_of(outcome.events.begin(), outcome.events.end(),
                  [](const Event& e) { return e.is_preempted; })) {
    text << "     (*: the thread that ran before could have gone on)\n";
  }
  return text.str();
}

}  // namespace bq::explorer
