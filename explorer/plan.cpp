#include "explorer/plan.h"

#include <set>

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

namespace {

/// Leaves of each cycle what a queue without timed calls has, and drops what has become empty or
/// equal to an earlier one.
// Where a queue hears of no close in its pushes: as much of such a shape as it can do.
void close_at_the_end_only(std::vector<Exploration>& all) {
  std::erase_if(all, [](Exploration& exploration) {
    Shape& shape = exploration.shape;
    if (shape.ending == Shape::Ending::race) shape.ending = Shape::Ending::producers;
    if (shape.ending == Shape::Ending::quiet) shape.ending = Shape::Ending::none;
    return shape.producers == 0 || shape.consumers == 0;  // nobody would end their waiting
  });
}

// Leaves out the forms that a queue does not have, and what is the same then.
void drop_forms(std::vector<Exploration>& all, bool has_tries, bool is_timed_queue) {
  const auto is_lacking = [&](auto form) {
    return is_timed(form) ? !is_timed_queue : !has_tries && !waits_for_ever(form);
  };
  std::set<std::string> seen;
  std::erase_if(all, [&](Exploration& exploration) {
    Shape& shape = exploration.shape;
    std::erase_if(shape.pushes, is_lacking);
    std::erase_if(shape.pops, is_lacking);
    return shape.pushes.empty() || shape.pops.empty() || !why_senseless(shape).empty() ||
           !seen.insert(to_string(shape) + to_string(exploration.limits)).second;
  });
}

}  // namespace

