// Queues with one fault each, all of them faults that have been made: what the contract suite is
// worth is how many it finds. The sources beside this name the test that finds each.
#pragma once

#include <semaphore.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "queues/detail/blocking_calls.h"
#include "queues/mpmc_ring.h"
#include "queues/semaphore.h"
#include "queues/spsc_ring.h"

namespace bq::test {

enum class Fault {
  none,                     ///< the others' base: it passes every test
  consumers_not_woken,      ///< a push wakes nobody
  producers_not_woken,      ///< a pop wakes nobody
  wakes_on_first_only,      ///< a push wakes a consumer only if the queue was empty
  trusts_its_wake_up,       ///< `if` in the place of `while`: whoever is woken does not look again
  sleeps_after_a_gap,       ///< gives up the lock between the look and the sleep
  one_too_many,             ///< holds capacity + 1
  close_wakes_one,          ///< of each side
  close_forgets_producers,  ///< wakes the consumers only
  ends_before_drained,      ///< a closed queue has no messages any more
  moves_before_it_looks,    ///< a refused value is gone
  last_in_first_out,        ///< a stack
  leaks,                    ///< does not destroy what is left
  early_timeout,            ///< gives up half way to its deadline
  moves_before_timeout,     ///< a value whose push times out is gone
  past_deadline_waits,      ///< a moment, though the time is over
  counts_before_moving,     ///< a move that throws leaves a message that is not there
  throws_its_wake_up_away,  ///< a waiter that throws was the only one to be woken
  adds_to_positions,        ///< compares tail with head + capacity, which overflows
  misaligned,               ///< storage of bytes, aligned as bytes
  unlocked_size,            ///< size_approx() reads without the lock
  /// A thread stopped inside the lock holds up others, the label says it does not.
  lies_about_stalls,
};

/// One mutex, two condition variables, a ring of positions that only grow; and a fault.
template <class T, class Sync, Fault fault>
class FaultyLockedQueue : public bq::detail::Calls<FaultyLockedQueue<T, Sync, fault>, T, Sync> {
  friend bq::detail::Calls<FaultyLockedQueue, T, Sync>;
  static constexpr bool has(Fault f) { return f == fault; }

 public:
  static constexpr Traits traits{
      .timed = Timed::yes,
      .stall = has(Fault::lies_about_stalls) ? Stall::nobody : Stall::everyone,
      .waiting = "condvar"};

  explicit FaultyLockedQueue(std::size_t capacity, std::uint64_t first_turn = 0)
      : capacity_(checked_capacity(capacity)),
        bytes_(new std::byte[(capacity + 2) * sizeof(Slot) + alignof(Slot)]),
        head_(first_turn * capacity),
        tail_(head_) {
    void* first = bytes_.get();
    std::size_t space = (capacity + 2) * sizeof(Slot) + alignof(Slot);
    slots_ =
        static_cast<Slot*>(std::align(alignof(Slot), (capacity + 1) * sizeof(Slot), first, space));
    if (has(Fault::misaligned))
      slots_ = reinterpret_cast<Slot*>(reinterpret_cast<std::byte*>(slots_) + 8);
    std::uninitialized_default_construct_n(slots_, capacity + 1);
  }
  FaultyLockedQueue(const FaultyLockedQueue&) = delete;
  FaultyLockedQueue& operator=(const FaultyLockedQueue&) = delete;
  ~FaultyLockedQueue() {
    if (has(Fault::leaks)) return;
    while (head_ != tail_) slot(head_++).destroy();
    std::destroy_n(slots_, capacity_ + 1);
  }

  void close() {
    const Lock lock(mutex_);
    closed_ = true;
    if (has(Fault::close_wakes_one)) {
      not_full_.notify_one();
      not_empty_.notify_one();
      return;
    }
    if (!has(Fault::close_forgets_producers)) not_full_.notify_all();
    not_empty_.notify_all();
  }
  bool is_closed() const {
    const Lock lock(mutex_);
    return closed_;
  }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const {
    if (has(Fault::unlocked_size)) return size();
    const Lock lock(mutex_);
    return size();
  }

 private:
  using Slot = typename Sync::template slot<T>;
  using Lock = std::unique_lock<typename Sync::mutex>;

  std::size_t size() const { return tail_ - head_; }
  Slot& slot(std::uint64_t position) { return slots_[position % (capacity_ + 1)]; }
  bool is_full() const {
    if (has(Fault::one_too_many)) return size() > capacity_;
    if (has(Fault::adds_to_positions)) return tail_ >= head_ + capacity_;
    return size() >= capacity_;
  }
  bool has_ended() const { return closed_ && (has(Fault::ends_before_drained) || size() == 0); }

