// Looks for a run of a program that fails, among all that the limits allow.
//
// The search raises the cost that a run may have (see chooser.h) from 0, so that the first failure is one of the
// cheapest, and goes on at that cost for a while to find a shorter one. What it answers is exact within the limits: no
// failure means that there is none at that cost, on this program, in the model of model_sync.h.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "explorer/execution.h"

namespace bq::explorer {

struct Limits {
  Cost cost = Cost::preemption;
  int bound = 2;                  ///< the highest cost of a run
  std::uint64_t random_runs = 0;  ///< > 0: so many runs of Pct in the place of the search, of depth `bound` + 1
  std::uint64_t seed = 1;         ///< of the random runs
  bool weak = false;              ///< loads may return old values
  std::uint64_t max_runs = UINT64_MAX;
};

struct Outcome {
  std::string failure;  ///< empty: none
  int cost = 0;         ///< of the failing run; -1: random
  int steps = 0;        ///< of the failing run
  std::vector<int> choices;
  std::vector<Event> events;
  std::vector<std::string> threads;
  std::uint64_t runs = 0;
  std::uint64_t states = 0;  ///< distinct ones, at the highest cost reached
  double seconds = 0;
  bool is_complete = true;  ///< false: ended by max_runs

  bool passed() const { return failure.empty() && is_complete; }
};

/// `set_up` spawns the program's threads in the execution that it is given, anew for each run; it must be a pure
/// function. Throws std::logic_error if it is seen not to be.
Outcome explore(const std::function<void(Execution&)>& set_up, const Limits& limits);

/// The run of these choices, with its schedule. Throws std::invalid_argument if the program has no such run.
Outcome replay(const std::function<void(Execution&)>& set_up, const std::vector<int>& choices, bool weak);

/// The schedule, for a person: a column for each thread, time going down, and at the end what failed.
std::string schedule(const Outcome& outcome);

}  // namespace bq::explorer
