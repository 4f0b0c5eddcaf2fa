// Calls for several messages at once: see push_batch and pop_batch in queues/bounded_queue.h.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "tests/contract/forms.h"

namespace bq::test {
namespace {

template <class T>
std::vector<T> numbered(int first, int last) {
  std::vector<T> messages;
  for (int i = first; i <= last; ++i) messages.push_back(T(i));
  return messages;
}

/// The values that one pop_batch of up to `most` takes.
template <class T>
std::vector<int> take(Queue<T>& queue, std::size_t most) {
  std::vector<std::optional<T>> out(most);
  const std::size_t taken = queue.pop_batch(std::span(out));
  EXPECT_LE(taken, most);
  std::vector<int> values;
  for (std::size_t i = 0; i < most; ++i) {
    EXPECT_EQ(out[i].has_value(), i < taken);
    if (out[i]) values.push_back(value_of(*out[i]));
  }
  return values;
}

BQ_ONE_THREAD_CASE(ABatchIsTakenInItsOrder, batch_calls) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_each_capacity(subject, [&](std::size_t capacity) {
      Queue<Message> queue(subject, capacity);
      const int last = static_cast<int>(queue.capacity()) - 1;
      auto messages = numbered<Message>(0, last);
      EXPECT_EQ(queue.push_batch(std::span(messages)), messages.size());
      EXPECT_EQ(queue.size_approx(), messages.size());
      // It waits for none beyond those that are there.
      std::vector<int> found = take(queue, messages.size() + 3);
      while (found.size() < messages.size()) {
        for (const int value : take(queue, messages.size())) found.push_back(value);
      }
      expect_values(subject, found, 0, last);
      EXPECT_EQ(queue.size_approx(), 0U);
    });
  });
}

BQ_CASE(APushBatchWaitsForRoom, batch_calls, keeps_a_bound) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    const int last = 2 * static_cast<int>(queue.capacity());
    auto messages = numbered<int>(0, last);
    Caller push([&] { return queue.push_batch(std::span(messages)); });
    EXPECT_TRUE(push.blocks());
    EXPECT_EQ(queue.size_approx(), queue.capacity());
    std::vector<int> found;
    for (int i = 0; i <= last; ++i) found.push_back(queue.pop().value_or(-1));
    expect_values(subject, found, 0, last);
    EXPECT_TRUE(push.returns());
    queue.close();
    EXPECT_EQ(push.result(), messages.size());
  });
}

BQ_CASE(APopBatchWaitsForOneMessage, batch_calls) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    Caller pop([&] { return take(queue, 3); });
    EXPECT_TRUE(pop.blocks());
    EXPECT_TRUE(queue.push(7));
    EXPECT_TRUE(pop.returns());
    queue.close();
    EXPECT_EQ(pop.result(), std::vector{7});
  });
}

// Each message of a batch, and each slot that one leaves, frees somebody who waits.
BQ_CASE(APushBatchFreesAllWhoWait, batch_calls) {
  at_capacities(subject, {capacity_near(subject, 3)}, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    Callers<int> pops;
    for (int i = crowd(subject, subject.consumers()); i > 0; --i)
      pops.add([&] { return value_of(queue.pop()); });
    EXPECT_TRUE(pops.block());
    auto messages = numbered<int>(1, static_cast<int>(pops.size()));
    EXPECT_EQ(queue.push_batch(std::span(messages)), messages.size());
    EXPECT_TRUE(pops.return_all()) << "asleep beside a message";
    queue.close();
    std::vector<int> found;
    for (std::size_t i = 0; i < pops.size(); ++i) found.push_back(pops[i].result());
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, messages);
  });
}

BQ_CASE(APopBatchFreesAllWhoWait, batch_calls, closes, keeps_a_bound) {
  at_capacities(subject, {capacity_near(subject, 3)}, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    const auto inside = static_cast<std::size_t>(fill(queue));
    Callers<bool> pushes;
    for (int i = crowd(subject, subject.producers()); i > 0; --i)
      pushes.add([&] { return queue.push(100); });
    EXPECT_TRUE(pushes.block());
    const std::size_t most = std::min(pushes.size(), inside);
    for (std::size_t freed = 0; freed < most;) freed += take(queue, most - freed).size();
    EXPECT_TRUE(pushes.return_at_least(most)) << "asleep beside a free slot";
    queue.close();
    for (std::size_t i = 0; i < pushes.size(); ++i) EXPECT_TRUE(pushes[i].result() || i >= most);
  });
}

BQ_CASE(CloseEndsBatches, batch_calls, closes, keeps_a_bound) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_each_capacity(subject, [&](std::size_t capacity) {
      Queue<Message> queue(subject, capacity);
      const int bound = static_cast<int>(queue.capacity());
      auto messages = numbered<Message>(0, bound + 1);
      Caller push([&] { return queue.push_batch(std::span(messages)); });
      EXPECT_TRUE(push.blocks());
      queue.close();
      EXPECT_TRUE(push.returns());
      ASSERT_EQ(push.result(), queue.capacity());
      for (int i = bound; i <= bound + 1; ++i)
        EXPECT_EQ(value_of(messages[static_cast<std::size_t>(i)]), i) << "not delivered, and taken";
      auto late = numbered<Message>(50, 52);
      EXPECT_EQ(queue.push_batch(std::span(late)), 0U);
      EXPECT_EQ(value_of(late.front()), 50);
      std::vector<int> found;
      for (std::vector<int> more; !(more = take(queue, 2)).empty();)
        found.insert(found.end(), more.begin(), more.end());
      expect_values(subject, found, 0, bound - 1);
      EXPECT_TRUE(take(queue, 2).empty()) << "the end is permanent";
    });
  });
}

BQ_CASE(StressBatches, batch_calls) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    Queue<int> queue(subject, capacity);
    const int each = repetitions(subject, 2'000);
    std::vector<std::thread> threads;
    for (int p = 0; p < subject.producers(); ++p) {
      threads.emplace_back([&, p] {
        for (int i = 0; i < each;) {
          const int end = std::min(i + 1 + i % 7, each);
          auto messages = numbered<int>(p * each + i, p * each + end - 1);
          EXPECT_EQ(queue.push_batch(std::span(messages)), messages.size());
          i = end;
        }
      });
    }
    const auto consumers = static_cast<std::size_t>(subject.consumers());
    std::vector<std::vector<int>> received(consumers);
    std::vector<std::thread> takers;
    for (std::size_t c = 0; c < consumers; ++c) {
      takers.emplace_back([&, c] {
        for (std::vector<int> more; !(more = take(queue, 1 + received[c].size() % 5)).empty();)
          received[c].insert(received[c].end(), more.begin(), more.end());
      });
    }
    for (std::thread& thread : threads) thread.join();
    queue.close();
    for (std::thread& thread : takers) thread.join();
    std::vector<int> all;
    for (const std::vector<int>& values : received) {
      std::vector<int> last(static_cast<std::size_t>(subject.producers()), -1);
      for (const int value : values) {
        int& before = last[static_cast<std::size_t>(value / each)];
        EXPECT_GT(value, before) << "out of the order of its producer";
        before = value;
      }
      all.insert(all.end(), values.begin(), values.end());
    }
    std::sort(all.begin(), all.end());
    expect_values(subject, all, 0, subject.producers() * each - 1);
  });
}

}  // namespace
}  // namespace bq::test
