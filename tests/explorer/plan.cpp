#include "tests/explorer/plan.h"

namespace bq::explorer {

std::string to_string(const Limits& limits) {
  std::string text;
  if (limits.random_runs > 0) {
    text = std::to_string(limits.random_runs) + " random";
  } else {
    text = (limits.cost == Cost::delay ? "delays " : "bound ") + std::to_string(limits.bound);
  }
  return limits.weak ? text + ", weak" : text;
}

Limits limits_of(std::optional<int> bound, std::optional<int> delays, std::uint64_t random_runs, bool weak) {
  Limits limits;
  if (delays) limits.cost = Cost::delay;
  limits.bound = delays.value_or(bound.value_or(2));
  limits.random_runs = random_runs;
  limits.weak = weak;
  return limits;
}

std::vector<Exploration> plan_for(const Subject& subject, bool deep) {
  using Ending = Shape::Ending;
  using Calls = Shape::Calls;
  const int more = deep ? 1 : 0;
  const auto bound = [&](int most, bool weak = false) { return limits_of(most + more, {}, 0, weak); };
  const auto delays = [&](int most) { return limits_of({}, most + more, 0, false); };
  const auto random = [&](std::uint64_t runs) { return limits_of(2, {}, deep ? 10 * runs : runs, false); };

  std::vector<Exploration> all;
  for (const std::size_t capacity : {1, 2}) {
    all.push_back({{1, 1, capacity, 3}, bound(3)});
    all.push_back({{2, 1, capacity, 2}, bound(3)});
  }
  all.push_back({{1, 2, 1, 2}, bound(2)});
  all.push_back({{1, 1, 1, 2, Ending::race}, bound(3)});
  all.push_back({{2, 1, 1, 1, Ending::race}, bound(2)});
  all.push_back({{1, 2, 1, 1, Ending::race}, bound(2)});
  all.push_back({{2, 1, 1, 1, Ending::none, Calls::trying}, bound(3)});
  all.push_back({{1, 1, 1, 2, Ending::race, Calls::timed}, bound(2)});
  all.push_back({{2, 2, 1, 1}, delays(4)});
  all.push_back({{2, 2, 2, 2}, delays(4)});
  all.push_back({{2, 2, 1, 1, Ending::producers}, delays(4)});
  all.push_back({{2, 2, 2, 2}, random(20'000)});
  all.push_back({{1, 1, 1, 2}, bound(2, true)});
  all.push_back({{2, 1, 1, 1}, bound(2, true)});
  all.push_back({{1, 2, 1, 2}, bound(2, true)});
  all.push_back({{1, 1, 1, 1, Ending::race}, bound(2, true)});
  std::erase_if(all, [&](const Exploration& what) { return !misfit(subject, what.shape).empty(); });
  return all;
}

}  // namespace bq::explorer
