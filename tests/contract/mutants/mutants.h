// Queues with one fault each, all of them faults that have been made: what the contract suite is
// worth is how many it finds. The sources beside this name the test that finds each.
#pragma once

#include <semaphore.h>

#include <atomic>
#include <bit>
#include <climits>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "queues/mpmc_ring.h"
#include "queues/semaphore.h"
#include "queues/spsc_ring.h"
#include "tests/contract/mutants/locked_mutants.h"

namespace bq::test {

/// The same, of which few capacities can be asked for.
template <class T, class Sync, Fault fault, std::size_t min, std::size_t max, Capacities capacities>
class ConfinedQueue : public FaultyLockedQueue<T, Sync, fault> {
  using Base = FaultyLockedQueue<T, Sync, fault>;

 public:
  static constexpr Traits traits = [] {
    Traits confined = Base::traits;
    confined.capacities = capacities;
    confined.min_capacity = min;
    confined.max_capacity = max;
    return confined;
  }();

  explicit ConfinedQueue(std::size_t capacity, std::uint64_t first_turn = 0)
      : Base(capacity_in_range(capacity), first_turn) {}

 private:
  static std::size_t capacity_in_range(std::size_t capacity) {
    const bool fits = capacities != Capacities::power_of_two || std::has_single_bit(capacity);
    if (capacity < min || capacity > max || !fits)
      throw std::invalid_argument("a capacity that the labels exclude");
    return capacity;
  }
};

/// A semaphore whose wait an interruption ends: sem_wait without a look at what it returned.
struct InterruptibleSemaphore {
  static constexpr std::ptrdiff_t max = INT_MAX;
  static constexpr std::string_view defect = {};
  explicit InterruptibleSemaphore(std::ptrdiff_t permits, const char* = nullptr) {
    sem_init(&native, 0, static_cast<unsigned>(permits));
  }
  InterruptibleSemaphore(const InterruptibleSemaphore&) = delete;
  InterruptibleSemaphore& operator=(const InterruptibleSemaphore&) = delete;
  ~InterruptibleSemaphore() { sem_destroy(&native); }
  void acquire() { sem_wait(&native); }
  bool try_acquire() { return sem_trywait(&native) == 0; }
  bool try_acquire_until(Deadline) { return try_acquire(); }
  void release() { sem_post(&native); }
  sem_t native;
};
template <class T>
using TakesSignalsForPermits = bq::detail::PermitQueue<T, StdSync, InterruptibleSemaphore>;

/// A ring that takes a slot in transition for an empty (full) one.
template <class T, class Sync, Status busy_push, Status busy_pop>
struct HastyRing : MpmcRing<T, Sync> {
  using MpmcRing<T, Sync>::MpmcRing;
  Status try_push(T& value) {
    const Status status = MpmcRing<T, Sync>::try_push(value);
    return status == Status::busy ? busy_push : status;
  }
  Status try_pop(std::optional<T>& out) {
    const Status status = MpmcRing<T, Sync>::try_pop(out);
    return status == Status::busy ? busy_pop : status;
  }
};
template <class T, class Sync = StdSync>
using TakesBusyForEmpty =
    BlockingQueue<T, HastyRing<T, Sync, Status::busy, Status::empty>, SpinPark<Sync>, Sync>;
template <class T, class Sync = StdSync>
using TakesBusyForFull =
    BlockingQueue<T, HastyRing<T, Sync, Status::full, Status::busy>, SpinPark<Sync>, Sync>;

/// A try_pop that found nothing spares the next one the look, which then says empty beside a
/// message whose push has returned.
template <class T, class Sync>
struct ForgetfulRing : MpmcRing<T, Sync> {
  using MpmcRing<T, Sync>::MpmcRing;
  Status try_pop(std::optional<T>& out) {
    const Status status = was_empty.load() ? Status::empty : MpmcRing<T, Sync>::try_pop(out);
    was_empty.store(status == Status::empty && !was_empty.load());
    return status;
  }
  typename Sync::template atomic<bool> was_empty{false, "was_empty"};
};
template <class T, class Sync = StdSync>
using RemembersEmptiness = BlockingQueue<T, ForgetfulRing<T, Sync>, SpinYield<Sync>, Sync>;

/// A ring with a closed flag beside the tail: a push can slip in between the look at the flag and
/// the message.
template <class T, class Sync, class Ring>
struct FlaggedRing : Ring {
  using Ring::Ring;
  Status try_push(T& value) { return is_closed() ? Status::closed : Ring::try_push(value); }
  Status try_pop(std::optional<T>& out) {
    const bool closed = is_closed();
    const Status status = Ring::try_pop(out);
    return closed && status == Status::empty ? Status::closed : status;
  }
  bool can_pop() const { return is_closed() || Ring::can_pop(); }
  bool can_push() const { return is_closed() || Ring::can_push(); }
  void close() { flag.store(true); }
  bool is_closed() const { return flag.load(); }
  typename Sync::template atomic<bool> flag{false, "flag"};
};
template <class T, class Sync = StdSync>
using ClosesBesideTheTail =
    BlockingQueue<T, FlaggedRing<T, Sync, MpmcRing<T, Sync>>, SpinPark<Sync>, Sync>;

/// The same for one producer, out of the reach of Sync.
template <class T>
using ClosesBesideAMessage =
    BlockingQueue<T, FlaggedRing<T, StdSync, SpscRing<T, StdSync>>, SpinPark<StdSync>, StdSync>;

/// A push looks at the flag, and then takes the lock: it can be delivered after the end. For the
/// time between the two there is no policy and no message through which a test could step in.
template <class T>
class LooksBeforeItLocks {
 public:
  using value_type = T;
  static constexpr Traits traits{.waiting = "condvar"};

