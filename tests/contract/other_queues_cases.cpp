// A queue beside another one, and in the place of another one.
#include <atomic>
#include <optional>

#include "tests/contract/suite.h"

namespace bq::test {
namespace {

/// Calls test(used, freed, other, waits): two queues, and a call that waits for each, that for the
/// first queue being the first to wait. `used` is each of the two in turn.
template <class Call, class Test>
void with_a_waiter_of_each(const Subject& subject, bool are_full, Call call, Test test) {
  for (const bool is_first : {true, false}) {
    SCOPED_TRACE(is_first ? "of the first queue" : "of the second queue");
    Queue<int> first(subject, capacity_near(subject, 1));
    Queue<int> second(subject, capacity_near(subject, 1));
    if (are_full) fill(first);
    if (are_full) fill(second);
    Caller on_first([&] { return call(first); });
    on_first.blocks();
    Caller on_second([&] { return call(second); });
    on_second.blocks();
    if (is_first) test(first, on_first, second, on_second);
    if (!is_first) test(second, on_second, first, on_first);
    if (testing::Test::HasFailure()) return;
  }
}

// Two queues are used at once: a push or a pop of one frees whoever waits for that one, also where
// somebody waited for the other before.
BQ_CASE(AQueueFreesItsOwnWaiters) {
  with_a_waiter_of_each(
      subject, false, [](Queue<int>& queue) { return queue.pop(); },
      [](auto& used, auto& freed, auto& other, auto& waits) {
        EXPECT_TRUE(used.push(1));
        EXPECT_TRUE(freed.returns()) << "asleep beside a message";
        EXPECT_TRUE(waits.blocks());
        used.close();
        EXPECT_FALSE(other.is_closed());
        EXPECT_TRUE(waits.blocks());
        other.close();
        EXPECT_EQ(freed.result(), 1);
        EXPECT_EQ(waits.result(), std::nullopt);
      });
}

BQ_CASE(AQueueFreesItsOwnWaitingPushes, keeps_a_bound) {
  with_a_waiter_of_each(
      subject, true, [](Queue<int>& queue) { return queue.push(9); },
      [](auto& used, auto& freed, auto& other, auto& waits) {
        EXPECT_EQ(used.pop(), 0);
        EXPECT_TRUE(freed.returns()) << "asleep beside a free slot";
        EXPECT_TRUE(waits.blocks());
        EXPECT_EQ(other.pop(), 0);
        EXPECT_TRUE(waits.returns()) << "asleep beside a free slot";
        used.close();
        other.close();
        EXPECT_TRUE(freed.result() && waits.result());
      });
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
