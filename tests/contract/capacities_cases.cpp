// The order and the bound at every capacity, and where positions wrap.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/contract/suite.h"

namespace bq::test {
namespace {

BQ_ONE_THREAD_CASE(CapacityIsAsAskedForOrRefused) {
  const Traits& traits = subject.traits;
  const auto make = [&](std::size_t capacity) { return Queue<int>(subject, capacity); };
  EXPECT_THROW(make(0), std::invalid_argument);
  for (const std::size_t capacity : many_capacities) {
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    if (!can_have(traits, capacity)) {
      EXPECT_THROW(make(capacity), std::invalid_argument);
    }
  }
  at_many_capacities(subject, [&](std::size_t capacity) {
    const Queue<int> queue = make(capacity);
    switch (traits.bound) {
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
  });
  // One more than 16 bits count.
  const std::size_t large = capacity_near(subject, (1 << 16) + 1);
  if (subject.is_bounded()) {
    EXPECT_GE(make(large).capacity(), large);
  }
  if (traits.min_capacity > 1) {
    EXPECT_THROW(make(traits.min_capacity - 1), std::invalid_argument);
  }
  if (traits.max_capacity != unbounded_capacity) {
    EXPECT_THROW(make(traits.max_capacity + 1), std::invalid_argument);
  }
}

BQ_ONE_THREAD_CASE(FirstInFirstOut) {
  at_many_capacities(subject, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    int next_in = 0;
    int next_out = 0;
    // Of all lengths, so that a ring wraps in every way.
    std::vector<std::size_t> counts;
    for (std::size_t round = 0; round < 20; ++round) counts.push_back(round % capacity + 1);
    for (const std::size_t part : {3, 2, 1}) counts.push_back((capacity + part - 1) / part);
    for (const std::size_t count : counts) {
      for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(queue.push(next_in++));
      ASSERT_EQ(queue.size_approx(), count);
      for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(queue.pop(), next_out++);
    }
    for (std::size_t i = 0; i < capacity; ++i) ASSERT_TRUE(queue.push(next_in++));
    for (std::size_t i = 0; i < 3 * capacity; ++i) {  // and around while it is full
      ASSERT_EQ(queue.pop(), next_out++);
      ASSERT_TRUE(queue.push(next_in++));
    }
  });
}

BQ_ONE_THREAD_CASE(BoundIsExact, try_calls, keeps_a_bound) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_many_capacities(subject, [&](std::size_t capacity) {
      Queue<Message> queue(subject, capacity);
      for (std::size_t round = 0; round < 3; ++round) {
        ASSERT_EQ(fill(queue), queue.capacity());
        ASSERT_EQ(queue.size_approx(), queue.capacity());
        Message refused(7);
        ASSERT_EQ(queue.try_push(std::move(refused)), Status::full);
        ASSERT_EQ(value_of(refused), 7);
        for (std::size_t i = 0; i < queue.capacity(); ++i) ASSERT_EQ(value_of(*queue.pop()), i);
        ASSERT_EQ(queue.size_approx(), 0U);
      }
    });
  });
}

/// How many messages to take out of a full queue, or to put into an empty one: a few, fractions,
/// all but a few.
std::vector<std::size_t> parts_of(std::size_t capacity) {
  std::vector<std::size_t> parts;
  for (std::size_t i = 1; i <= std::min<std::size_t>(capacity, 9); ++i) {
    parts.push_back(i);
    parts.push_back(std::max<std::size_t>(1, capacity / i));
    parts.push_back(capacity - i + 1);
  }
  return parts;
}

