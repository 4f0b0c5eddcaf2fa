// What the label `stall` promises: a thread stopped in mid-call holds up nobody, or takes one slot;
// and what a snapshot promises that is stopped half-way.
#include <optional>

#include "tests/contract/forms.h"
#include "tests/contract/stalled_call.h"

namespace bq::test {
namespace {

/// Expects the message 1, before which there was none; or, of another producer, 2.
void expect_first(const Subject& subject, int value) {
  EXPECT_TRUE(value == 1 || (value == 2 && subject.traits.fifo == Fifo::per_producer)) << value;
}

// What was complete before comes out, whatever becomes of the push (the close) in progress.
BQ_CASE(AStalledCloseHidesNothing, uses_sync, others_get_on, room_for_two) {
  at_each_point(subject, 4, [&](auto& queue, int point) {
    EXPECT_TRUE(push_value(queue, 1));
    StalledCall stalled(point, [&] { return close(queue); });
    if (!stalled.is_stalled()) return false;
    Caller pop([&] { return pop_value(queue); });
    EXPECT_TRUE(pop.returns());
    expect_first(subject, pop.result());
    return true;
  });
}

BQ_CASE(CloseBesideAStalledPushHidesNothing, can_be_stopped, others_get_on, room_for_two) {
  at_each_point(subject, 4, [&](auto& queue, int point) {
    EXPECT_TRUE(push_value(queue, 1));
    StalledCall stalled(point, [&] { return push_value(queue, 2); });
    if (!stalled.is_stalled()) return false;
    queue.close();
    Caller pop([&] { return pop_value(queue); });
    EXPECT_TRUE(pop.returns());
    expect_first(subject, pop.result());
    return true;
  });
}

BQ_CASE(AStalledPushHoldsUpNoPop, can_be_stopped, others_get_on, room_for_two) {
  at_each_point(subject, 3, [&](auto& queue, int point) {
    EXPECT_TRUE(push_value(queue, 1));
    StalledCall stalled(point, [&] { return push_value(queue, 2); });
    if (!stalled.is_stalled()) return false;
    Caller pop([&] { return pop_value(queue); });
    EXPECT_TRUE(pop.returns());
    expect_first(subject, pop.result());
    Caller look([&] { return try_pop_value(queue); });
    EXPECT_TRUE(look.returns()) << "a call that must not wait";
    stalled.let_go();
    EXPECT_TRUE(stalled.result());
    return true;
  });
}

BQ_CASE(AStalledPopHoldsUpNoPush, can_be_stopped, others_get_on, room_for_two) {
  at_each_point(subject, 3, [&](auto& queue, int point) {
    EXPECT_TRUE(push_value(queue, 1));
    StalledCall stalled(point, [&] { return pop_value(queue); });
    if (!stalled.is_stalled()) return false;
    Caller push([&] { return push_value(queue, 2); });
    EXPECT_TRUE(push.returns());
    EXPECT_TRUE(push.result());
    Caller look([&] { return try_push_value(queue, 3); });
    EXPECT_TRUE(look.returns()) << "a call that must not wait";
    stalled.let_go();
    expect_first(subject, stalled.result());
    return true;
  });
}

// Others of the same side, and whoever needs what these have done.
BQ_CASE(AStalledPushHoldsUpNoOther, can_be_stopped, others_get_on, many_producers, room_for_two) {
  at_each_point(subject, 4, [&](auto& queue, int point) {
    StalledCall stalled(point, [&] { return push_value(queue, 1); });
    if (!stalled.is_stalled()) return false;
    Caller push([&] { return push_value(queue, 2); });
    EXPECT_TRUE(push.returns());
    Caller pop([&] { return pop_value(queue); });
    EXPECT_TRUE(pop.returns()) << "waits beside a message whose push has returned";
    stalled.let_go();
    EXPECT_TRUE(stalled.result() && push.result());
    EXPECT_TRUE(pop.result() == 1 || pop.result() == 2);
    return true;
  });
}

BQ_CASE(AStalledPopHoldsUpNoOther, try_calls, can_be_stopped, others_get_on, many_consumers,
        keeps_a_bound, room_for_two) {
  at_each_point(subject, 4, [&](auto& queue, int point) {
    const int inside = fill(queue);
    StalledCall stalled(point, [&] { return pop_value(queue); });
    if (!stalled.is_stalled()) return false;
    Caller pop([&] { return pop_value(queue); });
    EXPECT_TRUE(pop.returns());
    Caller push([&] { return push_value(queue, inside); });
    EXPECT_TRUE(push.returns()) << "waits beside a slot whose pop has returned";
    stalled.let_go();
    EXPECT_TRUE(stalled.result() != -1 && pop.result() != -1 && push.result());
    return true;
  });
}

// Whatever the label: a call that does not wait waits for a lock, but for no other thread without
// one. It says busy.
template <class Stalled, class T>
void expect_try_calls_return(const Subject& subject, Stalled& stalled, Queue<T>& queue,
                             bool may_push, bool may_pop) {
  if (!stalled.is_stalled() || stalled.may_hold_a_lock()) return;
  for (const PushForm form : that_do_not_wait(push_forms(subject))) {
    if (!may_push) continue;
    Caller look([&] { return push_by(form, queue, T(3)); });
    EXPECT_TRUE(look.returns()) << name_of(form) << " waits";
    stalled.let_go_if(!look.has_returned());
  }
  for (const PopForm form : that_do_not_wait(pop_forms(subject))) {
    if (!may_pop) continue;
    std::optional<T> out;
    Caller look([&] { return pop_by(form, queue, out); });
    EXPECT_TRUE(look.returns()) << name_of(form) << " waits";
    stalled.let_go_if(!look.has_returned());
  }
}

BQ_CASE(TryCallsWaitForNoStalledCall, try_calls, uses_sync) {
  at_each_point(subject, 3, [&](auto& queue, int point) {
    StalledCall stalled(point, [&] { return push_value(queue, 1); });
    expect_try_calls_return(subject, stalled, queue, subject.producers() > 1, true);
    return stalled.is_stalled();
  });
  at_each_point(subject, 3, [&](auto& queue, int point) {
    push_value(queue, 1);
    StalledCall stalled(point, [&] { return try_pop_value(queue); });
    expect_try_calls_return(subject, stalled, queue, true, subject.consumers() > 1);
    return stalled.is_stalled();
  });
}

// The two numbers that a size is made of may be read at different times.
BQ_CASE(AStalledSizeStaysInRange, try_calls, uses_sync) {
  at_each_point(subject, 2, [&](auto& queue, int point) {
    StalledCall stalled(point, [&] { return queue.size_approx(); });
    Caller others([&] {
      for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(push_value(queue, i));
        EXPECT_NE(pop_value(queue), -1);
      }
      return try_pop_value(queue);
    });
    others.blocks();  // by a lock, which is its right
    stalled.let_go();
    EXPECT_EQ(others.result(), Status::empty);
    EXPECT_LE(stalled.result(), queue.capacity());
    return stalled.is_stalled();
  });
}

// A call that does not wait, stopped while others take the room or the message that it has seen.
BQ_CASE(AStalledTryPushNeverWaitsForRoom, try_calls, can_be_stopped, keeps_a_bound,
        many_producers) {
  for (const PushForm form : that_do_not_wait(push_forms(subject))) {
    SCOPED_TRACE(name_of(form));
    at_each_point(subject, 2, [&]<class T>(Queue<T>& queue, int point) {
      StalledCall stalled(point, [&] { return push_by(form, queue, T(1)); });
      if (!stalled.is_stalled()) return false;
      Caller others([&] { return fill(queue); });
      others.blocks();  // by a lock, which is its right
      stalled.let_go();
      EXPECT_TRUE(stalled.returns()) << "waits for room";
      EXPECT_TRUE(others.returns());
      queue.close();  // lets go of one that waits
      return true;
    });
  }
}

BQ_CASE(AStalledTryPopNeverWaitsForAMessage, try_calls, can_be_stopped, many_consumers) {
  for (const PopForm form : that_do_not_wait(pop_forms(subject))) {
    SCOPED_TRACE(name_of(form));
    at_each_point(subject, 2, [&]<class T>(Queue<T>& queue, int point) {
      EXPECT_TRUE(push_value(queue, 1));
      std::optional<T> out;
      StalledCall stalled(point, [&] { return pop_by(form, queue, out); });
      if (!stalled.is_stalled()) return false;
      Caller others([&] { return try_pop_value(queue); });
      others.blocks();  // by a lock, which is its right
      stalled.let_go();
      EXPECT_TRUE(stalled.returns()) << "waits for a message";
      EXPECT_TRUE(others.returns());
      queue.close();  // lets go of one that waits
      return true;
    });
  }
}

}  // namespace
}  // namespace bq::test