  explicit LooksBeforeItLocks(std::size_t capacity) : capacity_(checked_capacity(capacity)) {}
  bool push(T&& value) {
    if (closed_.load()) return false;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_.load() || messages_.size() < capacity_; });
    return messages_.size() < capacity_ && put(std::move(value));
  }
  Status try_push(T&& value) {
    if (closed_.load()) return Status::closed;
    const std::lock_guard lock(mutex_);
    if (messages_.size() == capacity_) return Status::full;
    put(std::move(value));
    return Status::done;
  }
  std::optional<T> pop() {
    std::optional<T> out;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_.load() || !messages_.empty(); });
    take(out);
    return out;
  }
  Status try_pop(std::optional<T>& out) {
    const std::lock_guard lock(mutex_);
    return take(out);
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_.store(true);
    changed_.notify_all();
  }
  bool is_closed() const { return closed_.load(); }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const {
    const std::lock_guard lock(mutex_);
    return messages_.size();
  }

 private:
  bool put(T&& value) {
    messages_.push_back(std::move(value));
    changed_.notify_all();
    return true;
  }
  Status take(std::optional<T>& out) {
    if (messages_.empty()) return closed_.load() ? Status::closed : Status::empty;
    out.emplace(std::move(messages_.front()));
    messages_.pop_front();
    changed_.notify_all();
    return Status::done;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> messages_;
  std::atomic<bool> closed_{false};
};

/// A ring whose label says that a stopped thread takes one slot; one that is stopped between its
/// claim and its message holds up all messages that come later.
template <class T, class Sync>
struct MislabelledRing : MpmcRing<T, Sync> {
  using MpmcRing<T, Sync>::MpmcRing;
  static constexpr Traits traits = [] {
    Traits wrong = MpmcRing<T, Sync>::traits;
    wrong.stall = Stall::one_slot;
    return wrong;
  }();
};
template <class T, class Sync = StdSync>
using UnderstatesStalls = BlockingQueue<T, MislabelledRing<T, Sync>, SpinPark<Sync>, Sync>;

/// A try_pop that waits for the push which has claimed the slot.
template <class T, class Sync>
struct PatientRing : MpmcRing<T, Sync> {
  using MpmcRing<T, Sync>::MpmcRing;
  Status try_pop(std::optional<T>& out) {
    for (;;) {
      const Status status = MpmcRing<T, Sync>::try_pop(out);
      if (status != Status::busy) return status;
      Sync::yield();
    }
  }
};
template <class T, class Sync = StdSync>
using WaitsForTheSlot = BlockingQueue<T, PatientRing<T, Sync>, SpinPark<Sync>, Sync>;

/// A size that counts what passes between its two reads.
template <class T, class Sync>
struct UnlimitedSizeRing : SpscRing<T, Sync> {
  using SpscRing<T, Sync>::SpscRing;
  Status try_push(T& value) {
    const Status status = SpscRing<T, Sync>::try_push(value);
    if (status == Status::done) pushed.fetch_add(1);
    return status;
  }
  Status try_pop(std::optional<T>& out) {
    const Status status = SpscRing<T, Sync>::try_pop(out);
    if (status == Status::done) popped.fetch_add(1);
    return status;
  }
  std::size_t size_approx() const {
    const std::size_t before = popped.load();
    return pushed.load() - before;
  }
  typename Sync::template atomic<std::size_t> pushed{0, "pushed"};
  typename Sync::template atomic<std::size_t> popped{0, "popped"};
};
template <class T, class Sync = StdSync>
using CountsWhatPasses = BlockingQueue<T, UnlimitedSizeRing<T, Sync>, SpinPark<Sync>, Sync>;

