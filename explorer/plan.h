// The default plan: the shapes that `./scripts/explore` and the tests run, and the limits of each.
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

/// From the options of the command: at most one of the first three is set; the default is bound 2.
Limits limits_of(std::optional<int> bound, std::optional<int> delays, std::uint64_t random_runs,
                 bool weak);

/// Leaves out shapes that the queue does not support. `deep`: the longer plan.
std::vector<Exploration> plan_for(const Subject& subject, bool deep);

}  // namespace bq::explorer
