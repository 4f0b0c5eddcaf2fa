// The plainest use of each call: what it returns, and when it waits.
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/contract/suite.h"

namespace bq::test {
namespace {

BQ_CASE(PopFillsTheCallersOptionalAndEmptiesItAtTheEnd) {
  Queue<int> queue(subject, capacity_near(subject, 1));
  std::optional<int> out = 7;
  for (const int value : {1, 2}) {
    ASSERT_TRUE(queue.push(int{value}));
    ASSERT_TRUE(queue.pop_into(out));
    EXPECT_EQ(out, value);
  }
  queue.close();
  EXPECT_FALSE(queue.pop_into(out));
  EXPECT_FALSE(out.has_value());
}

BQ_CASE(FirstInFirstOutAcrossProducers, global_fifo, many_producers) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    for (std::size_t i = 0; i < capacity; ++i) {
      std::thread([&] { EXPECT_TRUE(queue.push(static_cast<int>(i))); }).join();
    }
    expect_messages(subject, queue, 0, static_cast<int>(capacity) - 1);
  });
}

BQ_ONE_THREAD_CASE(TryPopOfAnEmptyQueue, try_calls) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_each_capacity(subject, [&](std::size_t capacity) {
      Queue<Message> queue(subject, capacity);
      std::optional<Message> out;
      EXPECT_EQ(queue.try_pop(out), Status::empty);
      EXPECT_FALSE(out.has_value());
      queue.push(Message(5));
      EXPECT_EQ(queue.try_pop(out), Status::done);
      ASSERT_TRUE(out.has_value());
      EXPECT_EQ(value_of(*out), 5);
      EXPECT_EQ(queue.try_pop(out), Status::empty);
      ASSERT_TRUE(out.has_value()) << "no message, no change";
      queue.push(Message(6));
      EXPECT_EQ(queue.try_pop(out), Status::done) << "and into an optional that is in use";
      EXPECT_EQ(value_of(*out), 6);
    });
  });
}

BQ_CASE(PushWaitsWhileFull, keeps_a_bound) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    const int first = fill(queue);
    Caller push([&] { return queue.push(int{first}); });
    EXPECT_TRUE(push.blocks());
    EXPECT_EQ(queue.size_approx(), queue.capacity());
    EXPECT_EQ(queue.pop(), 0);
    EXPECT_TRUE(push.returns());
    EXPECT_EQ(queue.size_approx(), queue.capacity());
    queue.close();
    EXPECT_TRUE(push.result());
    expect_messages(subject, queue, 1, first);
  });
}

BQ_CASE(PopWaitsWhileEmpty) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    Caller pop([&] { return queue.pop(); });
    EXPECT_TRUE(pop.blocks());
    EXPECT_TRUE(queue.push(42));
    EXPECT_TRUE(pop.returns());
    queue.close();
    EXPECT_EQ(pop.result(), 42);
    EXPECT_EQ(queue.size_approx(), 0U);
  });
}

}  // namespace
}  // namespace bq::test
