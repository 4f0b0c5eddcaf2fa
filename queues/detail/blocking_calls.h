// What the project's own queues share: the six calls of the contract made from two, and a condition
// variable that counts its sleepers.
//
// push, try_push and try_push_until differ only in how long they wait; so do pop, try_pop and
// try_pop_until. That difference is an object, the *timeout policy* of the call. A queue writes
// each side once, as a function that takes one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "queues/sync.h"

namespace bq::detail {

/// The timeout policy of push and pop: wait for ever.
struct WaitForever {
  static constexpr bool waits = true;
  static bool has_time_left() { return true; }
  /// Sleeps on a condition variable. True: check again; false: give up.
  static bool sleep(auto& signal, auto& lock) {
    signal.wait(lock);
    return true;
  }
  /// True if it got a permit.
  static bool acquire(auto& semaphore) {
    semaphore.acquire();
    return true;
  }
  /// Sleeps while the futex word is as expected. True: check again; false: give up.
  template <class Sync>
  static bool park(const auto& word, std::uint32_t expected) {
    Sync::futex_wait(word, expected);
    return true;
  }
};

/// The timeout policy of try_push and try_pop: do not wait.
struct DoNotWait {
  static constexpr bool waits = false;
  static bool has_time_left() { return false; }
  static bool sleep(auto& /*signal*/, auto& /*lock*/) { return false; }
  static bool acquire(auto& semaphore) { return semaphore.try_acquire(); }
};

/// The timeout policy of try_push_until and try_pop_until: wait until a deadline.
template <class Sync>
struct WaitUntil {
  static constexpr bool waits = true;
  Deadline deadline;

  bool has_time_left() const { return Sync::now() < deadline; }
  /// The caller holds the lock from its last check until the deadline passes. In a queue with one
  /// lock, what it saw still holds then.
  bool sleep(auto& signal, auto& lock) const {
    if (!has_time_left()) return false;
    signal.wait_until(lock, deadline);
    return true;
  }
  bool acquire(auto& semaphore) const { return semaphore.try_acquire_until(deadline); }
  template <class>
  bool park(const auto& word, std::uint32_t expected) const {
    return Sync::futex_wait_until(word, expected, deadline);
  }
};

/// The calls of a queue that befriends this base and implements
///   Status push_with(T&& value, const auto& timeout)
///   Status pop_with(std::optional<T>& out, const auto& timeout)
/// Both return done, closed, busy, or timeout: full (empty) when the time was up. With WaitForever,
/// done or closed only.
template <class Queue, class T, class Sync>
class Calls {
 public:
  using value_type = T;

  bool push(T&& value) { return self().push_with(std::move(value), WaitForever{}) == Status::done; }
  // `Self` delays the check of the constraint until the queue's class is complete.
  template <class Self = Queue>
  requires(Self::traits.tries == Tries::yes) Status try_push(T&& value) {
    const Status status = self().push_with(std::move(value), DoNotWait{});
    return status == Status::timeout ? Status::full : status;
  }
  template <class Self = Queue>
  requires(Self::traits.timed == Timed::yes) Status try_push_until(T&& value, Deadline deadline) {
    return self().push_with(std::move(value), WaitUntil<Sync>{deadline});
  }

  std::optional<T> pop() {
    std::optional<T> out;
    self().pop_with(out, WaitForever{});
    return out;
  }
  Status pop(std::optional<T>& out) {
    const Status status = self().pop_with(out, WaitForever{});
    if (status != Status::done) [[unlikely]]
      out.reset();
    return status;
  }
  template <class Self = Queue>
  requires(Self::traits.tries == Tries::yes) Status try_pop(std::optional<T>& out) {
    const Status status = self().pop_with(out, DoNotWait{});
    return status == Status::timeout ? Status::empty : status;
  }
  template <class Self = Queue>
  requires(Self::traits.timed == Timed::yes) Status
      try_pop_until(std::optional<T>& out, Deadline deadline) {
    return self().pop_with(out, WaitUntil<Sync>{deadline});
  }

 private:
  Queue& self() { return static_cast<Queue&>(*this); }
};

/// A condition variable that counts its sleepers, so that a signal costs one comparison when nobody
/// sleeps. Every member but the constructor requires the queue's lock. The count is exact then: a
/// thread that is not counted has yet to check the queue.
template <class Sync>
class CountedSignal {
 public:
  using Lock = std::unique_lock<typename Sync::mutex>;

  explicit CountedSignal(const char* name) : signal_(name) {}

  void wait(Lock& lock) {
    ++sleepers_;
    signal_.wait(lock);
    --sleepers_;
  }
  void wait_until(Lock& lock, Deadline deadline) {
    ++sleepers_;
    signal_.wait_until(lock, deadline);
    --sleepers_;
  }

  /// Unlocks and then wakes a sleeper, if there was one. In the other order it would wake only to
  /// wait for the lock. No sleeper is missed in between: a thread that goes to sleep after the
  /// unlock has seen the change.
  void unlock_and_wake_one(Lock& lock) {
    const bool anybody = sleepers_ > 0;
    lock.unlock();
    if (anybody) signal_.notify_one();
  }
  void wake_all() { signal_.notify_all(); }

  /// Makes a change that may throw, after a wait on this signal. If it throws, the wake-up that the
  /// caller consumed goes to the next sleeper, so that the free slot or the message behind it is
  /// not left unused.
  void try_or_pass_on(auto change) {
    try {
      change();
    } catch (...) {
      signal_.notify_one();
      throw;
    }
  }

 private:
  typename Sync::condition_variable signal_;
  std::size_t sleepers_ = 0;
};

}  // namespace bq::detail
