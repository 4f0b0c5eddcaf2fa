// What the suite of the contract does not reach: the parts that queues are made of, and the queue
// that breaks the contract.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "checking/messages.h"
#include "checking/sanitizers.h"
#include "queues/detail/blocking_calls.h"
#include "queues/detail/event_count.h"
#include "queues/detail/ring_storage.h"
#include "queues/detail/waiting_policies.h"
#include "queues/handles.h"
#include "queues/reference_as_posted.h"
#include "queues/spin_then_block.h"
#include "queues/sync.h"
#include "queues/two_condvar.h"
#include "tests/contract/caller.h"
#include "tests/contract/suite.h"

namespace bq::test {
namespace {

#define BQ_SKIP_IF_LOCK_ORDER_IS_CHECKED() \
  if (checking::under_thread_sanitizer)    \
  GTEST_SKIP() << "reference_as_posted: ThreadSanitizer finds the lock-order bug, rightly"

TEST(ReferenceAsPosted, IsAQueueOfItsTime) {
  BQ_SKIP_IF_LOCK_ORDER_IS_CHECKED();
  using Queue = ReferenceAsPostedQueue<int>;
  static_assert(BoundedQueue<Queue> && !TimedBoundedQueue<Queue>);
  testing::internal::CaptureStderr();
  Queue queue(0);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("capacity 0"), std::string::npos);
  EXPECT_EQ(queue.capacity(), 1U);

