// First in, first out; the bound; who waits, and who is woken.
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/contract/suite.h"

namespace bq::test {
namespace {

BQ_ONE_THREAD_CASE(CapacityIsAsAskedForOrRefused) {
  const auto make = [&](std::size_t capacity) { return Queue<int>(subject, capacity); };
  EXPECT_THROW(make(0), std::invalid_argument);
  for (const std::size_t capacity : usual_capacities) {
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    if (!can_have(subject.traits, capacity)) {
      EXPECT_THROW(make(capacity), std::invalid_argument);
    }
  }
  for (const std::size_t capacity : tested_capacities(subject)) {
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    const Queue<int> queue = make(capacity);
    switch (subject.traits.bound) {
      case Bound::exact:
        EXPECT_EQ(queue.capacity(), capacity);
        break;
      case Bound::rounded:
        EXPECT_GE(queue.capacity(), capacity);
        break;
      case Bound::none:
        EXPECT_EQ(queue.capacity(), unbounded_capacity);
        break;
    }
    EXPECT_EQ(queue.size_approx(), 0U);
    EXPECT_FALSE(queue.is_closed());
  }
  if (subject.traits.max_capacity != unbounded_capacity) {
    EXPECT_THROW(make(subject.traits.max_capacity + 1), std::invalid_argument);
  }
}

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

BQ_ONE_THREAD_CASE(FirstInFirstOut) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    int next_in = 0;
    int next_out = 0;
    // Of all lengths, so that a ring wraps in every way.
    for (std::size_t round = 0; round < 20; ++round) {
      for (std::size_t i = 0; i <= round % capacity; ++i) ASSERT_TRUE(queue.push(next_in++));
      ASSERT_EQ(queue.size_approx(), round % capacity + 1);
      for (std::size_t i = 0; i <= round % capacity; ++i) ASSERT_EQ(queue.pop(), next_out++);
    }
    for (std::size_t i = 0; i < capacity; ++i) ASSERT_TRUE(queue.push(next_in++));
    for (std::size_t i = 0; i < 3 * capacity; ++i) {  // and once around while it is full
      ASSERT_EQ(queue.pop(), next_out++);
      ASSERT_TRUE(queue.push(next_in++));
    }
  });
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

BQ_ONE_THREAD_CASE(BoundIsExact, keeps_a_bound) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_each_capacity(subject, [&](std::size_t capacity) {
      Queue<Message> queue(subject, capacity);
      for (std::size_t round = 0; round < 3; ++round) {
        EXPECT_EQ(fill(queue), queue.capacity());
        EXPECT_EQ(queue.size_approx(), queue.capacity());
        Message refused(7);
        EXPECT_EQ(queue.try_push(std::move(refused)), Status::full);
        EXPECT_EQ(value_of(refused), 7);
        for (std::size_t i = 0; i < queue.capacity(); ++i) ASSERT_EQ(value_of(*queue.pop()), i);
        EXPECT_EQ(queue.size_approx(), 0U);
      }
    });
  });
}

BQ_ONE_THREAD_CASE(TryPopOfAnEmptyQueue) {
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

// One change lets one waiter go on, and each must reach one: nobody may sleep on while there is
// something for it. Several times, since a waiter that wakes up at once covers for another that was
// forgotten.
constexpr int several = 10;

BQ_CASE(EachPopFreesAWaitingPush, keeps_a_bound, many_producers) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (int round = 0; round < repetitions(subject, several); ++round) {
      Queue<int> queue(subject, capacity);
      const int inside = fill(queue);
      std::vector<std::unique_ptr<Caller<bool>>> pushes;
      for (int i = 0; i < 3; ++i) {
        pushes.push_back(std::make_unique<Caller<bool>>([&] { return queue.push(100); }));
      }
      for (auto& push : pushes) EXPECT_TRUE(push->blocks());
      for (int i = 0; i < inside + 3; ++i) EXPECT_TRUE(queue.pop().has_value());
      for (auto& push : pushes) EXPECT_TRUE(push->returns());
      queue.close();
      for (auto& push : pushes) EXPECT_TRUE(push->result());
    }
  });
}

BQ_CASE(EachPushFreesAWaitingPop, many_consumers) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (int round = 0; round < repetitions(subject, several); ++round) {
      Queue<int> queue(subject, capacity);
      std::vector<std::unique_ptr<Caller<std::optional<int>>>> pops;
      for (int i = 0; i < 3; ++i) {
        pops.push_back(std::make_unique<Caller<std::optional<int>>>([&] { return queue.pop(); }));
      }
      for (auto& pop : pops) EXPECT_TRUE(pop->blocks());
      for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.push(1 << i));
      for (auto& pop : pops) EXPECT_TRUE(pop->returns());
      queue.close();
      int sum = 0;
      for (auto& pop : pops) sum += pop->result().value_or(0);
      EXPECT_EQ(sum, 7) << "each of the three exactly once";
    }
  });
}

}  // namespace
}  // namespace bq::test
