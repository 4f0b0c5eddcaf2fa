#include "explorer/plan.h"

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

Limits limits_of(std::optional<int> bound, std::optional<int> delays, std::uint64_t random_runs,
                 bool weak) {
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
  const auto bound = [](int most) { return limits_of(most, {}, 0, false); };
  const auto weak = [](int most) { return limits_of(most, {}, 0, true); };
  const auto delays = [](int most) { return limits_of({}, most, 0, false); };
  const auto random = [](std::uint64_t runs) { return limits_of(2, {}, runs, false); };

  std::vector<Exploration> all{
      // Every message is taken, and nobody closes: a close would hide a lost wake-up.
      {{1, 1, 1, 3}, bound(3)},
      {{1, 1, 2, 3}, bound(3)},
      {{2, 1, 1, 2}, bound(3)},
      {{2, 1, 2, 2}, bound(3)},
      {{1, 2, 1, 2}, bound(2)},
      {{2, 2, 1, 2}, delays(4)},
      {{2, 2, 2, 2}, delays(4)},
      {{2, 2, 2, 4}, random(20'000)},
      // A close at the end, and at any time.
      {{2, 2, 1, 2, Ending::producers}, delays(4)},
      {{2, 2, 2, 4, Ending::producers}, random(20'000)},
      {{1, 1, 1, 2, Ending::race}, bound(3)},
      {{2, 1, 1, 2, Ending::race}, bound(2)},
      {{1, 2, 1, 1, Ending::race}, bound(2)},
      {{2, 0, 1, 3, Ending::race}, bound(2)},
      {{0, 2, 1, 0, Ending::race}, bound(3)},
      // Try and timed calls.
      {{2, 1, 1, 3, Ending::none, Calls::trying}, bound(3)},
      {{1, 2, 2, 3, Ending::race, Calls::trying}, bound(2)},
      {{2, 1, 1, 3, Ending::none, Calls::timed}, bound(2)},
      {{1, 2, 1, 2, Ending::race, Calls::timed}, bound(2)},
      // Weak memory.
      {{1, 1, 1, 3}, weak(3)},
      {{2, 1, 1, 2}, weak(2)},
      {{1, 2, 1, 2}, weak(2)},
      {{1, 1, 1, 2, Ending::race}, weak(2)},
      {{2, 1, 1, 2, Ending::producers}, weak(2)},
  };
  if (deep) {
    all = {
        {{1, 1, 1, 3}, bound(4)},
        {{1, 1, 2, 5}, bound(3)},
        {{2, 1, 1, 4}, bound(3)},
        {{2, 1, 2, 4}, bound(3)},
        {{1, 2, 1, 3}, bound(3)},
        {{2, 2, 2, 4}, delays(4)},
        {{2, 2, 1, 4, Ending::producers}, delays(3)},
        {{3, 3, 2, 6, Ending::producers}, random(1'000'000)},
        {{2, 1, 1, 2, Ending::race}, bound(3)},
        {{1, 1, 1, 3}, weak(4)},
        {{2, 1, 1, 2}, weak(3)},
        {{1, 2, 1, 2}, weak(3)},
        {{1, 1, 1, 2, Ending::race}, weak(3)},
    };
  }
  std::erase_if(all, [&](const Exploration& exploration) {
    return !why_unsupported(subject, exploration.shape).empty();
  });
  return all;
}

}  // namespace bq::explorer