// After a part of the messages has been taken, just as many fit in; after a part of the slots has
// been used, just as many come out. At once: no slot and no message is held back.
BQ_ONE_THREAD_CASE(EverySlotAndEveryMessageCanBeUsed, try_calls, keeps_a_bound) {
  at_many_capacities(subject, [&](std::size_t asked_for) {
    Queue<int> queue(subject, asked_for);
    const std::size_t capacity = queue.capacity();
    int next_in = 0;
    int next_out = 0;
    std::optional<int> out;
    const auto push_all = [&](std::size_t expected) {
      std::size_t pushed = 0;
      while (queue.try_push(int{next_in}) == Status::done) {
        ++pushed;
        ++next_in;
      }
      ASSERT_EQ(pushed, expected) << "messages fit in";
      ASSERT_EQ(queue.try_push(0), Status::full);
      ASSERT_EQ(queue.size_approx(), capacity);
    };
    const auto pop_all = [&](std::size_t expected) {
      std::size_t popped = 0;
      while (queue.try_pop(out) == Status::done) {
        ASSERT_EQ(out, next_out++);
        ++popped;
      }
      ASSERT_EQ(popped, expected) << "messages come out";
      ASSERT_EQ(queue.try_pop(out), Status::empty);
      ASSERT_EQ(queue.size_approx(), 0U);
    };
    push_all(capacity);
    for (const std::size_t part : parts_of(capacity)) {
      for (std::size_t i = 0; i < part; ++i) {
        ASSERT_EQ(queue.try_pop(out), Status::done);
        ASSERT_EQ(out, next_out++);
      }
      ASSERT_EQ(queue.size_approx(), capacity - part);
      push_all(part);
      if (testing::Test::HasFatalFailure()) return;
    }
    pop_all(capacity);
    for (const std::size_t part : parts_of(capacity)) {
      for (std::size_t i = 0; i < part; ++i) {
        ASSERT_EQ(queue.try_push(int{next_in++}), Status::done);
        ASSERT_EQ(queue.size_approx(), i + 1);
      }
      pop_all(part);
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

/// Odd, prime, and others that do not divide a power of two: a position modulo such a capacity
/// jumps where the position wraps.
constexpr std::size_t capacities_that_wrap[] = {1, 2, 3, 5, 7, 12, 64, 100, 257, 300};

/// Whether to try a push into a full queue before the message of this number. Not always: some
/// queues yield before they refuse. All around where positions of 8 bits, or more, may wrap.
bool tries_when_full(std::size_t number) {
  return number < 2'000 || (number + 8) % 256 < 16;
}

/// Passes so many messages through a queue with `inside` of them in it.
void pass_through(Queue<int>& queue, std::size_t inside, std::size_t total) {
  std::optional<int> out;
  std::size_t next_in = 0;
  const auto push_next = [&] { return queue.try_push(static_cast<int>(next_in++)); };
  ASSERT_EQ(queue.try_pop(out), Status::empty);
  while (next_in < inside) {
    ASSERT_EQ(push_next(), Status::done);
    ASSERT_EQ(queue.size_approx(), next_in);
  }
  for (std::size_t next_out = 0; next_out < total; ++next_out) {
    if (inside == queue.capacity() && next_in < total && tries_when_full(next_in)) {
      ASSERT_EQ(queue.try_push(0), Status::full);
    }
    ASSERT_EQ(queue.try_pop(out), Status::done);
    ASSERT_EQ(out, static_cast<int>(next_out));
    if (next_in < total) {
      ASSERT_EQ(push_next(), Status::done);
      ASSERT_EQ(queue.size_approx(), inside);
    }
  }
  ASSERT_EQ(queue.try_pop(out), Status::empty);
  ASSERT_EQ(queue.size_approx(), 0U);
}

/// To hold in a queue of this capacity: one, half, all.
std::vector<std::size_t> fillings(std::size_t capacity) {
  const std::size_t most = std::min<std::size_t>(capacity, 300);
  return {1, (most + 1) / 2, most};
}

// Positions of 8 and of 16 bits wrap after so many messages.
BQ_ONE_THREAD_CASE(PositionsOfFewBitsWrap, try_calls) {
  at_capacities(subject, possible_capacities(subject, capacities_that_wrap),
                [&](std::size_t capacity) {
                  Queue<int> queue(subject, capacity);
                  pass_through(queue, fillings(queue.capacity()).back(), (1 << 16) + 1000);
                });
}

// Nobody can wait until positions of 32 and 64 bits wrap by themselves.
BQ_ONE_THREAD_CASE(PositionsWrap, try_calls, has_positions) {
  at_capacities(
      subject, possible_capacities(subject, capacities_that_wrap), [&](std::size_t capacity) {
        for (const int bits : {16, 24, 30, 31, 32, 33, 56, 57, 58, 61, 62, 63, 64}) {
          SCOPED_TRACE("near 2^" + std::to_string(bits));
          const std::uint64_t first_turn = (bits == 64 ? 0 : std::uint64_t{1} << bits) - 2;
          for (const std::size_t inside : fillings(capacity)) {
            Queue<int> queue(subject.advanced(capacity, first_turn));
            pass_through(queue, inside, 5 * capacity);
            std::optional<int> out;
            const int left = stock(queue);
            queue.close();
            ASSERT_EQ(queue.try_push(0), Status::closed);
            for (int i = 0; i < left; ++i) ASSERT_TRUE(queue.pop().has_value());
            ASSERT_EQ(queue.try_pop(out), Status::closed);
          }
        }
      });
}

}  // namespace
}  // namespace bq::test
