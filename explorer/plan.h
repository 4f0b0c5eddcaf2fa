// Which shapes a queue is explored with, and how far: what `./scripts/explore` and the tests run by default.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "explorer/explorer.h"
#include "explorer/scenario.h"

namespace bq::explorer {

struct Exploration {
  Shape shape;
  Limits limits;
};

/// "bound 3", "delays 4", "20000 random", with ", weak" where loads may return old values.
std::string to_string(const Limits& limits);

/// From what a user may say: at most one of the three; by default bound 2.
Limits limits_of(std::optional<int> bound, std::optional<int> delays, std::uint64_t random_runs, bool weak);

/// Shapes that the queue cannot have are left out. `deep`: further, and much longer.
std::vector<Exploration> plan_for(const Subject& subject, bool deep);

}  // namespace bq::explorer
