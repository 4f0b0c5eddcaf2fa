// What a message may be, and what becomes of those that are left.
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "tests/contract/suite.h"

namespace bq::test {
namespace {

BQ_ONE_THREAD_CASE(TakesMoveOnlyAndOverAlignedTypesWithoutDefault, message_with_identity,
                   any_message) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    Queue<std::unique_ptr<int>> owners(subject, capacity);
    Queue<Tracked> tracked(subject, capacity);
    Queue<Overaligned> overaligned(subject, capacity);
    for (std::size_t round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < capacity; ++i) {
        EXPECT_TRUE(owners.push(std::make_unique<int>(i)));
        EXPECT_TRUE(tracked.push(Tracked(static_cast<int>(i))));
        EXPECT_TRUE(overaligned.push(Overaligned(static_cast<int>(i))));
      }
      for (std::size_t i = 0; i < capacity; ++i) {
        EXPECT_EQ(**owners.pop(), i);
        EXPECT_EQ(tracked.pop()->value(), i);
        EXPECT_EQ(overaligned.pop()->value, i);
      }
    }
    EXPECT_EQ(Overaligned::misplaced.load(), 0);
  });
}

// No value of a message stands for "no message".
BQ_ONE_THREAD_CASE(EveryValueIsAMessage) {
  const std::size_t capacity = capacity_near(subject, 3);
  const auto expect_all = [&](auto make, const auto& values, auto value_of_popped) {
    auto queue = make();
    for (const auto value : values) {
      for (int i = 0; i < 2; ++i) {
        std::optional<typename decltype(queue)::value_type> out;
        EXPECT_TRUE(queue.push(typename decltype(queue)::value_type(value)));
        EXPECT_EQ(queue.size_approx(), 1U);
        EXPECT_TRUE(queue.pop_into(out));
        ASSERT_TRUE(out.has_value());
        EXPECT_EQ(value_of_popped(*out), value);
      }
    }
    queue.close();
    EXPECT_EQ(queue.pop(), std::nullopt);
  };
  constexpr int least = std::numeric_limits<int>::min();
  constexpr int most = std::numeric_limits<int>::max();
  constexpr std::array ints{0, -1, 1, least, least + 1, most, most - 1};
  expect_all([&] { return Queue<int>(subject, capacity); }, ints, [](int value) { return value; });
  if (subject.factory<Plain>()) {
    expect_all([&] { return Queue<Plain>(subject, capacity); }, ints,
               [](const Plain& plain) { return plain.value(); });
  }
  int pointed_at = 0;
  expect_all([&] { return Queue<int*>(subject, capacity); },
             std::array<int*, 2>{nullptr, &pointed_at}, [](int* value) { return value; });
  if (subject.factory<std::unique_ptr<int>>()) {
    expect_all([&] { return Queue<std::unique_ptr<int>>(subject, capacity); }, std::array{nullptr},
               [](auto& owner) { return owner.release(); });
  }
}

BQ_ONE_THREAD_CASE(ThrowingMoveChangesNothing, try_calls, throwing_message) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    Queue<Fragile> queue(subject, capacity);
    Fragile message(0);
    for (int i = 0; i < 3; ++i) {
      const Brittle brittle;
      EXPECT_THROW(queue.push(std::move(message)), Fragile::Broken);
      EXPECT_THROW(queue.try_push(std::move(message)), Fragile::Broken);
      EXPECT_EQ(message.value, 0);
      EXPECT_EQ(queue.size_approx(), 0U);
    }
    for (std::size_t i = 0; i < capacity; ++i)
      ASSERT_EQ(queue.try_push(Fragile(static_cast<int>(i))), Status::done);
    for (int i = 0; i < 3; ++i) {
      const Brittle brittle;
      std::optional<Fragile> out;
      EXPECT_THROW(queue.pop(), Fragile::Broken);
      EXPECT_THROW(queue.try_pop(out), Fragile::Broken);
      EXPECT_FALSE(out.has_value());
      EXPECT_EQ(queue.size_approx(), capacity);
    }
    for (std::size_t i = 0; i < capacity; ++i) {
      std::optional<Fragile> out;
      ASSERT_EQ(queue.try_pop(out), Status::done);
      EXPECT_EQ(out->value, i);
    }
  });
}

// A waiter is woken for a place (a message) and then throws: the place is still there, and another
// waiter must get it.
BQ_CASE(ThrowingMovePassesItsWakeUpOn, many_producers, many_consumers, throwing_message) {
  const auto breaks = [](auto call) {
    return [call] {
      const Brittle brittle;
      try {
        call();
      } catch (const Fragile::Broken&) {
        return true;
      }
      return false;
    };
  };
  at_each_capacity(subject, [&](std::size_t capacity) {
    {
      Queue<Fragile> queue(subject, capacity);
      const auto pop = breaks([&] { queue.pop(); });
      Caller first(pop);
      Caller second(pop);
      EXPECT_TRUE(first.blocks());
      EXPECT_TRUE(second.blocks());
      EXPECT_TRUE(queue.push(Fragile(1)));
      EXPECT_TRUE(first.returns());
      EXPECT_TRUE(second.returns());
      queue.close();
      EXPECT_TRUE(first.result() && second.result());
      EXPECT_EQ(queue.size_approx(), 1U);
    }
    if (subject.is_bounded()) {
      Queue<Fragile> queue(subject, capacity);
      fill(queue);
      const auto push = breaks([&] { queue.push(Fragile(1)); });
      Caller first(push);
      Caller second(push);
      EXPECT_TRUE(first.blocks());
      EXPECT_TRUE(second.blocks());
      EXPECT_EQ(queue.pop()->value, 0);
      EXPECT_TRUE(first.returns());
      EXPECT_TRUE(second.returns());
      queue.close();
      EXPECT_TRUE(first.result() && second.result());
      EXPECT_EQ(queue.size_approx(), capacity - 1);
    }
  });
}

BQ_ONE_THREAD_CASE(DestroysWhatIsLeftExactlyOnce, message_with_identity) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_each_capacity(subject, [&](std::size_t capacity) {
      const std::int64_t before = Identity::objects();
      const std::int64_t values = Identity::values();
      for (const bool closed : {false, true}) {
        // Every place of a small ring, some of a large.
        const std::size_t step = std::max<std::size_t>(1, capacity / 64);
        for (std::size_t offset = 0; offset <= capacity; offset += step) {
          {
            Queue<Message> queue(subject, capacity);
            for (std::size_t i = 0; i < offset; ++i) {
              ASSERT_TRUE(queue.push(Message(1)));
              ASSERT_TRUE(queue.pop().has_value());
            }
            const int left = stock(queue);
            ASSERT_EQ(Identity::values(), values + left);
            if (closed) queue.close();
          }
          ASSERT_EQ(Identity::values(), values);
          ASSERT_EQ(Identity::objects(), before);
        }
      }
    });
  });
}

}  // namespace
}  // namespace bq::test
