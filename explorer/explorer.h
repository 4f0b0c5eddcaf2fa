// Searches for a run of a program that fails, among all that the limits allow.
//
// The search raises the cost that a run may have (see chooser.h) from 0, so that the first failure
// is one of the cheapest, and continues at that cost for a while to find a shorter one. The result
// is exact within the limits: no failure means that there is none at that cost, for this program,
// in the model of model_sync.h.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "explorer/execution.h"

namespace bq::explorer {

struct Limits {
  Cost cost = Cost::preemption;
  int bound = 2;  ///< the highest cost of a run
  /// > 0: the number of random runs (Pct of depth `bound` + 1), no search
  std::uint64_t random_runs = 0;
  std::uint64_t seed = 1;               ///< of the random runs
  bool weak = false;                    ///< loads may return old values
  std::uint64_t max_runs = UINT64_MAX;  ///< maximum number of runs
  /// Maximum number of distinct states that a search remembers: 50 bytes each.
  std::uint64_t max_states = 50'000'000;
};

struct Outcome {
  std::string failure;  ///< empty: none
  int cost = 0;         ///< of the failing run; -1: random
  int steps = 0;        ///< of the failing run
  std::vector<int> choices;
  std::vector<Event> events;
  std::vector<std::string> threads;
  std::uint64_t runs = 0;
  std::uint64_t states = 0;  ///< number of distinct states, at the highest cost reached
  double seconds = 0;
  bool is_complete = true;  ///< false: ended by max_runs or max_states

  bool passed() const { return failure.empty() && is_complete; }
};

/// `set_up` spawns the program's threads in the execution that it is given. It is called for each
/// run, and must be a pure function: std::logic_error is thrown if two runs with the same choices
/// differ.
Outcome explore(const std::function<void(Execution&)>& set_up, const Limits& limits);

/// The run with these choices, and its schedule. Throws std::invalid_argument if the program has no
/// such run.
Outcome replay(const std::function<void(Execution&)>& set_up, const std::vector<int>& choices,
               bool weak);

/// The schedule as text: a column for each thread, a line for each step, and at the end the
/// failure.
std::string schedule(const Outcome& outcome);

}  // namespace bq::explorer