std::vector<Exploration> plan_for(const Subject& subject, bool deep) {
  using Ending = Shape::Ending;
  const auto bound = [](int most) { return limits_of(most, {}, 0, false); };
  const auto weak = [](int most) { return limits_of(most, {}, 0, true); };
  const auto delays = [](int most) { return limits_of({}, most, 0, false); };
  const auto random = [](std::uint64_t runs) { return limits_of(2, {}, runs, false); };

  std::vector<Exploration> all{
      // Every message is taken, and nobody closes: a close would hide a lost wake-up.
      {{1, 1, 1, 3}, bound(3)},
      {{1, 1, 2, 3}, bound(2)},
      {{1, 1, 3, 8}, bound(1)},
      {{2, 1, 1, 2}, bound(2)},
      {{1, 2, 1, 2}, bound(2)},
      {{2, 2, 1, 2}, delays(3)},
      {{2, 2, 2, 2}, delays(3)},
      // A close at the end, and at any time.
      {{2, 2, 1, 2, Ending::producers}, delays(2)},
      {{1, 1, 1, 2, Ending::race}, bound(2)},
      {{2, 1, 1, 2, Ending::race}, bound(2)},
      {{1, 2, 1, 1, Ending::race}, bound(2)},
      {{2, 0, 1, 2, Ending::race, {Push::push}, {Pop::pop}, true}, bound(2)},
      {{0, 2, 1, 0, Ending::race}, bound(2)},
      // One side waits in each form, and the other makes calls of every form.
      {{1, 1, 1, 4, Ending::quiet, any_push, {Pop::pop}}, bound(2)},
      {{1, 1, 1, 4, Ending::quiet, any_push, {Pop::pop_into}}, bound(2)},
      {{1, 1, 1, 4, Ending::quiet, any_push, {Pop::try_pop_until}}, bound(2)},
      {{1, 1, 1, 5, Ending::quiet, {Push::push}, any_pop, true}, bound(2)},
      {{1, 1, 1, 5, Ending::quiet, {Push::try_push_until}, any_pop, true}, bound(2)},
      {{1, 1, 3, 9, Ending::quiet, any_push, any_pop, true}, bound(1)},
      // Two wait, in one form or in two.
      {{1, 2, 2, 3, Ending::quiet, any_push, {Pop::pop, Pop::pop_into}}, bound(2)},
      {{1, 2, 1, 2, Ending::quiet, {Push::push}, {Pop::pop, Pop::try_pop_until}}, bound(2)},
      {{1, 2, 1, 3, Ending::quiet, {Push::push}, {Pop::pop, Pop::try_pop_until}}, bound(1)},
      {{2, 1, 2, 3, Ending::quiet, {Push::push}, any_pop, true}, bound(2)},
      {{2, 1, 1, 3, Ending::quiet, {Push::push, Push::try_push_until}, any_pop, true}, bound(2)},
      // One waits, and another of the same side makes calls that do not wait for ever.
      {{2, 0, 1, 5, Ending::quiet, any_push, {Pop::pop}, true}, bound(2)},
      {{0, 2, 1, 5, Ending::quiet, {Push::push}, any_pop}, bound(2)},
      {{2, 1, 1, 4, Ending::quiet, any_push, any_pop, true}, bound(2)},
      {{1, 2, 1, 4, Ending::quiet, any_push, any_pop}, bound(2)},
      {{2, 2, 2, 8, Ending::quiet, any_push, any_pop}, random(5'000)},
      // The end of the stream: drained in one form while others wait in another one.
      {{1, 2, 1, 2, Ending::race, {Push::push}, {Pop::pop_into, Pop::try_pop}}, bound(1)},
      {{1, 2, 2, 2, Ending::race, {Push::try_push}, {Pop::try_pop_until, Pop::pop}}, bound(1)},
      {{2, 1, 1, 2, Ending::race, {Push::push, Push::try_push_until}, any_pop, true}, bound(1)},
      {{2, 1, 2, 2, Ending::race, {Push::push}, {Pop::pop_into}, true}, bound(1)},
      {{1, 3, 1, 3, Ending::producers, {Push::try_push}, {Pop::pop, Pop::pop_into, Pop::try_pop}},
       bound(1)},
      {{2, 2, 2, 4, Ending::producers, any_push, any_pop}, random(5'000)},
      // Calls that do not wait for ever.
      {{2, 1, 1, 3, Ending::none, {Push::try_push}, {Pop::try_pop}}, bound(2)},
      {{1, 2, 2, 3, Ending::race, {Push::try_push}, {Pop::try_pop}}, bound(2)},
      {{2, 1, 1, 3, Ending::none, {Push::try_push_until}, {Pop::try_pop_until}}, bound(1)},
      // Weak memory.
      {{1, 1, 1, 3}, weak(2)},
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
        {{2, 2, 1, 2}, delays(4)},
        {{2, 2, 2, 4}, delays(4)},
        {{2, 2, 1, 4, Ending::producers}, delays(3)},
        {{3, 3, 2, 6, Ending::producers}, random(1'000'000)},
        {{2, 1, 1, 2, Ending::race}, bound(3)},
        {{1, 2, 1, 1, Ending::race}, bound(3)},
        {{1, 1, 1, 8, Ending::quiet, any_push, any_pop}, bound(3)},
        {{1, 2, 2, 5, Ending::quiet, any_push, {Pop::pop, Pop::pop_into}}, bound(2)},
        {{2, 1, 2, 5, Ending::quiet, {Push::push, Push::try_push_until}, any_pop, true}, bound(2)},
        {{1, 2, 1, 2, Ending::race, {Push::push}, {Pop::pop_into, Pop::try_pop}}, bound(2)},
        {{2, 1, 1, 3, Ending::race, {Push::push, Push::try_push_until}, any_pop}, bound(2)},
        {{3, 3, 2, 12, Ending::quiet, any_push, any_pop}, random(1'000'000)},
        {{1, 1, 1, 3}, weak(4)},
        {{2, 1, 1, 2}, weak(3)},
        {{1, 2, 1, 2}, weak(3)},
        {{1, 1, 1, 2, Ending::race}, weak(3)},
    };
  }
  const Traits& traits = subject.traits;
  if (traits.close == Close::end_of_stream) close_at_the_end_only(all);
  drop_forms(all, traits.tries == Tries::yes, traits.timed == Timed::yes);
  std::erase_if(all, [&](const Exploration& exploration) {
    return !why_unsupported(subject, exploration.shape).empty();
  });
  return all;
}

}  // namespace bq::explorer
