// The end of the stream, and the handles that bring it about.
#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "tests/contract/forms.h"

namespace bq::test {
namespace {

BQ_ONE_THREAD_CASE(ClosedRefusesAndLeavesTheValue, closes, try_calls) {
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

// Whatever drains it, all forms report the end, and all refuse.
BQ_ONE_THREAD_CASE(ClosedDrainsAndThenEndsForEver, closes) {
  with_each_access(subject, [&](auto make) {
    at_each_capacity(subject, [&](std::size_t capacity) {
      for (const PopForm drain : pop_forms(subject)) {
        SCOPED_TRACE(name_of(drain));
        auto queue = make(capacity);
        using Message = typename decltype(queue)::value_type;
        const int inside = stock(queue);
        queue.close();
        ASSERT_EQ(queue.size_approx(), static_cast<std::size_t>(inside));
        for (int i = 0; i < inside; ++i) {
          for (const PushForm push : push_forms(subject))
            ASSERT_EQ(push_by(push, queue, Message(7)), Status::closed) << "comes before full";
          ASSERT_EQ(value_by(drain, queue), i);
          queue.close();
        }
        std::optional<Message> out;
        for (int i = 0; i < 3; ++i) {
          for (const PopForm pop : pop_forms(subject))
            ASSERT_EQ(pop_by(pop, queue, out), Status::closed) << name_of(pop);
          for (const PushForm push : push_forms(subject))
            ASSERT_EQ(push_by(push, queue, Message(7)), Status::closed) << name_of(push);
          ASSERT_TRUE(queue.is_closed());
          ASSERT_EQ(queue.size_approx(), 0U);
        }
      }
    });
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

BQ_CASE(CloseFromTwoThreadsWakesWaitingPushes, closes, keeps_a_bound) {
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
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_each_capacity(subject, [&](std::size_t capacity) {
      for (int round = 0; round < repetitions(subject, 50); ++round) {
        Queue<Message> queue(subject, capacity);
        std::atomic<int> delivered{0};
        std::atomic<int> popped{0};
        std::vector<std::thread> threads;
        const auto form = [round](const auto& forms, int thread) {
          return forms[static_cast<std::size_t>(round + thread) % forms.size()];
        };
        for (int i = 0; i < subject.producers(); ++i) {
          threads.emplace_back([&, push = form(push_forms(subject), i)] {
            for (;;) {
              Message message(1);
              if (push_at_last(push, queue, std::move(message)) != Status::done) {
                EXPECT_EQ(value_of(message), 1);
                break;
              }
              ++delivered;
            }
          });
        }
        for (int i = 0; i < subject.consumers(); ++i) {
          threads.emplace_back([&, pop = form(pop_forms(subject), i)] {
            while (value_by(pop, queue) != -1) ++popped;
          });
        }
        while (popped.load() < 10 * round % 200) std::this_thread::yield();
        queue.close();
        for (auto& thread : threads) thread.join();
        ASSERT_EQ(popped.load(), delivered.load());
        ASSERT_EQ(queue.size_approx(), 0U);
      }
    });
  });
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

BQ_CASE(LastConsumerMakesPushesFail, closes, try_calls) {
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
