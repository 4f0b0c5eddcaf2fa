// A queue beside another one, and in the place of another one.
#include <atomic>
#include <cstddef>
#include <optional>

#include "tests/contract/suite.h"

namespace bq::test {
namespace {

// Two queues are used at once: a push or a pop of one frees whoever waits for that one, also where
// somebody waited for the other before.
BQ_CASE(AQueueFreesItsOwnWaiters) {
  const std::size_t capacity = capacity_near(subject, 1);
  for (const bool first : {true, false}) {
    SCOPED_TRACE(first ? "of the first queue" : "of the second queue");
    Queue<int> a(subject, capacity);
    Queue<int> b(subject, capacity);
    Queue<int>& used = first ? a : b;
    Queue<int>& other = first ? b : a;
    const auto pop_of = [](Queue<int>& queue) { return [&queue] { return queue.pop(); }; };
    Caller pop_a(pop_of(a));
    pop_a.blocks();
    Caller pop_b(pop_of(b));
    pop_b.blocks();
    auto& freed = first ? pop_a : pop_b;
    auto& waits = first ? pop_b : pop_a;
    EXPECT_TRUE(used.push(1));
    EXPECT_TRUE(freed.returns()) << "asleep beside a message";
    EXPECT_TRUE(waits.blocks());
    used.close();
    EXPECT_FALSE(other.is_closed());
    EXPECT_TRUE(waits.blocks());
    other.close();
    EXPECT_EQ(freed.result(), 1);
    EXPECT_EQ(waits.result(), std::nullopt);
    if (testing::Test::HasFailure()) return;
  }
}

BQ_CASE(AQueueFreesItsOwnWaitingPushes, keeps_a_bound) {
  const std::size_t capacity = capacity_near(subject, 1);
  for (const bool first : {true, false}) {
    SCOPED_TRACE(first ? "of the first queue" : "of the second queue");
    Queue<int> a(subject, capacity);
    Queue<int> b(subject, capacity);
    Queue<int>& used = first ? a : b;
    Queue<int>& other = first ? b : a;
    fill(a);
    fill(b);
    const auto push_to = [](Queue<int>& queue) { return [&queue] { return queue.push(9); }; };
    Caller push_a(push_to(a));
    push_a.blocks();
    Caller push_b(push_to(b));
    push_b.blocks();
    auto& freed = first ? push_a : push_b;
    auto& waits = first ? push_b : push_a;
    EXPECT_EQ(used.pop(), 0);
    EXPECT_TRUE(freed.returns()) << "asleep beside a free slot";
    EXPECT_TRUE(waits.blocks());
    EXPECT_EQ(other.pop(), 0);
    EXPECT_TRUE(waits.returns()) << "asleep beside a free slot";
    a.close();
    b.close();
    EXPECT_TRUE(freed.result() && waits.result());
    if (testing::Test::HasFailure()) return;
  }
}

// The same two threads use one queue after another, each mostly at the address of the last one:
// what a thread keeps of a queue goes with the queue.
BQ_CASE(ANewQueueIsNotTakenForAnOldOne) {
  constexpr int rounds = 4;
  std::optional<Queue<int>> queue;
  std::atomic<int> made{0};
  std::atomic<int> drained{0};
  const auto wait_for = [](std::atomic<int>& count, int round) {
    for (int seen = count.load(); seen < round; seen = count.load()) count.wait(seen);
  };
  Caller consumer([&] {
    int sum = 0;
    for (int round = 1; round <= rounds; ++round) {
      wait_for(made, round);
      while (const std::optional<int> message = queue->pop()) sum += *message;
      drained = round;
      drained.notify_one();
    }
    return sum;
  });
  int sent = 0;
  for (int round = 1; round <= rounds; ++round) {
    queue.emplace(subject, capacity_near(subject, 2));
    made = round;
    made.notify_one();
    consumer.blocks();  // in most rounds the end reaches a pop that waits
    for (int i = 0; i < round; ++i) sent += queue->push(int{round}) ? round : 0;
    consumer.blocks();
    queue->close();
    wait_for(drained, round);
  }
  EXPECT_EQ(sent, 1 + 4 + 9 + 16);
  EXPECT_EQ(consumer.result(), sent);
}

}  // namespace
}  // namespace bq::test