  std::optional<int> out;
  EXPECT_EQ(queue.try_pop(out), Status::empty);
  EXPECT_TRUE(queue.push(1));
  EXPECT_EQ(queue.try_push(2), Status::full);
  queue.close();
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_TRUE(queue.push(3)) << "its push does not look whether it is closed";
  EXPECT_EQ(queue.try_pop(out), Status::done);
  EXPECT_EQ(queue.try_pop(out), Status::closed);
  EXPECT_FALSE(queue.pop().has_value());
}

TEST(ReferenceAsPosted, CloseForgetsAWaitingConsumer) {
  BQ_SKIP_IF_LOCK_ORDER_IS_CHECKED();
  ReferenceAsPostedQueue<int> queue(1);
  Caller pop([&] { return queue.pop(); });
  EXPECT_TRUE(pop.blocks());
  queue.close();
  EXPECT_TRUE(pop.blocks())
      << "the bug is gone: has somebody repaired it here instead of in reference.h?";
  EXPECT_TRUE(queue.push(1)) << "the way out, for this test only";
  EXPECT_EQ(pop.result(), 1);
}

/// A queue that takes one thread a side.
template <class T>
struct OneToOne : TwoCondvarQueue<T> {
  using TwoCondvarQueue<T>::TwoCondvarQueue;
  static constexpr Traits traits{.producers = Endpoints::one,
                                 .consumers = Endpoints::one,
                                 .timed = Timed::yes,
                                 .waiting = "condvar"};
};

template <class Handle>
constexpr bool moves_only =
    std::is_nothrow_move_constructible_v<Handle>&& std::is_nothrow_move_assignable_v<Handle> &&
    !std::is_copy_constructible_v<Handle> && !std::is_copy_assignable_v<Handle>;
template <class Handle>
constexpr bool copies = std::is_copy_constructible_v<Handle>&& std::is_copy_assignable_v<Handle>&&
    std::is_nothrow_move_constructible_v<Handle>&& std::is_nothrow_move_assignable_v<Handle>;

TEST(Handles, OfASingleEndOnlyMove) {
  static_assert(moves_only<Producer<OneToOne<int>>> && moves_only<Consumer<OneToOne<int>>>);
  static_assert(copies<Producer<TwoCondvarQueue<int>>> && copies<Consumer<TwoCondvarQueue<int>>>);
  auto [producer, consumer] = make_handles<OneToOne<int>>(2);
  auto moved = std::move(producer);
  EXPECT_TRUE(moved.push(1));
  EXPECT_FALSE(consumer.is_closed()) << "a move is no departure";
  { const auto last = std::move(moved); }
  EXPECT_TRUE(consumer.is_closed());
  EXPECT_EQ(consumer.pop(), 1);
  EXPECT_FALSE(consumer.pop().has_value());
}

TEST(Handles, AssignmentLeavesTheOldEndAtOnce) {
  using Queue = TwoCondvarQueue<int>;
  auto [first, first_consumer] = make_handles<Queue>(1);
  auto [second, second_consumer] = make_handles<Queue>(1);
  first = std::move(second);
  EXPECT_TRUE(first_consumer.is_closed());
  EXPECT_FALSE(second_consumer.is_closed());
  const auto copy = first;
  first = copy;
  auto& self = first;
  first = self;
  first = std::move(self);
  EXPECT_FALSE(second_consumer.is_closed());
  EXPECT_TRUE(first.push(1)) << "an assignment to itself changes nothing";
}

TEST(StartConsumer, EndsAndJoinsWhenItsResultIsDestroyed) {
  using Queue = TwoCondvarQueue<int>;
  static_assert(!std::is_move_constructible_v<ConsumerThread<Queue>> &&
                !std::is_move_assignable_v<ConsumerThread<Queue>>);
  int sum = 0;  // read after the join only
  {
    auto [worker, producer] = start_consumer<Queue>(2, [&sum](auto consumer) {
      while (const std::optional<int> message = consumer.pop()) sum += *message;
    });
    for (int i = 1; i <= 100; ++i) EXPECT_TRUE(producer.push(i));
  }
  EXPECT_EQ(sum, 5050);
}

TEST(StartConsumer, EndsAndJoinsWhenTheProducerThrows) {
  int received = 0;
  const auto produce = [&received] {
    auto [worker, producer] = start_consumer<TwoCondvarQueue<int>>(1, [&received](auto consumer) {
      while (consumer.pop()) ++received;
    });
    producer.push(1);
    throw std::runtime_error("no more");
  };
  EXPECT_THROW(produce(), std::runtime_error);
  EXPECT_EQ(received, 1);
}

TEST(StartConsumer, RefusesPushesOnceTheConsumerHasReturned) {
  auto [worker, producer] =
      start_consumer<TwoCondvarQueue<int>>(1, [](auto consumer) { consumer.pop(); });
  EXPECT_TRUE(producer.push(1));
  worker.join();
  EXPECT_FALSE(producer.push(2));
}

TEST(StartConsumer, TakesWhatOnlyMovesAndASingleEnd) {
  int seen = 0;
  {
    auto [worker, producer] =
        start_consumer<OneToOne<int>>(1, [&seen, owned = std::make_unique<int>(7)](auto consumer) {
          while (consumer.pop()) seen = *owned;
        });
    producer.push(1);
  }
  EXPECT_EQ(seen, 7);
}

TEST(RingStorage, StaysAsItWasIfAMoveThrows) {
  RingStorage<Fragile, StdSync> ring(2);
  ring.push_back(Fragile(1));
  Fragile message(2);
  std::optional<Fragile> out;
  {
    const Brittle brittle;
    EXPECT_THROW(ring.push_back(std::move(message)), Fragile::Broken);
    EXPECT_THROW(ring.pop_front(out), Fragile::Broken);
  }
  EXPECT_EQ(ring.size(), 1U);
  ring.push_back(std::move(message));
  EXPECT_TRUE(ring.full());
  ring.pop_front(out);
  EXPECT_EQ(out->value, 1);
  ring.pop_front(out);
  EXPECT_EQ(out->value, 2);
  EXPECT_TRUE(ring.empty());
}

TEST(StdSync, SemaphoreTimesOutAndWakes) {
  StdSync::semaphore semaphore(1, "test");
  const Deadline past = Deadline::min();
  EXPECT_TRUE(semaphore.try_acquire_until(past)) << "a permit that is there is taken even late";
  EXPECT_FALSE(semaphore.try_acquire_until(past));
  EXPECT_FALSE(semaphore.try_acquire());
  const Deadline soon = StdSync::now() + 3ms;
  EXPECT_FALSE(semaphore.try_acquire_until(soon));
  EXPECT_GE(StdSync::now(), soon);

  Caller acquire([&] { return semaphore.try_acquire_until(Deadline::max()); });
  EXPECT_TRUE(acquire.blocks());
  semaphore.release();
  EXPECT_TRUE(acquire.result());
}

TEST(StdSync, FutexTimesOutAndWakes) {
  StdSync::atomic<std::uint32_t> word(7, "test");
  EXPECT_FALSE(StdSync::futex_wait_until(word, 7, Deadline::min()));
  const Deadline soon = StdSync::now() + 3ms;
  while (StdSync::futex_wait_until(word, 7, soon)) {  // it may wake spuriously
  }
  EXPECT_GE(StdSync::now(), soon);
  EXPECT_TRUE(StdSync::futex_wait_until(word, 8, Deadline::max())) << "the word does not hold 8";

  Caller wait([&] {
    while (word.load() == 7) StdSync::futex_wait(word, 7);
    return word.load();
  });
  EXPECT_TRUE(wait.blocks());
  word.store(8);
  StdSync::futex_wake(word);
  EXPECT_EQ(wait.result(), 8U);
}

TEST(StdSync, YieldsAreCountedByThread) {
  const std::uint64_t before = StdSync::yields();
  StdSync::yield();
  std::thread([] { StdSync::yield(); }).join();
  EXPECT_EQ(StdSync::yields(), before + 1);
}

/// Counts the rounds of a waiter, which finds nothing until it has yielded.
struct CountingSync : StdSync {
  static inline int relaxes = 0;
  static inline bool yielded = false;
  static void relax() { ++relaxes; }
  static void yield() { yielded = true; }
};

template <class Policy>
int relaxes_of_a_wait() {
  CountingSync::relaxes = 0;
  CountingSync::yielded = false;
  const auto ready = [] { return CountingSync::yielded; };
  const auto attempt = [] { return Status::done; };
  EXPECT_EQ(Policy("changes").await(ready, attempt, detail::WaitForever{}), Status::done);
  return CountingSync::relaxes;
}

TEST(StdSync, SpinLimitIsReadByEachWait) {
  EXPECT_EQ(relaxes_of_a_wait<SpinYieldPark<CountingSync>>(), 200);
  EXPECT_EQ(relaxes_of_a_wait<SpinYield<CountingSync>>(), 200);
  StdSync::spin_limit = 7;
  const int parking = relaxes_of_a_wait<SpinYieldPark<CountingSync>>();
  const int polling = relaxes_of_a_wait<SpinYield<CountingSync>>();
  SpinThenBlockQueue<int, CountingSync> queue(1);
  CountingSync::relaxes = 0;
  std::optional<int> out;
  EXPECT_EQ(try_pop_for(queue, out, 50ms), Status::timeout);
  StdSync::spin_limit = StdSync::reference_spin_limit;
  EXPECT_EQ(parking, 7);
  EXPECT_EQ(polling, 7);
  EXPECT_EQ(CountingSync::relaxes, 7) << "of spin_then_block, before it slept";
}

TEST(EventCount, CountsWhoeverComesAndGoes) {
  EventCount<StdSync> changes("changes");
  const detail::WaitUntil<StdSync> past{Deadline{}};
  // More than fit into half of its word, should any of them be forgotten.
  for (int i = 0; i < 70'000; ++i) {
    changes.enlist();
    ASSERT_TRUE(changes.anybody_asleep());
    ASSERT_FALSE(changes.sleep(past)) << "nobody granted it a look";
    ASSERT_FALSE(changes.anybody_asleep());
  }
  changes.enlist();
  changes.wake_one();
  EXPECT_FALSE(changes.anybody_asleep()) << "it has its grant";
  EXPECT_TRUE(changes.sleep(past));
  changes.enlist();
  changes.enlist();
  changes.wake_all();
  EXPECT_TRUE(changes.retire());
  changes.enlist();
  EXPECT_FALSE(changes.retire()) << "one asleep stands for the other; the grant stays";
  EXPECT_TRUE(changes.retire());
  changes.wake_all();
  EXPECT_FALSE(changes.anybody_asleep());
}

TEST(DeadlineAfter, HoldsAnyDuration) {
  using std::chrono::hours;
  using std::chrono::nanoseconds;
  const Deadline before = Deadline::clock::now();
  EXPECT_EQ(deadline_after(nanoseconds::max()), Deadline::max());
  EXPECT_EQ(deadline_after(hours::max()), Deadline::max());
  EXPECT_EQ(deadline_after(std::chrono::duration<double>(1e300)), Deadline::max());
  EXPECT_GE(deadline_after(hours(1)), before + hours(1));
  EXPECT_LT(deadline_after(hours(1)), Deadline::max());
  EXPECT_GE(deadline_after(nanoseconds::min()), before);
  const Deadline at_once = deadline_after(hours::min());
  EXPECT_LE(at_once, Deadline::clock::now());
}

TEST(TestedCapacities, AreThoseThatTheQueueCanHave) {
  using Sizes = std::vector<std::size_t>;
  const auto subject_of = [](const Traits& traits) {
    Subject subject;
    subject.traits = traits;
    return subject;
  };
  const auto usual = [&](const Traits& traits) { return usual_capacities_of(subject_of(traits)); };
  const auto many = [&](const Traits& traits) { return many_capacities_of(subject_of(traits)); };
  EXPECT_EQ(usual({}), (Sizes{1, 2, 5, 257}));
  EXPECT_EQ(usual({.max_capacity = 8}), (Sizes{1, 2, 5, 8}));
  EXPECT_EQ(usual({.min_capacity = 6}), (Sizes{6, 257}));
  EXPECT_EQ(usual({.capacities = Capacities::power_of_two, .min_capacity = 3}), (Sizes{4, 8, 512}));
  EXPECT_EQ(usual({.capacities = Capacities::power_of_two, .min_capacity = 5000}), (Sizes{8192}));
  EXPECT_EQ(many({.max_capacity = 10}), (Sizes{1, 2, 3, 4, 5, 7, 8, 9, 10}));
  EXPECT_EQ(many({.min_capacity = 900, .max_capacity = 65534}), (Sizes{900, 1000, 4099, 65534}));
  EXPECT_EQ(many({.capacities = Capacities::power_of_two, .min_capacity = 33}),
            (Sizes{64, 128, 256, 512}));
  EXPECT_EQ(many({}).back(), 4099U);
  EXPECT_THROW(
      usual({.capacities = Capacities::power_of_two, .min_capacity = 5, .max_capacity = 7}),
      std::logic_error)
      << "a test that runs at no capacity fails";
  EXPECT_THROW(many({.max_capacity = 0}), std::logic_error);
}

TEST(NearestCapacity, IsAboveIfThereIsOneAndBelowIfNot) {
  const Traits powers{
      .capacities = Capacities::power_of_two, .min_capacity = 4, .max_capacity = 100};
  EXPECT_EQ(nearest_capacity(powers, 1), 4U);
  EXPECT_EQ(nearest_capacity(powers, 5), 8U);
  EXPECT_EQ(nearest_capacity(powers, 64), 64U);
  EXPECT_EQ(nearest_capacity(powers, 65), 64U);
  EXPECT_EQ(nearest_capacity({.capacities = Capacities::power_of_two}, unbounded_capacity),
            ~(unbounded_capacity >> 1));
  EXPECT_EQ(nearest_capacity({.max_capacity = 8}, 64), 8U);
  EXPECT_EQ(nearest_capacity({.min_capacity = 1024}, 64), 1024U);
  EXPECT_EQ(nearest_capacity({.min_capacity = 2, .max_capacity = 1}, 64), std::nullopt);
}

}  // namespace
}  // namespace bq::test
