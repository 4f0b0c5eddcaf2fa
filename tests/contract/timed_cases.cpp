// Promises about time: calls that give up at a deadline, and calls that do not wait.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/contract/forms.h"

namespace bq::test {
namespace {

BQ_ONE_THREAD_CASE(TimedCallsWithAPastDeadlineAreTryCalls, timed_calls) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_each_capacity(subject, [&](std::size_t capacity) {
      for (const Deadline past : {Deadline::min(), Deadline{}, Deadline::clock::now() - 1s}) {
        Queue<Message> queue(subject, capacity);
        std::optional<Message> out;
        EXPECT_EQ(queue.try_pop_until(out, past), Status::timeout);
        EXPECT_EQ(queue.try_push_until(Message(0), past), Status::done);
        EXPECT_EQ(queue.try_pop_until(out, past), Status::done);
        EXPECT_EQ(value_of(*out), 0);
        if (subject.is_bounded()) {
          const int inside = fill(queue);
          Message message(7);
          EXPECT_EQ(queue.try_push_until(std::move(message), past), Status::timeout);
          EXPECT_EQ(value_of(message), 7);
          for (int i = 0; i < inside; ++i) EXPECT_EQ(value_of(*queue.pop()), i);
        }
        queue.close();
        EXPECT_EQ(queue.try_push_until(Message(1), past), Status::closed);
        EXPECT_EQ(queue.try_pop_until(out, past), Status::closed);
      }
    });
  });
}

BQ_ONE_THREAD_CASE(TimeoutsAreNeverEarlyAndLoseNothing, timed_calls) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_each_capacity(subject, [&](std::size_t capacity) {
      Queue<Message> queue(subject, capacity);
      for (const auto wait : {100us, 5000us}) {
        std::optional<Message> out;
        Deadline deadline = Deadline::clock::now() + wait;
        EXPECT_EQ(queue.try_pop_until(out, deadline), Status::timeout);
        EXPECT_GE(Deadline::clock::now(), deadline);
        EXPECT_FALSE(out.has_value());
        if (subject.is_bounded()) {
          const int inside = fill(queue);
          Message message(inside);
          deadline = Deadline::clock::now() + wait;
          EXPECT_EQ(queue.try_push_until(std::move(message), deadline), Status::timeout);
          EXPECT_GE(Deadline::clock::now(), deadline);
          EXPECT_EQ(value_of(message), inside);
          EXPECT_EQ(value_of(*queue.pop()), 0);
          EXPECT_EQ(queue.try_push_until(std::move(message), Deadline::clock::now() + 1h),
                    Status::done)
              << "and can be sent later";
          for (int i = 1; i <= inside; ++i) EXPECT_EQ(value_of(*queue.pop()), i);
        }
      }
    });
  });
}

/// Times after which 32 bits of microseconds, of milliseconds and of seconds overflow.
constexpr Deadline::duration far_times[] = {1h, 24h * 30, 24h * 365 * 100};

BQ_CASE(TimedCallsWakeForWhatTheyWaitFor, timed_calls) {
  std::vector<Deadline> deadlines{Deadline::max(), Deadline::max() - 1ns};
  for (const auto time : far_times) deadlines.push_back(Deadline::clock::now() + time);
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (const Deadline far : deadlines) {
      Queue<int> queue(subject, capacity);
      {
        std::optional<int> out;
        Caller pop([&] { return queue.try_pop_until(out, far); });
        EXPECT_TRUE(pop.blocks());
        EXPECT_TRUE(queue.push(42));
        EXPECT_EQ(pop.result(), Status::done);
        EXPECT_EQ(out, 42);
      }
      if (subject.is_bounded()) {
        const int inside = fill(queue);
        Caller push([&] { return queue.try_push_until(int{inside}, far); });
        EXPECT_TRUE(push.blocks());
        EXPECT_EQ(queue.pop(), 0);
        EXPECT_EQ(push.result(), Status::done);
        expect_messages(subject, queue, 1, inside);
      }
    }
  });
}

