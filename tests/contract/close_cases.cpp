// The end of the stream, and the handles that bring it about.
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "tests/contract/suite.h"

namespace bq::test {
namespace {

BQ_ONE_THREAD_CASE(ClosedRefusesAndLeavesTheValue) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_each_capacity(subject, [&](std::size_t capacity) {
      Queue<Message> queue(subject, capacity);
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
  });
}

BQ_ONE_THREAD_CASE(ClosedDrainsAndThenEndsForEver) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (const bool with_try : {false, true}) {
      Queue<int> queue(subject, capacity);
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

// The closer is another thread than the producer: what was pushed before must not be overtaken by
// the end.
BQ_CASE(TheEndOvertakesNothing) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    const int inside = stock(queue);
    std::thread([&] { queue.close(); }).join();
    int popped = 0;
    for (int i = 0; i < inside; ++i) popped += queue.pop().has_value() ? 1 : 0;
    EXPECT_EQ(popped, inside);
    EXPECT_FALSE(queue.pop().has_value());
  });
}

BQ_CASE(CloseFromTwoThreadsWakesWaitingPushes, keeps_a_bound) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_each_capacity(subject, [&](std::size_t capacity) {
      Queue<Message> queue(subject, capacity);
      const int inside = fill(queue);
      struct Outcome {
        bool delivered;
        int left;
      };
      std::vector<std::unique_ptr<Caller<Outcome>>> pushes;
      for (int i = 0; i < subject.producers(); ++i) {
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
  });
}

BQ_CASE(CloseFromTwoThreadsWakesWaitingPops) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    std::vector<std::unique_ptr<Caller<std::optional<int>>>> pops;
    for (int i = 0; i < subject.consumers(); ++i) {
      pops.push_back(std::make_unique<Caller<std::optional<int>>>([&] { return queue.pop(); }));
    }
    for (auto& pop : pops) EXPECT_TRUE(pop->blocks());
    std::thread other([&] { queue.close(); });
    queue.close();
    other.join();
    for (auto& pop : pops) EXPECT_FALSE(pop->result().has_value());
  });
}

// Whatever the race between pushes and a close decides, the messages that came out are those whose
// push said true.
BQ_CASE(CloseDecidesForEachRacingPush, exact_close, never_forgets) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (int round = 0; round < repetitions(subject, 50); ++round) {
      Queue<int> queue(subject, capacity);
      std::atomic<int> delivered{0};
      std::atomic<int> popped{0};
      std::vector<std::thread> threads;
      for (int i = 0; i < subject.producers(); ++i) {
        threads.emplace_back([&] {
          for (int pushed = 0;; ++pushed) {
            int message = pushed;
            if (!queue.push(std::move(message))) break;
            ++delivered;
          }
        });
      }
      for (int i = 0; i < subject.consumers(); ++i) {
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

// The same at full speed, where a missing fence would show: one thread pushes until it is refused,
// the other closes and drains.
BQ_CASE(CloseDecidesForPushesInFullFlight, exact_close) {
  constexpr int rounds = 10'000;
  const std::size_t capacity = capacity_near(subject, 64);
  const auto end = std::chrono::steady_clock::now() + 2s;
  std::unique_ptr<Queue<int>> queue;
  std::atomic<int> begun{0};
  std::atomic<int> ended{0};
  int delivered = 0;
  std::thread producer([&] {
    for (int round = 1;; ++round) {
      while (begun.load(std::memory_order_acquire) < round) std::this_thread::yield();
      if (!queue) return;
      delivered = 0;
      for (Status status = Status::done; status != Status::closed;) {
        status = queue->try_push(1);
        if (status == Status::done) ++delivered;
      }
      ended.store(round, std::memory_order_release);
    }
  });
  for (int round = 1;
       round <= rounds && std::chrono::steady_clock::now() < end && !testing::Test::HasFailure();
       ++round) {
    queue = std::make_unique<Queue<int>>(subject, capacity);
    begun.store(round, std::memory_order_release);
    std::optional<int> out;
    int received = 0;
    for (int i = round * 7 % 256; i > 0; --i)
      received += queue->try_pop(out) == Status::done ? 1 : 0;
    queue->close();
    for (Status status = Status::done; status != Status::closed;) {
      status = queue->try_pop(out);
      if (status == Status::done) ++received;
    }
    while (ended.load(std::memory_order_acquire) < round) std::this_thread::yield();
    EXPECT_EQ(received, delivered) << "in round " << round;
  }
  queue.reset();
  begun.store(rounds + 1, std::memory_order_release);
  producer.join();
}

BQ_ONE_THREAD_CASE(LastProducerCloses) {
  auto [producer, consumer] = subject.ends(capacity_near(subject, 1));
  if (auto second = producer->copy()) {
    second.reset();
    EXPECT_FALSE(consumer->is_closed()) << "one is left";
  }
  EXPECT_TRUE(producer->push(1));
  producer.reset();
  EXPECT_TRUE(consumer->is_closed());
  EXPECT_EQ(consumer->pop(), 1);
  EXPECT_FALSE(consumer->pop().has_value());
}

BQ_CASE(LastProducerEndsAWaitingConsumer) {
  AnyEnds ends = subject.ends(capacity_near(subject, 1));
  Caller pop([&] { return ends.consumer->pop(); });
  EXPECT_TRUE(pop.blocks());
  ends.producer.reset();
  EXPECT_FALSE(pop.result().has_value());
}

BQ_CASE(LastConsumerMakesPushesFail) {
  AnyEnds ends = subject.ends(capacity_near(subject, 1));
  if (auto second = ends.consumer->copy()) {
    second.reset();
    EXPECT_FALSE(ends.consumer->is_closed()) << "one is left";
  }
  std::size_t inside = 1;
  EXPECT_TRUE(ends.producer->push(1));
  if (subject.is_bounded()) {
    while (ends.producer->try_push(1) == Status::done) ++inside;
    Caller push([&] { return ends.producer->push(2); });
    EXPECT_TRUE(push.blocks());
    ends.consumer.reset();
    EXPECT_FALSE(push.result());
  } else {
    ends.consumer.reset();
  }
  EXPECT_FALSE(ends.producer->push(3));
  EXPECT_EQ(ends.producer->try_push(4), Status::closed);
  EXPECT_EQ(ends.producer->undelivered(), inside);
}

}  // namespace
}  // namespace bq::test