  /// Waits while `blocked`. False: the time was up.
  bool wait(auto& signal, Lock& lock, const auto& timeout, auto blocked) {
    while (blocked()) {
      if (has(Fault::sleeps_after_a_gap)) {
        lock.unlock();
        lock.lock();
      }
      if constexpr (requires { timeout.deadline; }) {
        auto wrong_timeout = timeout;
        if (has(Fault::early_timeout) && timeout.has_time_left())
          wrong_timeout.deadline -= (timeout.deadline - Sync::now()) / 2;
        if (has(Fault::past_deadline_waits))
          wrong_timeout.deadline = std::max(timeout.deadline, Sync::now() + std::chrono::hours(1));
        if (!wrong_timeout.sleep(signal, lock)) return false;
      } else if (!timeout.sleep(signal, lock)) {
        return false;
      }
      if (has(Fault::early_timeout) && blocked()) return false;
      if (has(Fault::trusts_its_wake_up)) return true;
    }
    return true;
  }
  void change(auto& signal, auto change) {
    try {
      change();
    } catch (...) {
      if (!has(Fault::throws_its_wake_up_away)) signal.notify_one();
      throw;
    }
  }

  Status push_with(T&& value, const auto& timeout) {
    if (!has(Fault::moves_before_it_looks) && !has(Fault::moves_before_timeout)) {
      return push_message(std::move(value), timeout);
    }
    std::optional<T> taken(std::move(value));
    const Status status = push_message(std::move(*taken), timeout);
    const Status loses_it = has(Fault::moves_before_it_looks) ? Status::closed : Status::timeout;
    if (status != Status::done && status != loses_it) {
      std::destroy_at(&value);
      std::construct_at(&value, std::move(*taken));
    }
    return status;
  }
  Status push_message(T&& value, const auto& timeout) {
    Lock lock(mutex_);
    if (!wait(not_full_, lock, timeout, [&] { return is_full() && !closed_; }))
      return Status::timeout;
    if (closed_) return Status::closed;
    const bool was_empty = size() == 0;
    change(not_full_, [&] {
      if (has(Fault::counts_before_moving)) {
        slot(tail_++).put(std::move(value));
      } else {
        slot(tail_).put(std::move(value));
        ++tail_;
      }
    });
    if (!has(Fault::consumers_not_woken) && (!has(Fault::wakes_on_first_only) || was_empty))
      not_empty_.notify_one();
    return Status::done;
  }

  Status pop_with(std::optional<T>& out, const auto& timeout) {
    Lock lock(mutex_);
    if (!wait(not_empty_, lock, timeout, [&] { return size() == 0 && !closed_; }))
      return Status::timeout;
    if (has_ended()) return Status::closed;
    change(not_empty_, [&] {
      if (has(Fault::last_in_first_out)) {
        slot(tail_ - 1).take(out);
        --tail_;
      } else {
        slot(head_).take(out);
        ++head_;
      }
    });
    if (!has(Fault::producers_not_woken)) not_full_.notify_one();
    return Status::done;
  }

  const std::size_t capacity_;
  const std::unique_ptr<std::byte[]> bytes_;
  Slot* slots_;
  mutable typename Sync::mutex mutex_{"mutex"};
  typename Sync::condition_variable not_full_{"not_full"};
  typename Sync::condition_variable not_empty_{"not_empty"};
  std::uint64_t head_;
  std::uint64_t tail_;
  bool closed_ = false;
};

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
template <class T, class Sync>
struct FlaggedRing : MpmcRing<T, Sync> {
  using MpmcRing<T, Sync>::MpmcRing;
  Status try_push(T& value) {
    return is_closed() ? Status::closed : MpmcRing<T, Sync>::try_push(value);
  }
  Status try_pop(std::optional<T>& out) {
    const bool closed = is_closed();
    const Status status = MpmcRing<T, Sync>::try_pop(out);
    return closed && status == Status::empty ? Status::closed : status;
  }
  bool can_pop() const { return is_closed() || MpmcRing<T, Sync>::can_pop(); }
  bool can_push() const { return is_closed() || MpmcRing<T, Sync>::can_push(); }
  void close() { flag.store(true); }
  bool is_closed() const { return flag.load(); }
  typename Sync::template atomic<bool> flag{false, "flag"};
};
template <class T, class Sync = StdSync>
using ClosesBesideTheTail = BlockingQueue<T, FlaggedRing<T, Sync>, SpinPark<Sync>, Sync>;

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