// A time that is left and does not fit into 32 bits of some unit is not a short one.
BQ_CASE(FarDeadlinesAreNotNear, timed_calls) {
  constexpr std::int64_t overflow = std::int64_t{1} << 32;
  for (const Deadline::duration time :
       {Deadline::duration(1us * overflow), Deadline::duration(1ms * overflow),
        Deadline::duration(1s * overflow)}) {
    SCOPED_TRACE("in " + std::to_string(time.count()) + " ns");
    const Deadline begun = Deadline::clock::now();
    const Deadline far = begun + time + 2ms;
    Queue<int> queue(subject, capacity_near(subject, 1));
    {
      std::optional<int> out;
      Caller pop([&] { return queue.try_pop_until(out, far); });
      std::this_thread::sleep_until(begun + 4ms);  // time for a call that is wrong to give up
      EXPECT_TRUE(pop.blocks());
      EXPECT_TRUE(queue.push(42));
      EXPECT_EQ(pop.result(), Status::done);
    }
    if (subject.is_bounded()) {
      const int inside = fill(queue);
      Caller push([&] { return queue.try_push_until(int{inside}, far); });
      std::this_thread::sleep_until(Deadline::clock::now() + 4ms);
      EXPECT_TRUE(push.blocks());
      EXPECT_EQ(queue.pop(), 0);
      EXPECT_EQ(push.result(), Status::done);
    }
    queue.close();
    if (testing::Test::HasFailure()) return;
  }
}

BQ_CASE(CloseWakesTimedCalls, timed_calls) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    const Deadline far = Deadline::clock::now() + 1h;
    {
      Queue<int> queue(subject, capacity);
      std::optional<int> out;
      Caller pop([&] { return queue.try_pop_until(out, far); });
      EXPECT_TRUE(pop.blocks());
      queue.close();
      EXPECT_EQ(pop.result(), Status::closed);
    }
    if (subject.is_bounded()) {
      Queue<int> queue(subject, capacity);
      fill(queue);
      Caller push([&] { return queue.try_push_until(7, far); });
      EXPECT_TRUE(push.blocks());
      queue.close();
      EXPECT_EQ(push.result(), Status::closed);
    }
  });
}

// A call that does not wait for room (a message) does not wait for a thread that does so, either.
BQ_CASE(TryCallsReturnBesideAWaitingPush, try_calls, keeps_a_bound) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (const PushForm waiting : that_wait(push_forms(subject))) {
      for (const PopForm pop : that_do_not_wait(pop_forms(subject))) {
        SCOPED_TRACE(name_of(waiting) + " waits; " + name_of(pop));
        Queue<int> queue(subject, capacity);
        const int inside = fill(queue);
        Caller push([&] { return push_by(waiting, queue, int{inside}); });
        EXPECT_TRUE(push.blocks());
        EXPECT_EQ(queue.size_approx(), queue.capacity());
        EXPECT_FALSE(queue.is_closed());
        for (const PushForm form : that_do_not_wait(push_forms(subject))) {
          if (subject.producers() > 1) {
            EXPECT_TRUE(may_be_repeated(form, push_by(form, queue, 7))) << name_of(form);
          }
        }
        EXPECT_EQ(value_by(pop, queue), 0);
        EXPECT_EQ(push.result(), Status::done);
        expect_messages(subject, queue, 1, inside);
      }
    }
  });
}

BQ_CASE(TryCallsReturnBesideAWaitingPop, try_calls) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (const PopForm waiting : that_wait(pop_forms(subject))) {
      for (const PushForm push : that_do_not_wait(push_forms(subject))) {
        SCOPED_TRACE(name_of(waiting) + " waits; " + name_of(push));
        Queue<int> queue(subject, capacity);
        Caller pop([&] { return value_by(waiting, queue); });
        EXPECT_TRUE(pop.blocks());
        EXPECT_EQ(queue.size_approx(), 0U);
        EXPECT_FALSE(queue.is_closed());
        std::optional<int> out;
        for (const PopForm form : that_do_not_wait(pop_forms(subject))) {
          if (subject.consumers() > 1) {
            EXPECT_TRUE(may_be_repeated(form, pop_by(form, queue, out))) << name_of(form);
          }
        }
        EXPECT_EQ(push_at_last(push, queue, 1), Status::done);
        EXPECT_EQ(pop.result(), 1);
      }
    }
  });
}

