// Calls that give up at a time.
#include <optional>
#include <utility>

#include "tests/contract/suite.h"

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

BQ_CASE(TimedCallsWakeForWhatTheyWaitFor, timed_calls) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (const Deadline far : {Deadline::clock::now() + 1h, Deadline::max()}) {
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

}  // namespace
}  // namespace bq::test
