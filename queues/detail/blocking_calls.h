// What the house queues share: the six calls of the contract from two, and a signal that knows its sleepers.
//
// push, try_push and try_push_until differ only in what they do where they would have to wait: so do pop and its kin.
// That difference is an object, the caller's *patience*; a queue writes each side once, as a function that takes one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "queues/sync.h"

namespace bq::detail {

/// The patience of push and pop: it never ends.
struct Patient {
  static constexpr bool waits = true;
  static bool lasts() { return true; }
  /// Sleeps on a condition variable. True: look again; false: give up.
  static bool sleep(auto& signal, auto& lock) {
    signal.wait(lock);
    return true;
  }
  /// Whether it got a permit.
  static bool acquire(auto& semaphore) {
    semaphore.acquire();
    return true;
  }
  /// Sleeps while the futex word is as expected. True: look again; false: give up.
  template <class Sync>
  static bool park(const auto& word, std::uint32_t expected) {
    Sync::futex_wait(word, expected);
    return true;
  }
};

/// The patience of try_push and try_pop: none.
struct Impatient {
  static constexpr bool waits = false;
  static bool lasts() { return false; }
  static bool sleep(auto& /*signal*/, auto& /*lock*/) { return false; }
  static bool acquire(auto& semaphore) { return semaphore.try_acquire(); }
};

/// The patience of try_push_until and try_pop_until.
template <class Sync>
struct PatientUntil {
  static constexpr bool waits = true;
  Deadline deadline;

  bool lasts() const { return Sync::now() < deadline; }
  /// Between its last look and the end of its time the caller has the lock: where that is the only one, what it saw
  /// still holds then.
  bool sleep(auto& signal, auto& lock) const {
    if (!lasts()) return false;
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
///   Status push_with(T&& value, const auto& patience)
///   Status pop_with(std::optional<T>& out, const auto& patience)
/// Both return done, closed, busy, or timeout: full (empty), and out of patience. With Patient, done or closed only.
template <class Queue, class T, class Sync>
class Calls {
 public:
  using value_type = T;

  bool push(T&& value) { return self().push_with(std::move(value), Patient{}) == Status::done; }
  Status try_push(T&& value) {
    const Status status = self().push_with(std::move(value), Impatient{});
    return status == Status::timeout ? Status::full : status;
  }
  // `Self` puts the question off until the queue is complete.
  template <class Self = Queue>
  requires(Self::traits.timed == Timed::yes) Status try_push_until(T&& value, Deadline deadline) {
    return self().push_with(std::move(value), PatientUntil<Sync>{deadline});
  }

  std::optional<T> pop() {
    std::optional<T> out;
    self().pop_with(out, Patient{});
    return out;
  }
  Status pop(std::optional<T>& out) {
    const Status status = self().pop_with(out, Patient{});
    if (status != Status::done) [[unlikely]]
      out.reset();
    return status;
  }
  Status try_pop(std::optional<T>& out) {
    const Status status = self().pop_with(out, Impatient{});
    return status == Status::timeout ? Status::empty : status;
  }
  template <class Self = Queue>
  requires(Self::traits.timed == Timed::yes) Status try_pop_until(std::optional<T>& out, Deadline deadline) {
    return self().pop_with(out, PatientUntil<Sync>{deadline});
  }

 private:
  Queue& self() { return static_cast<Queue&>(*this); }
};

/// A condition variable that counts its sleepers, so that signalling nobody costs a comparison. Every member but the
/// constructor needs the queue's lock; the count is exact then: who is not counted has yet to look at the queue.
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

  /// Unlocks and wakes a sleeper, if there was one; in this order, or it would wake only to wait for the lock. Nobody
  /// is missed in between: a thread that comes to sleep after the unlock has seen the change.
  void unlock_and_wake_one(Lock& lock) {
    const bool anybody = sleepers_ > 0;
    lock.unlock();
    if (anybody) signal_.notify_one();
  }
  void wake_all() { signal_.notify_all(); }

  /// Makes a change that may throw, after a wait on this signal. If it does, the wake-up that brought us here, and with
  /// it the room or the message that it stood for, is passed on to the next sleeper.
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