// Nor does a call with a deadline wait longer because another one, without, came first or last.
BQ_CASE(TimedPushEndsBesideOneWithoutDeadline, timed_calls, keeps_a_bound, many_producers) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    fill(queue);
    const auto timed = [&] { return queue.try_push_until(7, Deadline::clock::now() + 2ms); };
    {
      Caller without_deadline([&] { return queue.push(1); });
      EXPECT_TRUE(without_deadline.blocks());
      EXPECT_EQ(timed(), Status::timeout);
      EXPECT_FALSE(without_deadline.has_returned());
      EXPECT_EQ(queue.pop(), 0);
      EXPECT_TRUE(without_deadline.result());
    }
    Caller before(timed);
    before.blocks();
    Caller without_deadline([&] { return queue.push(1); });
    EXPECT_EQ(before.result(), Status::timeout);
    EXPECT_TRUE(without_deadline.blocks());
    EXPECT_TRUE(queue.pop().has_value());
    EXPECT_TRUE(without_deadline.result());
  });
}

BQ_CASE(TimedPopEndsBesideOneWithoutDeadline, timed_calls, many_consumers) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    const auto timed = [&] {
      std::optional<int> out;
      return queue.try_pop_until(out, Deadline::clock::now() + 2ms);
    };
    {
      Caller without_deadline([&] { return queue.pop(); });
      EXPECT_TRUE(without_deadline.blocks());
      EXPECT_EQ(timed(), Status::timeout);
      EXPECT_FALSE(without_deadline.has_returned());
      EXPECT_TRUE(queue.push(42));
      EXPECT_EQ(without_deadline.result(), 42);
    }
    Caller before(timed);
    before.blocks();
    Caller without_deadline([&] { return queue.pop(); });
    EXPECT_EQ(before.result(), Status::timeout);
    EXPECT_TRUE(without_deadline.blocks());
    EXPECT_TRUE(queue.push(43));
    EXPECT_EQ(without_deadline.result(), 43);
  });
}

/// Wakes timed calls in vain, again and again, until they return. A call gives up once its deadline
/// has passed: it may then sleep for a lock (in a semaphore of libstdc++ 12, twenty times), but not
/// be woken and go to sleep for ever. Several times, since it may also be the faster one, and done;
/// the last ones for longer than a busy machine stops the thread that wakes it.
template <class Start, class WakeInVain>
void expect_an_end(Start start, WakeInVain wake_in_vain) {
  constexpr int attempts = 8;
  constexpr std::int64_t most_sleeps_too_late = 30;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const Deadline deadline = Deadline::clock::now() + (attempt < attempts - 2 ? 4ms : 40ms);
    const auto call = start(deadline);
    std::optional<std::int64_t> in_time;
    while (call->blocks()) {
      if (Deadline::clock::now() > deadline) {
        if (!in_time) in_time = call->sleeps();
        ASSERT_LT(call->sleeps() - *in_time, most_sleeps_too_late) << "its deadline has passed";
      }
      wake_in_vain();
      std::this_thread::sleep_for(300us);
    }
    const Status outcome = call->result();
    EXPECT_TRUE(outcome == Status::done || outcome == Status::timeout);
    if (outcome == Status::timeout) {
      EXPECT_GE(Deadline::clock::now(), deadline);
    }
  }
}

BQ_CASE(TimedPushEndsAlthoughWokenInVain, try_calls, timed_calls, keeps_a_bound, many_producers,
        never_forgets) {
  at_one_and_three(subject, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    fill(queue);
    std::optional<int> out;
    expect_an_end(
        [&](Deadline deadline) {
          return std::make_unique<Caller<Status>>(
              [&queue, deadline] { return queue.try_push_until(1, deadline); });
        },
        [&] {
          if (queue.try_pop(out) == Status::done) queue.try_push(2);
        });
  });
}

BQ_CASE(TimedPopEndsAlthoughWokenInVain, try_calls, timed_calls, many_consumers, never_forgets) {
  at_one_and_three(subject, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    std::optional<int> out;
    expect_an_end(
        [&](Deadline deadline) {
          return std::make_unique<Caller<Status>>([&queue, deadline] {
            std::optional<int> taken;
            return queue.try_pop_until(taken, deadline);
          });
        },
        [&] {
          if (queue.try_push(2) == Status::done) queue.try_pop(out);
        });
  });
}

}  // namespace
}  // namespace bq::test
