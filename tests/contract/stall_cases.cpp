// A thread stopped in mid-call, at each of its primitives in turn: whom does it hold up, and what
// do the others see?
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "tests/contract/hooked_sync.h"
#include "tests/contract/suite.h"

namespace bq::test {
namespace {

/// A call that stops at one of its points until it is let go.
template <class Call>
class StalledCall {
 public:
  StalledCall(int point, Call call)
      : caller_([this, point, call = std::move(call)]() mutable {
          const StallAt stall(point, gate_);
          return call();
        }) {
    while (!gate_.stalled.load() && !caller_.has_returned()) {
      if (caller_.blocks()) break;
    }
  }
  ~StalledCall() { let_go(); }

  /// False: the call has fewer points than that, or it waits for something else.
  bool is_stalled() const { return gate_.stalled.load(); }
  void let_go() {
    gate_.released = true;
    gate_.released.notify_all();
  }
  bool returns() { return caller_.returns(); }
  auto& result() { return caller_.result(); }

 private:
  StallAt::Gate gate_;
  Caller<std::invoke_result_t<Call&>> caller_;
};

/// Runs test(point) with point 0, 1, ... until it returns false: no call stalled, so there are no
/// more points. A call that spins has points without end; the first ones are those that differ.
template <class Test>
void at_each_point(Test test) {
  constexpr int most = 60;
  int point = 0;
  for (; point < most && test(point); ++point) {
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << "stalled at point " << point;
      return;
    }
  }
  EXPECT_GT(point, 0) << "nothing was stalled";
}

/// Closes the queue; returns how many messages were inside.
std::size_t drain(Queue<int>& queue) {
  queue.close();
  std::size_t count = 0;
  while (queue.pop()) ++count;
  return count;
}

// A push that has returned is inside, whatever another one is about: try_pop may say busy, but not
// empty.
BQ_CASE(AStalledPushHidesNothing, uses_sync, many_producers, room_for_two) {
  at_each_point([&](int point) {
    Queue<int> queue(subject.hooked(capacity_near(subject, 4)));
    StalledCall stalled(point, [&] { return queue.push(1); });
    if (!stalled.is_stalled()) return false;
    Caller second([&] { return queue.push(2); });
    std::size_t left = 2;
    if (!second.blocks()) {
      std::optional<int> out;
      Caller look([&] { return queue.try_pop(out); });
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
BQ_CASE(AStalledPopHidesNoRoom, uses_sync, many_consumers, keeps_a_bound, room_for_two) {
  at_each_point([&](int point) {
    Queue<int> queue(subject.hooked(capacity_near(subject, 2)));
    fill(queue);
    StalledCall stalled(point, [&] { return queue.pop(); });
    if (!stalled.is_stalled()) return false;
    Caller second([&] { return queue.pop(); });
    if (!second.blocks()) {
      Caller look([&] { return queue.try_push(7); });
      if (!look.blocks()) {
        EXPECT_TRUE(look.result() == Status::done || look.result() == Status::busy);
      }
      stalled.let_go();
      look.result();
    }
    stalled.let_go();
    EXPECT_TRUE(stalled.result().has_value() && second.result().has_value());
    return true;
  });
}

// Two messages bring two sleeping consumers their wake-ups, though the first to be complete is not
// the first in the queue: its consumer is woken in vain, and sleeps again.
BQ_CASE(AStalledPushLosesNoWakeUp, uses_sync, many_producers, many_consumers, never_forgets) {
  at_each_point([&](int point) {
    Queue<int> queue(subject.hooked(capacity_near(subject, 4)));
    Caller first_pop([&] { return queue.pop(); });
    Caller second_pop([&] { return queue.pop(); });
    EXPECT_TRUE(first_pop.blocks() && second_pop.blocks());
    StalledCall stalled(point, [&] { return queue.push(1); });
    if (stalled.is_stalled()) {
      Caller second([&] { return queue.push(2); });
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

// And two free places bring two sleeping producers theirs.
BQ_CASE(AStalledPopLosesNoWakeUp, uses_sync, many_producers, many_consumers, keeps_a_bound,
        never_forgets) {
  at_each_point([&](int point) {
    Queue<int> queue(subject.hooked(capacity_near(subject, 2)));
    fill(queue);
    Caller first_push([&] { return queue.push(1); });
    Caller second_push([&] { return queue.push(2); });
    EXPECT_TRUE(first_push.blocks() && second_push.blocks());
    StalledCall stalled(point, [&] { return queue.pop(); });
    if (stalled.is_stalled()) {
      Caller second([&] { return queue.pop(); });
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

// Between its look and its sleep a waiter may be stopped anywhere: what comes meanwhile must not be
// missed.
BQ_CASE(AStalledWaiterMissesNothing, uses_sync, never_forgets) {
  at_each_point([&](int point) {
    Queue<int> queue(subject.hooked(capacity_near(subject, 1)));
    StalledCall stalled(point, [&] { return queue.pop(); });
    Caller push([&] { return queue.push(1); });
    push.blocks();
    stalled.let_go();
    EXPECT_TRUE(push.returns() && stalled.returns());
    queue.close();
    EXPECT_EQ(stalled.result(), 1) << "asleep beside a message";
    return stalled.is_stalled();
  });
  if (!subject.is_bounded()) return;
  at_each_point([&](int point) {
    Queue<int> queue(subject.hooked(capacity_near(subject, 1)));
    fill(queue);
    StalledCall stalled(point, [&] { return queue.push(1); });
    Caller pop([&] { return queue.pop(); });
    pop.blocks();
    stalled.let_go();
    EXPECT_TRUE(pop.returns() && stalled.returns());
    queue.close();
    EXPECT_TRUE(stalled.result()) << "asleep beside a free place";
    return stalled.is_stalled();
  });
}

// Consumers that wait for what becomes of a push beside a close all learn of it, and not just one.
BQ_CASE(CloseEndsAllWhoWaitForAStalledPush, uses_sync, exact_close, many_consumers) {
  at_each_point([&](int point) {
    Queue<int> queue(subject.hooked(capacity_near(subject, 4)));
    StalledCall stalled(point, [&] { return queue.push(1); });
    if (!stalled.is_stalled()) return false;
    const auto pop = [&] { return queue.pop(); };
    Caller first(pop);
    Caller second(pop);
    Caller third(pop);
    first.blocks();
    second.blocks();
    third.blocks();
    Caller close([&] {
      queue.close();
      return true;
    });
    close.blocks();
    first.blocks();  // gives those that were woken the time to look, and to sleep again
    second.blocks();
    third.blocks();
    stalled.let_go();
    const int received =
        first.result().has_value() + second.result().has_value() + third.result().has_value();
    EXPECT_EQ(received, stalled.result() ? 1 : 0);
    return true;
  });
}

// What was complete before comes out, whatever becomes of the push (the close) in progress.
BQ_CASE(AStalledCloseHidesNothing, uses_sync, others_get_on, room_for_two) {
  at_each_point([&](int point) {
    Queue<int> queue(subject.hooked(capacity_near(subject, 4)));
    EXPECT_TRUE(queue.push(1));
    StalledCall stalled(point, [&] {
      queue.close();
      return true;
    });
    if (!stalled.is_stalled()) return false;
    Caller pop([&] { return queue.pop(); });
    EXPECT_TRUE(pop.returns());
    EXPECT_EQ(pop.result(), 1);
    return true;
  });
  at_each_point([&](int point) {
    Queue<int> queue(subject.hooked(capacity_near(subject, 4)));
    EXPECT_TRUE(queue.push(1));
    StalledCall stalled(point, [&] { return queue.push(2); });
    if (!stalled.is_stalled()) return false;
    queue.close();
    Caller pop([&] { return queue.pop(); });
    EXPECT_TRUE(pop.returns());
    EXPECT_EQ(pop.result(), 1);
    return true;
  });
}

// A close beside a push in progress: the push is delivered or refused, and the end does not come
// before that is known.
BQ_CASE(CloseDecidesForAStalledPush, uses_sync, exact_close) {
  at_each_point([&](int point) {
    Queue<int> queue(subject.hooked(capacity_near(subject, 2)));
    StalledCall stalled(point, [&] { return queue.push(1); });
    if (!stalled.is_stalled()) return false;
    Caller close([&] {
      queue.close();
      return true;
    });
    std::optional<int> popped;
    const bool closed_at_once = !close.blocks();
    if (closed_at_once) {
      Caller pop([&] { return queue.pop(); });
      // Or it returns: either may be right, as long as it goes with what becomes of the push.
      pop.blocks();
      stalled.let_go();
      popped = pop.result();
    }
    stalled.let_go();
    const bool delivered = stalled.result();
    EXPECT_TRUE(close.result());
    if (!closed_at_once) popped = queue.pop();
    EXPECT_EQ(popped.has_value(), delivered);
    EXPECT_FALSE(queue.pop().has_value());
    return true;
  });
}

// Once a pop has reported the end it stays: a push that comes too late must not make it doubtful
// while it is refused.
BQ_CASE(TheEndStaysBesideAStalledPush, uses_sync, exact_close) {
  at_each_point([&](int point) {
    Queue<int> queue(subject.hooked(capacity_near(subject, 2)));
    queue.close();
    EXPECT_FALSE(queue.pop().has_value());
    StalledCall stalled(point, [&] { return queue.push(1); });
    std::optional<int> out;
    Caller look([&] { return queue.try_pop(out); });
    if (look.blocks()) stalled.let_go();  // by a lock, which is its right
    EXPECT_EQ(look.result(), Status::closed);
    stalled.let_go();
    EXPECT_FALSE(stalled.result());
    return stalled.is_stalled();
  });
}

// What the label `stall` promises: others get on while a thread is stopped.
BQ_CASE(AStalledThreadHoldsUpWhomTheLabelSays, uses_sync, others_get_on, room_for_two) {
  at_each_point([&](int point) {
    Queue<int> queue(subject.hooked(capacity_near(subject, 3)));
    EXPECT_TRUE(queue.push(1));
    StalledCall stalled(point, [&] { return queue.push(2); });
    if (!stalled.is_stalled()) return false;
    Caller pop([&] { return queue.pop(); });
    EXPECT_TRUE(pop.returns());
    EXPECT_EQ(pop.result(), 1);
    stalled.let_go();
    EXPECT_TRUE(stalled.result());
    return true;
  });
  at_each_point([&](int point) {
    Queue<int> queue(subject.hooked(capacity_near(subject, 3)));
    EXPECT_TRUE(queue.push(1));
    StalledCall stalled(point, [&] { return queue.pop(); });
    if (!stalled.is_stalled()) return false;
    Caller push([&] { return queue.push(2); });
    EXPECT_TRUE(push.returns());
    EXPECT_TRUE(push.result());
    stalled.let_go();
    EXPECT_EQ(stalled.result(), 1);
    return true;
  });
}

// Positions are counted in 64 bits and less; nobody can wait until they wrap by themselves.
BQ_ONE_THREAD_CASE(PositionsWrap, has_positions) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (const int bits : {30, 31, 32, 33, 56, 57, 58, 61, 62, 63, 64}) {
      SCOPED_TRACE("near 2^" + std::to_string(bits));
      const std::uint64_t first_turn = (bits == 64 ? 0 : std::uint64_t{1} << bits) - 2;
      Queue<int> queue(subject.advanced(capacity, first_turn));
      std::optional<int> out;
      int next_in = 0;
      int next_out = 0;
      for (int round = 0; round < 6; ++round) {
        ASSERT_EQ(queue.try_pop(out), Status::empty);
        ASSERT_EQ(queue.size_approx(), 0U);
        for (std::size_t i = 0; i < capacity; ++i) {
          ASSERT_EQ(queue.try_push(int{next_in++}), Status::done);
          ASSERT_EQ(queue.size_approx(), i + 1);
        }
        ASSERT_EQ(queue.try_push(0), Status::full);
        for (std::size_t i = 0; i < capacity; ++i) ASSERT_EQ(queue.pop(), next_out++);
      }
      stock(queue);
      queue.close();
      ASSERT_EQ(queue.try_push(0), Status::closed);
      for (std::size_t i = 0; i < capacity; ++i) ASSERT_TRUE(queue.pop().has_value());
      ASSERT_EQ(queue.try_pop(out), Status::closed);
    }
  });
}

}  // namespace
}  // namespace bq::test