/// Looks whether the queue is closed after it has looked for a message, and not before.
template <class T>
struct LateLookingRing : MpmcRing<T, StdSync> {
  using MpmcRing<T, StdSync>::MpmcRing;
  Status try_pop(std::optional<T>& out) {
    const Status status = MpmcRing<T, StdSync>::try_pop(out);
    return status == Status::empty && this->is_closed() ? Status::closed : status;
  }
};
template <class T>
using LooksForMessagesFirst = BlockingQueue<T, LateLookingRing<T>, SpinPark<StdSync>, StdSync>;

/// Of two threads at once one finds it empty (full), whatever is inside.
template <class T>
struct OneAtATimeRing : MpmcRing<T, StdSync> {
  using MpmcRing<T, StdSync>::MpmcRing;
  Status try_push(T& value) {
    if (pushing.exchange(true)) return this->is_closed() ? Status::closed : Status::full;
    const Status status = MpmcRing<T, StdSync>::try_push(value);
    pushing.store(false);
    return status;
  }
  Status try_pop(std::optional<T>& out) {
    if (popping.exchange(true)) return Status::empty;
    const Status status = MpmcRing<T, StdSync>::try_pop(out);
    popping.store(false);
    return status;
  }
  std::atomic<bool> pushing{false};
  std::atomic<bool> popping{false};
};
template <class T>
using TakesContentionForEmpty = BlockingQueue<T, OneAtATimeRing<T>, SpinYield<StdSync>, StdSync>;

/// An event count around a ring as it is often seen: one wake-up for each change, and that is all.
template <class Sync>
struct WakesOneAndNoMore : SpinPark<Sync> {
  using SpinPark<Sync>::SpinPark;
  void wake_another(const auto& /*ready*/) {}
};
template <class T, class Sync = StdSync>
using LosesTheSecondWakeUp = BlockingQueue<T, MpmcRing<T, Sync>, WakesOneAndNoMore<Sync>, Sync>;

/// A close that does not make sure that it sees the pushes in progress.
template <class Sync>
struct NoHeavyFence : Sync {
  static void fence_heavy() {}
};
template <class T, class Sync = StdSync>
using ClosesWithoutAFence =
    BlockingQueue<T, SpscRing<T, NoHeavyFence<Sync>>, Spin<NoHeavyFence<Sync>>, NoHeavyFence<Sync>>;

/// Once closed, answers closed where it should answer busy: a push in progress has yet to write its
/// message.
template <class T, class Sync>
struct SpscRingWithoutBusy : SpscRing<T, Sync> {
  using SpscRing<T, Sync>::SpscRing;
  Status try_pop(std::optional<T>& out) {
    const Status status = SpscRing<T, Sync>::try_pop(out);
    return status == Status::busy ? Status::closed : status;
  }
};
template <class T, class Sync = StdSync>
using EndsBesideAPush = BlockingQueue<T, SpscRingWithoutBusy<T, Sync>, SpinPark<Sync>, Sync>;

/// Looks before it enlists, and not after.
template <class Sync>
struct EnlistsTooLate {
  static constexpr std::string_view label = "park";
  static constexpr Timed timed = Timed::none;
  explicit EnlistsTooLate(const char* name) : changes(name) {}
  Status await(const auto& /*ready*/, const auto& attempt, const auto& timeout) {
    for (;;) {
      const Status status = attempt();
      if (bq::detail::is_decided(status)) return status;
      changes.enlist();
      changes.sleep(timeout);
    }
  }
  void wake_one() { changes.wake_one(); }
  void wake_all() { changes.wake_all(); }
  void wake_another(const auto& ready) {
    if (changes.anybody_asleep() && ready()) changes.wake_one();
  }
  EventCount<Sync> changes;
};
template <class T, class Sync = StdSync>
using LooksBeforeItEnlists = BlockingQueue<T, MpmcRing<T, Sync>, EnlistsTooLate<Sync>, Sync>;

}  // namespace bq::test
