// A thread stopped in mid-call, at each of its primitives in turn and within the moves of the
// message: whom does it hold up, and what do the others see?
#include <cstddef>
#include <type_traits>
#include <vector>

#include "tests/contract/forms.h"
#include "tests/contract/stalled_call.h"

namespace bq::test {
namespace {

/// Closes the queue; returns how many messages were inside.
template <class T>
std::size_t drain(Queue<T>& queue) {
  queue.close();
  std::size_t count = 0;
  while (queue.pop()) ++count;
  return count;
}

// A push that has returned is inside, whatever another one is about: try_pop may say busy, but not
// empty.
BQ_CASE(AStalledPushHidesNothing, try_calls, can_be_stopped, many_producers, room_for_two) {
  at_each_point(subject, 4, [&](auto& queue, int point) {
    StalledCall stalled(point, [&] { return push_value(queue, 1); });
    if (!stalled.is_stalled()) return false;
    Caller second([&] { return push_value(queue, 2); });
    std::size_t left = 2;
    if (!second.blocks()) {
      Caller look([&] { return try_pop_value(queue); });
      if (!look.blocks()) {
        EXPECT_TRUE(look.result() == Status::done || look.result() == Status::busy);
      }
      stalled.let_go();
      if (look.result() == Status::done) --left;
    }
    stalled.let_go();
    EXPECT_TRUE(stalled.result() && second.result());
    EXPECT_EQ(drain(queue), left);
    return true;
  });
}

// A pop that has returned has made room, whatever another one is about: try_push may say busy, but
// not full.
BQ_CASE(AStalledPopHidesNoRoom, try_calls, can_be_stopped, many_consumers, keeps_a_bound,
        room_for_two) {
  at_each_point(subject, 2, [&](auto& queue, int point) {
    fill(queue);
    StalledCall stalled(point, [&] { return pop_value(queue); });
    if (!stalled.is_stalled()) return false;
    Caller second([&] { return pop_value(queue); });
    if (!second.blocks()) {
      Caller look([&] { return try_push_value(queue, 7); });
      if (!look.blocks()) {
        EXPECT_TRUE(look.result() == Status::done || look.result() == Status::busy);
      }
      stalled.let_go();
      look.result();
    }
    stalled.let_go();
    EXPECT_TRUE(stalled.result() != -1 && second.result() != -1);
    return true;
  });
}

/// Runs test(first, second) with each pair of forms; with one pair where nobody sleeps.
template <class First, class Second, class Test>
void with_each_pair(const Subject& subject, const std::vector<First>& firsts,
                    const std::vector<Second>& seconds, Test test) {
  const bool sleeps = crowd(subject, 2) > 1;
  for (const First first : firsts) {
    for (const Second second : seconds) {
      SCOPED_TRACE(name_of(first) + ", " + name_of(second));
      test(first, second);
      if (testing::Test::HasFailure() || !sleeps) return;
    }
  }
}

// Two messages bring two sleeping consumers their wake-ups, though the first to be complete is not
// the first in the queue: its consumer is woken in vain, and sleeps again.
void stall_a_push(const Subject& subject, PopForm waiting, PushForm pushing) {
  at_each_point(subject, 4, [&](auto& queue, int point) {
    using Message = typename std::remove_reference_t<decltype(queue)>::value_type;
    Caller first_pop([&] { return value_by(waiting, queue); });
    Caller second_pop([&] { return pop_value(queue); });
    EXPECT_TRUE(first_pop.blocks() && second_pop.blocks());
    StalledCall stalled(point, [&] { return push_at_last(pushing, queue, Message(1)); });
    if (stalled.is_stalled()) {
      Caller second([&] { return push_at_last(pushing, queue, Message(2)); });
      if (!second.blocks()) {
        first_pop.blocks();  // gives those that were woken the time to find out, and to sleep again
        second_pop.blocks();
      }
      stalled.let_go();
      EXPECT_TRUE(first_pop.returns()) << "asleep beside a message";
      EXPECT_TRUE(second_pop.returns()) << "asleep beside a message";
    }
    queue.close();
    return stalled.is_stalled();
  });
}

BQ_CASE(AStalledPushLosesNoWakeUp, can_be_stopped, many_producers, many_consumers, never_forgets) {
  with_each_pair(
      subject, that_wait(pop_forms(subject)), push_forms(subject),
      [&](PopForm waiting, PushForm pushing) { stall_a_push(subject, waiting, pushing); });
}

// And two free places bring two sleeping producers theirs.
void stall_a_pop(const Subject& subject, PushForm waiting, PopForm popping) {
  at_each_point(subject, 2, [&](auto& queue, int point) {
    using Message = typename std::remove_reference_t<decltype(queue)>::value_type;
    fill(queue);
    Caller first_push([&] { return push_by(waiting, queue, Message(1)); });
    Caller second_push([&] { return push_value(queue, 2); });
    EXPECT_TRUE(first_push.blocks() && second_push.blocks());
    StalledCall stalled(point, [&] { return value_by(popping, queue); });
    if (stalled.is_stalled()) {
      Caller second([&] { return value_by(popping, queue); });
      if (!second.blocks()) {
        first_push.blocks();
        second_push.blocks();
      }
      stalled.let_go();
      EXPECT_TRUE(first_push.returns()) << "asleep beside a free place";
      EXPECT_TRUE(second_push.returns()) << "asleep beside a free place";
    }
    queue.close();
    return stalled.is_stalled();
  });
}

BQ_CASE(AStalledPopLosesNoWakeUp, closes, can_be_stopped, many_producers, many_consumers,
        keeps_a_bound, never_forgets) {
  with_each_pair(
      subject, that_wait(push_forms(subject)), pop_forms(subject),
      [&](PushForm waiting, PopForm popping) { stall_a_pop(subject, waiting, popping); });
}

// A waiter may be stopped anywhere before its sleep and after it: what comes meanwhile must not be
// missed.
BQ_CASE(AStalledPopMissesNoPush, can_be_stopped, never_forgets) {
  with_each_pair(subject, that_wait(pop_forms(subject)), push_forms(subject),
                 [&](PopForm waiting, PushForm pushing) {
                   at_each_point(subject, 1, [&](auto& queue, int point) {
                     using Message = typename std::remove_reference_t<decltype(queue)>::value_type;
                     StalledCall stalled(
                         point, [&] { return value_by(waiting, queue); }, StallPoints::all);
                     Caller push([&] { return push_at_last(pushing, queue, Message(1)); });
                     push.blocks();
                     stalled.let_go();
                     EXPECT_TRUE(push.returns() && stalled.returns());
                     queue.close();
                     EXPECT_EQ(stalled.result(), 1) << "asleep beside a message";
                     return stalled.is_stalled();
                   });
                 });
}

BQ_CASE(AStalledPushMissesNoPop, can_be_stopped, keeps_a_bound, never_forgets) {
  with_each_pair(subject, that_wait(push_forms(subject)), pop_forms(subject),
                 [&](PushForm waiting, PopForm popping) {
                   at_each_point(subject, 1, [&](auto& queue, int point) {
                     using Message = typename std::remove_reference_t<decltype(queue)>::value_type;
                     fill(queue);
                     StalledCall stalled(
                         point, [&] { return push_by(waiting, queue, Message(1)); },
                         StallPoints::all);
                     Caller pop([&] { return value_by(popping, queue); });
                     pop.blocks();
                     stalled.let_go();
                     EXPECT_TRUE(pop.returns() && stalled.returns());
                     queue.close();
                     EXPECT_EQ(stalled.result(), Status::done) << "asleep beside a free place";
                     return stalled.is_stalled();
                   });
                 });
}

BQ_CASE(AStalledWaiterMissesNoClose, closes, uses_sync) {
  for (const PopForm waiting : that_wait(pop_forms(subject))) {
    at_each_point(subject, 1, [&](auto& queue, int point) {
      StalledCall stalled(
          point, [&] { return value_by(waiting, queue); }, StallPoints::all);
      Caller closing([&] { return close(queue); });
      closing.blocks();
      stalled.let_go();
      EXPECT_TRUE(closing.returns() && stalled.returns()) << "asleep beside a close";
      EXPECT_EQ(stalled.result(), -1);
      return stalled.is_stalled();
    });
  }
  if (!subject.is_bounded()) return;
  for (const PushForm waiting : that_wait(push_forms(subject))) {
    at_each_point(subject, 1, [&](auto& queue, int point) {
      using Message = typename std::remove_reference_t<decltype(queue)>::value_type;
      fill(queue);
      StalledCall stalled(
          point, [&] { return push_by(waiting, queue, Message(1)); }, StallPoints::all);
      Caller closing([&] { return close(queue); });
      closing.blocks();
      stalled.let_go();
      EXPECT_TRUE(closing.returns() && stalled.returns()) << "asleep beside a close";
      EXPECT_EQ(stalled.result(), Status::closed);
      return stalled.is_stalled();
    });
  }
}

// Consumers that wait for what becomes of a push beside a close all learn of it, and not just one.
BQ_CASE(CloseEndsAllWhoWaitForAStalledPush, can_be_stopped, exact_close, many_consumers) {
  at_each_point(subject, 4, [&](auto& queue, int point) {
    StalledCall stalled(point, [&] { return push_value(queue, 1); });
    if (!stalled.is_stalled()) return false;
    const auto pop = [&] { return pop_value(queue); };
    Caller first(pop);
    Caller second(pop);
    Caller third(pop);
    first.blocks();
    second.blocks();
    third.blocks();
    Caller closing([&] { return close(queue); });
    closing.blocks();
    first.blocks();  // gives those that were woken the time to look, and to sleep again
    second.blocks();
    third.blocks();
    stalled.let_go();
    const int received = (first.result() != -1) + (second.result() != -1) + (third.result() != -1);
    EXPECT_EQ(received, stalled.result() ? 1 : 0);
    return true;
  });
}

// A close beside a push in progress: the push is delivered or refused, and the end does not come
// before that is known.
void close_beside(const Subject& subject, PushForm push, PopForm pop) {
  at_each_point(subject, 2, [&](auto& queue, int point) {
    using Message = typename std::remove_reference_t<decltype(queue)>::value_type;
    StalledCall stalled(point, [&] { return push_by(push, queue, Message(1)); });
    if (!stalled.is_stalled()) return false;
    Caller closing([&] { return close(queue); });
    int popped = -1;
    const bool closed_at_once = !closing.blocks();
    if (closed_at_once) {
      Caller popping([&] { return value_by(pop, queue); });
      // Or it returns: either may be right, as long as it goes with what becomes of the push.
      popping.blocks();
      stalled.let_go();
      popped = popping.result();
    }
    stalled.let_go();
    const Status outcome = stalled.result();
    EXPECT_TRUE(outcome == Status::done || outcome == Status::closed);
    EXPECT_TRUE(closing.result());
    if (!closed_at_once) popped = value_by(pop, queue);
    EXPECT_EQ(popped != -1, outcome == Status::done);
    EXPECT_EQ(value_by(pop, queue), -1);
    return true;
  });
}

BQ_CASE(CloseDecidesForAStalledPush, try_calls, can_be_stopped, exact_close) {
  for (const PushForm push : push_forms(subject)) {
    for (const PopForm pop : {PopForm::pop, PopForm::try_pop}) {
      SCOPED_TRACE(name_of(push) + ", " + name_of(pop));
      close_beside(subject, push, pop);
      if (testing::Test::HasFailure()) return;
    }
  }
}

// Once a pop has reported the end it stays: a push that comes too late must not make it doubtful
// while it is refused.
BQ_CASE(TheEndStaysBesideAStalledPush, try_calls, can_be_stopped, exact_close) {
  at_each_point(subject, 2, [&](auto& queue, int point) {
    queue.close();
    EXPECT_EQ(pop_value(queue), -1);
    StalledCall stalled(point, [&] { return push_value(queue, 1); });
    Caller look([&] { return try_pop_value(queue); });
    if (look.blocks()) stalled.let_go();  // by a lock, which is its right
    EXPECT_EQ(look.result(), Status::closed);
    stalled.let_go();
    EXPECT_FALSE(stalled.result());
    return stalled.is_stalled();
  });
}

}  // namespace
}  // namespace bq::test
