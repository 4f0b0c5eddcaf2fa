// The contract of queues/bounded_queue.h as tests. Each listed queue instantiates the suite in a translation unit of
// its own (see CMakeLists.txt), at every capacity of `capacities` that it can have.
//
// What a queue says it cannot do is skipped, by name and with the reason. Threads are never awaited by sleeping for a
// time that should be enough: each test is right whatever the timing, and watches calls until they wait
// (Caller::blocks).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "queues/handles.h"
#include "tests/contract/support.h"

namespace bq::test {

inline constexpr std::size_t capacities[] = {1, 2, 3, 64};

/// A Subject names a queue: `Subject::name`, and `Subject::template Queue<T>`.
template <class Subject, class T>
using QueueOf = typename Subject::template Queue<T>;

template <class Subject>
inline constexpr Traits traits = QueueOf<Subject, int>::traits;

template <class Subject>
inline constexpr bool is_bounded = traits<Subject>.bound != Bound::none;
template <class Subject>
inline constexpr bool is_timed = traits<Subject>.timed == Timed::yes;
template <class Subject>
inline constexpr bool takes_throwing = traits<Subject>.element == Element::any;
template <class Subject>
inline constexpr bool takes_nontrivial = takes_throwing<Subject> || traits<Subject>.element == Element::nothrow_movable;
template <class Subject>
inline constexpr int producers = traits<Subject>.producers == Endpoints::one ? 1 : 3;
template <class Subject>
inline constexpr int consumers = traits<Subject>.consumers == Endpoints::one ? 1 : 3;

/// A message that tells whether it was moved from, where the queue takes such.
template <class Subject>
using MessageOf = std::conditional_t<takes_nontrivial<Subject>, Tracked, int>;
inline int value_of(const Tracked& message) {
  return message.value();
}
inline int value_of(int message) {
  return message;
}

template <class Subject>
constexpr bool can_have(std::size_t capacity) {
  switch (traits<Subject>.capacities) {
    case Capacities::any:
      return true;
    case Capacities::power_of_two:
      return std::has_single_bit(capacity);
    case Capacities::range:
      return traits<Subject>.min_capacity <= capacity && capacity <= traits<Subject>.max_capacity;
    case Capacities::unbounded:
      return capacity == capacities[0];  // they are all the same
  }
  return false;
}

template <class Subject, class Test>
void at_each_capacity(Test test) {
  for (const std::size_t capacity : capacities) {
    if (!can_have<Subject>(capacity)) continue;
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    test(capacity);
    if (testing::Test::HasFatalFailure()) return;
  }
}

/// Pushes 0, 1, ... until the queue is full; returns their number.
template <class Q>
int fill(Q& queue) {
  int pushed = 0;
  while (queue.try_push(typename Q::value_type(pushed)) == Status::done) ++pushed;
  return pushed;
}

/// As fill; a queue without a bound gets some.
template <class Q>
int stock(Q& queue) {
  if constexpr (Q::traits.bound != Bound::none) {
    return fill(queue);
  } else {
    for (int i = 0; i < 5; ++i) queue.push(typename Q::value_type(i));
    return 5;
  }
}

/// Expects that the messages first ... last are inside, and nothing else; in this order if the queue keeps the order of
/// different producers.
template <class Q>
void expect_messages(Q& queue, int first, int last) {
  std::vector<int> expected(static_cast<std::size_t>(last - first + 1));
  std::iota(expected.begin(), expected.end(), first);
  std::vector<int> found;
  std::optional<int> out;
  while (queue.try_pop(out) == Status::done) found.push_back(*out);
  if (Q::traits.fifo == Fifo::per_producer) std::sort(found.begin(), found.end());
  EXPECT_EQ(found, expected);
}

template <class Subject>
class Contract : public testing::Test {
  static_assert(BoundedQueue<QueueOf<Subject, int>>);
  static_assert(TimedBoundedQueue<QueueOf<Subject, int>> == is_timed<Subject>, "traits.timed must tell the truth");
  static_assert(!std::is_move_constructible_v<QueueOf<Subject, int>>, "threads hold on to it");
  static_assert(!traits<Subject>.waiting.empty(), "tables print it");
};

#define BQ_SKIP(reason) GTEST_SKIP() << TypeParam::name << ": " << reason

TYPED_TEST_SUITE_P(Contract);

TYPED_TEST_P(Contract, CapacityIsAsAskedForOrRefused) {
  using Queue = QueueOf<TypeParam, int>;
  EXPECT_THROW(Queue(0), std::invalid_argument);
  for (const std::size_t capacity : capacities) {
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    if (is_bounded<TypeParam> && !can_have<TypeParam>(capacity) && traits<TypeParam>.bound == Bound::exact) {
      EXPECT_THROW(Queue{capacity}, std::invalid_argument);
      continue;
    }
    const Queue queue(capacity);
    switch (traits<TypeParam>.bound) {
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
  if (traits<TypeParam>.capacities == Capacities::range) {
    EXPECT_THROW(Queue{traits<TypeParam>.max_capacity + 1}, std::invalid_argument);
  }
}

TYPED_TEST_P(Contract, FirstInFirstOut) {
  at_each_capacity<TypeParam>([](std::size_t capacity) {
    QueueOf<TypeParam, int> queue(capacity);
    int next_in = 0;
    int next_out = 0;
    for (std::size_t round = 0; round < 20; ++round) {  // of all lengths, so that a ring wraps in every way
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

TYPED_TEST_P(Contract, FirstInFirstOutAcrossProducers) {
  if constexpr (traits<TypeParam>.fifo == Fifo::per_producer) {
    BQ_SKIP("keeps the order of each producer only");
  } else if constexpr (producers<TypeParam> == 1) {
    BQ_SKIP("takes one producer");
  } else {
    at_each_capacity<TypeParam>([](std::size_t capacity) {
      QueueOf<TypeParam, int> queue(capacity);
      for (std::size_t i = 0; i < capacity; ++i) {
        std::thread([&] { EXPECT_TRUE(queue.push(static_cast<int>(i))); }).join();
      }
      expect_messages(queue, 0, static_cast<int>(capacity) - 1);
    });
  }
}

TYPED_TEST_P(Contract, BoundIsExact) {
  if constexpr (!is_bounded<TypeParam>) {
    BQ_SKIP("keeps no bound");
  } else {
    using Message = MessageOf<TypeParam>;
    at_each_capacity<TypeParam>([](std::size_t capacity) {
      QueueOf<TypeParam, Message> queue(capacity);
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
  }
}

TYPED_TEST_P(Contract, TryPopOfAnEmptyQueue) {
  using Message = MessageOf<TypeParam>;
  at_each_capacity<TypeParam>([](std::size_t capacity) {
    QueueOf<TypeParam, Message> queue(capacity);
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
}

TYPED_TEST_P(Contract, PushWaitsWhileFull) {
  if constexpr (!is_bounded<TypeParam>) {
    BQ_SKIP("keeps no bound, so push never waits");
  } else {
    at_each_capacity<TypeParam>([](std::size_t capacity) {
      QueueOf<TypeParam, int> queue(capacity);
      const int first = fill(queue);
      Caller push([&] { return queue.push(int{first}); });
      EXPECT_TRUE(push.blocks());
      EXPECT_EQ(queue.size_approx(), queue.capacity());
      EXPECT_EQ(queue.pop(), 0);
      EXPECT_TRUE(push.returns());
      EXPECT_EQ(queue.size_approx(), queue.capacity());
      queue.close();
      EXPECT_TRUE(push.result());
      expect_messages(queue, 1, first);
    });
  }
}

TYPED_TEST_P(Contract, PopWaitsWhileEmpty) {
  at_each_capacity<TypeParam>([](std::size_t capacity) {
    QueueOf<TypeParam, int> queue(capacity);
    Caller pop([&] { return queue.pop(); });
    EXPECT_TRUE(pop.blocks());
    EXPECT_TRUE(queue.push(42));
    EXPECT_TRUE(pop.returns());
    queue.close();
    EXPECT_EQ(pop.result(), 42);
    EXPECT_EQ(queue.size_approx(), 0U);
  });
}

// One change lets one waiter go on, and each must reach one: nobody may sleep on while there is something for it.
TYPED_TEST_P(Contract, EachPopFreesAWaitingPush) {
  if constexpr (!is_bounded<TypeParam>) {
    BQ_SKIP("keeps no bound, so push never waits");
  } else if constexpr (producers<TypeParam> == 1) {
    BQ_SKIP("takes one producer");
  } else {
    at_each_capacity<TypeParam>([](std::size_t capacity) {
      QueueOf<TypeParam, int> queue(capacity);
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
    });
  }
}

TYPED_TEST_P(Contract, EachPushFreesAWaitingPop) {
  if constexpr (consumers<TypeParam> == 1) {
    BQ_SKIP("takes one consumer");
  } else {
    at_each_capacity<TypeParam>([](std::size_t capacity) {
      QueueOf<TypeParam, int> queue(capacity);
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
    });
  }
}

TYPED_TEST_P(Contract, ClosedRefusesAndLeavesTheValue) {
  using Message = MessageOf<TypeParam>;
  at_each_capacity<TypeParam>([](std::size_t capacity) {
    QueueOf<TypeParam, Message> queue(capacity);
    queue.close();
    EXPECT_TRUE(queue.is_closed());
    Message message(7);
    for (int i = 0; i < 3; ++i) {
      EXPECT_FALSE(queue.push(std::move(message)));
      EXPECT_EQ(value_of(message), 7);
      EXPECT_EQ(queue.try_push(std::move(message)), Status::closed);
      EXPECT_EQ(value_of(message), 7);
    }
    EXPECT_EQ(queue.size_approx(), 0U);
    EXPECT_FALSE(queue.pop().has_value());
  });
}

TYPED_TEST_P(Contract, ClosedDrainsAndThenEndsForEver) {
  at_each_capacity<TypeParam>([](std::size_t capacity) {
    for (const bool with_try : {false, true}) {
      QueueOf<TypeParam, int> queue(capacity);
      const int inside = stock(queue);
      queue.close();
      EXPECT_EQ(queue.size_approx(), static_cast<std::size_t>(inside));
      EXPECT_EQ(queue.try_push(7), Status::closed) << "closed comes before full";
      std::optional<int> out;
      for (int i = 0; i < inside; ++i) {
        if (with_try) {
          ASSERT_EQ(queue.try_pop(out), Status::done);
        } else {
          out = queue.pop();
        }
        ASSERT_EQ(out, i);
      }
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(queue.try_pop(out), Status::closed);
        EXPECT_FALSE(queue.pop().has_value());
        EXPECT_FALSE(queue.push(1));
        EXPECT_TRUE(queue.is_closed());
      }
    }
  });
}

// The closer is another thread than the producer: what was pushed before must not be overtaken by the end.
TYPED_TEST_P(Contract, TheEndOvertakesNothing) {
  at_each_capacity<TypeParam>([](std::size_t capacity) {
    QueueOf<TypeParam, int> queue(capacity);
    const int inside = stock(queue);
    std::thread([&] { queue.close(); }).join();
    int popped = 0;
    for (int i = 0; i < inside; ++i) popped += queue.pop().has_value() ? 1 : 0;
    EXPECT_EQ(popped, inside);
    EXPECT_FALSE(queue.pop().has_value());
  });
}

TYPED_TEST_P(Contract, CloseFromTwoThreadsWakesWaitingPushes) {
  if constexpr (!is_bounded<TypeParam>) {
    BQ_SKIP("keeps no bound, so push never waits");
  } else {
    using Message = MessageOf<TypeParam>;
    at_each_capacity<TypeParam>([](std::size_t capacity) {
      QueueOf<TypeParam, Message> queue(capacity);
      const int inside = fill(queue);
      struct Outcome {
        bool delivered;
        int left;
      };
      std::vector<std::unique_ptr<Caller<Outcome>>> pushes;
      for (int i = 0; i < producers<TypeParam>; ++i) {
        pushes.push_back(std::make_unique<Caller<Outcome>>([&] {
          Message message(7);
          const bool delivered = queue.push(std::move(message));
          return Outcome{delivered, value_of(message)};
        }));
      }
      for (auto& push : pushes) EXPECT_TRUE(push->blocks());
      std::thread other([&] { queue.close(); });
      queue.close();
      other.join();
      for (auto& push : pushes) {
        EXPECT_FALSE(push->result().delivered);
        EXPECT_EQ(push->result().left, 7);
      }
      for (int i = 0; i < inside; ++i) EXPECT_TRUE(queue.pop().has_value());
      EXPECT_FALSE(queue.pop().has_value());
      queue.close();
    });
  }
}

TYPED_TEST_P(Contract, CloseFromTwoThreadsWakesWaitingPops) {
  at_each_capacity<TypeParam>([](std::size_t capacity) {
    QueueOf<TypeParam, int> queue(capacity);
    std::vector<std::unique_ptr<Caller<std::optional<int>>>> pops;
    for (int i = 0; i < consumers<TypeParam>; ++i) {
      pops.push_back(std::make_unique<Caller<std::optional<int>>>([&] { return queue.pop(); }));
    }
    for (auto& pop : pops) EXPECT_TRUE(pop->blocks());
    std::thread other([&] { queue.close(); });
    queue.close();
    other.join();
    for (auto& pop : pops) EXPECT_FALSE(pop->result().has_value());
  });
}

// Whatever the race between pushes and a close decides, the messages that came out are those whose push said true.
TYPED_TEST_P(Contract, CloseDecidesForEachRacingPush) {
  if constexpr (traits<TypeParam>.close == Close::quiescent) {
    BQ_SKIP("close is exact only while no push runs");
  } else {
    at_each_capacity<TypeParam>([](std::size_t capacity) {
      for (int round = 0; round < 50; ++round) {
        QueueOf<TypeParam, int> queue(capacity);
        std::atomic<int> delivered{0};
        std::atomic<int> popped{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < producers<TypeParam>; ++i) {
          threads.emplace_back([&] {
            for (int pushed = 0;; ++pushed) {
              int message = pushed;
              if (!queue.push(std::move(message))) break;
              ++delivered;
            }
          });
        }
        for (int i = 0; i < consumers<TypeParam>; ++i) {
          threads.emplace_back([&] {
            while (queue.pop()) ++popped;
          });
        }
        while (popped.load() < 10 * round % 200) std::this_thread::yield();
        queue.close();
        for (auto& thread : threads) thread.join();
        ASSERT_EQ(popped.load(), delivered.load());
        ASSERT_EQ(queue.size_approx(), 0U);
      }
    });
  }
}

TYPED_TEST_P(Contract, LastProducerCloses) {
  using Queue = QueueOf<TypeParam, int>;
  auto [producer, consumer] = make_handles<Queue>(1);
  static_assert(std::is_copy_constructible_v<Producer<Queue>> == (traits<TypeParam>.producers == Endpoints::many));
  static_assert(std::is_copy_constructible_v<Consumer<Queue>> == (traits<TypeParam>.consumers == Endpoints::many));
  std::vector<Producer<Queue>> ends;
  ends.push_back(std::move(producer));
  if constexpr (std::is_copy_constructible_v<Producer<Queue>>) {
    ends.push_back(Producer<Queue>(ends.front()));
    ends.pop_back();
    EXPECT_FALSE(consumer.is_closed()) << "one is left";
  }
  EXPECT_TRUE(ends.front().push(1));
  ends.clear();
  EXPECT_TRUE(consumer.is_closed());
  EXPECT_EQ(consumer.pop(), 1);
  EXPECT_FALSE(consumer.pop().has_value());
}

TYPED_TEST_P(Contract, LastProducerEndsAWaitingConsumer) {
  using Queue = QueueOf<TypeParam, int>;
  auto [producer, consumer] = make_handles<Queue>(1);
  auto last = std::make_unique<Producer<Queue>>(std::move(producer));
  Caller pop([&consumer = consumer] { return consumer.pop(); });
  EXPECT_TRUE(pop.blocks());
  last.reset();
  EXPECT_FALSE(pop.result().has_value());
}

TYPED_TEST_P(Contract, LastConsumerMakesPushesFail) {
  using Queue = QueueOf<TypeParam, int>;
  auto [producer, consumer] = make_handles<Queue>(1);
  auto last = std::make_unique<Consumer<Queue>>(std::move(consumer));
  EXPECT_TRUE(producer.push(1));
  if constexpr (is_bounded<TypeParam>) {
    Caller push([&producer = producer] { return producer.push(2); });
    EXPECT_TRUE(push.blocks());
    last.reset();
    EXPECT_FALSE(push.result());
  } else {
    last.reset();
  }
  EXPECT_FALSE(producer.push(3));
  EXPECT_EQ(producer.try_push(4), Status::closed);
  EXPECT_EQ(producer.undelivered(), 1U);
}

TYPED_TEST_P(Contract, TimedCallsWithAPastDeadlineAreTryCalls) {
  if constexpr (!is_timed<TypeParam>) {
    BQ_SKIP("has no timed calls");
  } else {
    using Message = MessageOf<TypeParam>;
    at_each_capacity<TypeParam>([](std::size_t capacity) {
      for (const Deadline past : {Deadline::min(), Deadline{}, Deadline::clock::now() - 1s}) {
        QueueOf<TypeParam, Message> queue(capacity);
        std::optional<Message> out;
        EXPECT_EQ(queue.try_pop_until(out, past), Status::timeout);
        EXPECT_EQ(queue.try_push_until(Message(0), past), Status::done);
        EXPECT_EQ(queue.try_pop_until(out, past), Status::done);
        EXPECT_EQ(value_of(*out), 0);
        if constexpr (is_bounded<TypeParam>) {
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
  }
}

TYPED_TEST_P(Contract, TimeoutsAreNeverEarlyAndLoseNothing) {
  if constexpr (!is_timed<TypeParam>) {
    BQ_SKIP("has no timed calls");
  } else {
    using Message = MessageOf<TypeParam>;
    at_each_capacity<TypeParam>([](std::size_t capacity) {
      QueueOf<TypeParam, Message> queue(capacity);
      for (const auto wait : {100us, 5000us}) {
        std::optional<Message> out;
        Deadline deadline = Deadline::clock::now() + wait;
        EXPECT_EQ(queue.try_pop_until(out, deadline), Status::timeout);
        EXPECT_GE(Deadline::clock::now(), deadline);
        EXPECT_FALSE(out.has_value());
        if constexpr (is_bounded<TypeParam>) {
          const int inside = fill(queue);
          Message message(inside);
          deadline = Deadline::clock::now() + wait;
          EXPECT_EQ(queue.try_push_until(std::move(message), deadline), Status::timeout);
          EXPECT_GE(Deadline::clock::now(), deadline);
          EXPECT_EQ(value_of(message), inside);
          EXPECT_EQ(value_of(*queue.pop()), 0);
          EXPECT_EQ(try_push_for(queue, std::move(message), 1h), Status::done) << "and can be sent later";
          for (int i = 1; i <= inside; ++i) EXPECT_EQ(value_of(*queue.pop()), i);
        }
      }
    });
  }
}

TYPED_TEST_P(Contract, TimedCallsWakeForWhatTheyWaitFor) {
  if constexpr (!is_timed<TypeParam>) {
    BQ_SKIP("has no timed calls");
  } else {
    at_each_capacity<TypeParam>([](std::size_t capacity) {
      for (const Deadline far : {Deadline::clock::now() + 1h, Deadline::max()}) {
        QueueOf<TypeParam, int> queue(capacity);
        {
          std::optional<int> out;
          Caller pop([&] { return queue.try_pop_until(out, far); });
          EXPECT_TRUE(pop.blocks());
          EXPECT_TRUE(queue.push(42));
          EXPECT_EQ(pop.result(), Status::done);
          EXPECT_EQ(out, 42);
        }
        if constexpr (is_bounded<TypeParam>) {
          const int inside = fill(queue);
          Caller push([&] { return queue.try_push_until(int{inside}, far); });
          EXPECT_TRUE(push.blocks());
          EXPECT_EQ(queue.pop(), 0);
          EXPECT_EQ(push.result(), Status::done);
          expect_messages(queue, 1, inside);
        }
      }
    });
  }
}

TYPED_TEST_P(Contract, CloseWakesTimedCalls) {
  if constexpr (!is_timed<TypeParam>) {
    BQ_SKIP("has no timed calls");
  } else {
    at_each_capacity<TypeParam>([](std::size_t capacity) {
      const Deadline far = Deadline::clock::now() + 1h;
      {
        QueueOf<TypeParam, int> queue(capacity);
        std::optional<int> out;
        Caller pop([&] { return queue.try_pop_until(out, far); });
        EXPECT_TRUE(pop.blocks());
        queue.close();
        EXPECT_EQ(pop.result(), Status::closed);
      }
      if constexpr (is_bounded<TypeParam>) {
        QueueOf<TypeParam, int> queue(capacity);
        fill(queue);
        Caller push([&] { return queue.try_push_until(7, far); });
        EXPECT_TRUE(push.blocks());
        queue.close();
        EXPECT_EQ(push.result(), Status::closed);
      }
    });
  }
}

TYPED_TEST_P(Contract, TakesMoveOnlyAndOverAlignedTypesWithoutDefault) {
  if constexpr (!takes_nontrivial<TypeParam>) {
    BQ_SKIP("takes trivial messages only");
  } else {
    at_each_capacity<TypeParam>([](std::size_t capacity) {
      QueueOf<TypeParam, std::unique_ptr<int>> owners(capacity);
      QueueOf<TypeParam, Tracked> tracked(capacity);
      QueueOf<TypeParam, Overaligned> overaligned(capacity);
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
}

TYPED_TEST_P(Contract, ThrowingMoveChangesNothing) {
  if constexpr (!takes_throwing<TypeParam>) {
    BQ_SKIP("wants messages whose move does not throw");
  } else {
    at_each_capacity<TypeParam>([](std::size_t capacity) {
      QueueOf<TypeParam, Fragile> queue(capacity);
      Fragile message(0);
      for (int i = 0; i < 3; ++i) {
        const Brittle brittle;
        EXPECT_THROW(queue.push(std::move(message)), Fragile::Broken);
        EXPECT_THROW(queue.try_push(std::move(message)), Fragile::Broken);
        EXPECT_EQ(message.value, 0);
        EXPECT_EQ(queue.size_approx(), 0U);
      }
      for (std::size_t i = 0; i < capacity; ++i) ASSERT_EQ(queue.try_push(Fragile(static_cast<int>(i))), Status::done);
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
}

// A waiter is woken for a place (a message) and then throws: the place is still there, and another waiter must get it.
TYPED_TEST_P(Contract, ThrowingMovePassesItsWakeUpOn) {
  if constexpr (!takes_throwing<TypeParam>) {
    BQ_SKIP("wants messages whose move does not throw");
  } else {
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
    at_each_capacity<TypeParam>([&](std::size_t capacity) {
      {
        QueueOf<TypeParam, Fragile> queue(capacity);
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
      if constexpr (is_bounded<TypeParam>) {
        QueueOf<TypeParam, Fragile> queue(capacity);
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
}

TYPED_TEST_P(Contract, DestroysWhatIsLeftExactlyOnce) {
  if constexpr (!takes_nontrivial<TypeParam>) {
    BQ_SKIP("takes trivial messages only");
  } else {
    at_each_capacity<TypeParam>([](std::size_t capacity) {
      const std::int64_t before = Tracked::instances();
      for (const bool closed : {false, true}) {
        for (std::size_t offset = 0; offset <= capacity; ++offset) {  // the rest may lie anywhere in a ring
          {
            QueueOf<TypeParam, Tracked> queue(capacity);
            for (std::size_t i = 0; i < offset; ++i) {
              ASSERT_TRUE(queue.push(Tracked(1)));
              ASSERT_TRUE(queue.pop().has_value());
            }
            const int left = stock(queue);
            ASSERT_EQ(Tracked::instances(), before + left);
            if (closed) queue.close();
          }
          ASSERT_EQ(Tracked::instances(), before);
        }
      }
    });
  }
}

/// Ways to send and to receive for the stress tests: all the calls of a side, in turn.
template <class Queue>
void send(Queue& queue, std::int64_t message, std::int64_t turn) {
  if (turn % 3 == 0) {
    ASSERT_TRUE(queue.push(std::move(message)));
  } else if (turn % 3 == 1 || !TimedBoundedQueue<Queue>) {
    for (;;) {
      const Status status = queue.try_push(std::move(message));
      if (status == Status::done) return;
      ASSERT_TRUE(status == Status::full || status == Status::busy);
      std::this_thread::yield();
    }
  } else if constexpr (TimedBoundedQueue<Queue>) {
    for (;;) {
      const Status status = try_push_for(queue, std::move(message), std::chrono::microseconds(turn % 50));
      if (status == Status::done) return;
      ASSERT_TRUE(status == Status::timeout || status == Status::busy);
    }
  }
}

template <class Queue>
std::int64_t receive(Queue& queue, std::int64_t turn) {
  std::optional<std::int64_t> message;
  if (turn % 3 == 0) {
    message = queue.pop();
  } else if (turn % 3 == 1 || !TimedBoundedQueue<Queue>) {
    while (queue.try_pop(message) != Status::done) std::this_thread::yield();
  } else if constexpr (TimedBoundedQueue<Queue>) {
    while (try_pop_for(queue, message, std::chrono::microseconds(turn % 50)) != Status::done) {
    }
  }
  return message.value();
}

/// Many threads a side, each with its share of the messages, and no close to wake up who was forgotten. Checks that
/// every message arrives exactly once, that each consumer sees each producer's in their order, that the bound holds at
/// every instant, and (with a thread sanitizer) that a message brings with it what its producer wrote before.
template <class Queue>
void stress(std::size_t capacity, int producers, int consumers, std::int64_t messages_each, bool all_calls) {
  Queue queue(capacity);
  const std::int64_t total = messages_each * producers;
  std::vector<std::int64_t> payload(total, -1);  // plain memory, one element a message
  std::vector<std::vector<std::int64_t>> received(consumers);
  std::atomic<std::int64_t> completed_pushes{0};
  std::atomic<std::int64_t> begun_pops{0};
  std::atomic<std::int64_t> beyond_bound{0};

  std::vector<std::thread> threads;
  for (int p = 0; p < producers; ++p) {
    threads.emplace_back([&, p] {
      for (std::int64_t i = 0; i < messages_each; ++i) {
        const std::int64_t message = p * messages_each + i;
        payload[message] = ~message;
        send(queue, message, all_calls ? i : 0);
        // Pops begun later only make the difference smaller: no false alarm.
        const std::int64_t completed = ++completed_pushes;
        const std::int64_t inside = completed - begun_pops;
        if (inside > 0 && static_cast<std::size_t>(inside) > queue.capacity()) ++beyond_bound;
        if (queue.size_approx() > queue.capacity()) ++beyond_bound;
      }
    });
  }
  for (int c = 0; c < consumers; ++c) {
    threads.emplace_back([&, c] {
      const std::int64_t share = total / consumers + (c < total % consumers ? 1 : 0);
      for (std::int64_t i = 0; i < share; ++i) {
        ++begun_pops;
        received[c].push_back(receive(queue, all_calls ? i : 0));
      }
    });
  }
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(beyond_bound.load(), 0);
  EXPECT_EQ(queue.size_approx(), 0U);
  std::vector<int> times(total, 0);
  for (const auto& messages : received) {
    std::vector<std::int64_t> last(producers, -1);
    for (const std::int64_t message : messages) {
      ASSERT_TRUE(0 <= message && message < total) << "a message that nobody sent: " << message;
      ++times[message];
      EXPECT_EQ(payload[message], ~message);
      std::int64_t& previous = last[message / messages_each];
      EXPECT_LT(previous, message) << "out of its producer's order";
      previous = message;
    }
  }
  for (std::int64_t i = 0; i < total; ++i) ASSERT_EQ(times[i], 1) << "message " << i;
}

TYPED_TEST_P(Contract, StressManyToMany) {
  at_each_capacity<TypeParam>([](std::size_t capacity) {
    stress<QueueOf<TypeParam, std::int64_t>>(capacity, producers<TypeParam>, consumers<TypeParam>,
                                             capacity < 10 ? 1000 : 5000, false);
  });
}

TYPED_TEST_P(Contract, StressAllCallsAtOnce) {
  at_each_capacity<TypeParam>([](std::size_t capacity) {
    stress<QueueOf<TypeParam, std::int64_t>>(capacity, producers<TypeParam>, consumers<TypeParam>,
                                             capacity < 10 ? 1000 : 5000, true);
  });
}

TYPED_TEST_P(Contract, StressOneToOne) {
  at_each_capacity<TypeParam>([](std::size_t capacity) {
    stress<QueueOf<TypeParam, std::int64_t>>(capacity, 1, 1, capacity < 10 ? 3000 : 20000, false);
  });
}

REGISTER_TYPED_TEST_SUITE_P(Contract, CapacityIsAsAskedForOrRefused, FirstInFirstOut, FirstInFirstOutAcrossProducers,
                            BoundIsExact, TryPopOfAnEmptyQueue, PushWaitsWhileFull, PopWaitsWhileEmpty,
                            EachPopFreesAWaitingPush, EachPushFreesAWaitingPop, ClosedRefusesAndLeavesTheValue,
                            ClosedDrainsAndThenEndsForEver, TheEndOvertakesNothing,
                            CloseFromTwoThreadsWakesWaitingPushes, CloseFromTwoThreadsWakesWaitingPops,
                            CloseDecidesForEachRacingPush, LastProducerCloses, LastProducerEndsAWaitingConsumer,
                            LastConsumerMakesPushesFail, TimedCallsWithAPastDeadlineAreTryCalls,
                            TimeoutsAreNeverEarlyAndLoseNothing, TimedCallsWakeForWhatTheyWaitFor, CloseWakesTimedCalls,
                            TakesMoveOnlyAndOverAlignedTypesWithoutDefault, ThrowingMoveChangesNothing,
                            ThrowingMovePassesItsWakeUpOn, DestroysWhatIsLeftExactlyOnce, StressManyToMany,
                            StressAllCallsAtOnce, StressOneToOne);

}  // namespace bq::test
