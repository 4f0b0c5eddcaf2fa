// The classic bounded buffer with a short spin: a call that would have to wait spins for a moment
// before it sleeps.
//
// What:    two_condvar.h, but a push that finds the queue full (a pop that finds it empty) first
//          polls the size without the lock for up to Sync::spin_limit rounds, about the cost of
//          going to sleep and being woken. Spinning threads are not counted as sleepers: the other
//          side need not wake them, and saves the system call.
// Use it:  where both sides keep pace, so that waits are mostly shorter than a wake-up; where there
//          are idle cores.
// Not:     where waits are long: each spins in vain and then sleeps anyway. With more busy threads
//          than cores a spin can keep the awaited thread from running: with four threads a side on
//          two cores this queue has 0.8 to 0.9 times the overhead of two_condvar.h, but five to
//          seven times that of a ring that also yields.
// Source:  A. R. Karlin et al., "Empirical Studies of Competitive Spinning", SOSP 1991: spinning
//          for as long as blocking costs is never worse than twice the optimum.
// Waiting: spin, then condition variables with notify_one after the unlock. Progress: blocking; a
// thread stopped while it holds the lock blocks all others. Ordering: the values that a spinning
// thread reads are hints, relaxed on both sides; the call checks again under the
//          mutex.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

#include "queues/detail/blocking_calls.h"
#include "queues/detail/ring_storage.h"

namespace bq {

template <class T, class Sync = StdSync>
class SpinThenBlockQueue : public detail::Calls<SpinThenBlockQueue<T, Sync>, T, Sync> {
  friend detail::Calls<SpinThenBlockQueue, T, Sync>;

 public:
  static constexpr Traits traits{.timed = Timed::yes, .waiting = "spin, then condvar"};

  explicit SpinThenBlockQueue(std::size_t capacity) : ring_(checked_capacity(capacity)) {}

  void close() {
    const Lock lock(mutex_);
    closed_.store(true, std::memory_order_relaxed);
    not_full_.wake_all();
    not_empty_.wake_all();
  }
  bool is_closed() const { return closed_.load(std::memory_order_relaxed); }
  std::size_t capacity() const { return ring_.capacity(); }
  std::size_t size_approx() const { return size_.load(std::memory_order_relaxed); }

 private:
  using Lock = std::unique_lock<typename Sync::mutex>;

  Status push_with(T&& value, const auto& timeout) {
    spin_while(timeout, [&] { return size_approx() == capacity() && !is_closed(); });
    Lock lock(mutex_);
    while (ring_.full() && !is_closed()) {
      if (!timeout.sleep(not_full_, lock)) return Status::timeout;
    }
    if (is_closed()) return Status::closed;
    not_full_.try_or_pass_on([&] { ring_.push_back(std::move(value)); });
    size_.store(ring_.size(), std::memory_order_relaxed);
    not_empty_.unlock_and_wake_one(lock);
    return Status::done;
  }

  Status pop_with(std::optional<T>& out, const auto& timeout) {
    spin_while(timeout, [&] { return size_approx() == 0 && !is_closed(); });
    Lock lock(mutex_);
    while (ring_.empty()) {
      if (is_closed()) return Status::closed;
      if (!timeout.sleep(not_empty_, lock)) return Status::timeout;
    }
    not_empty_.try_or_pass_on([&] { ring_.pop_front(out); });
    size_.store(ring_.size(), std::memory_order_relaxed);
    not_full_.unlock_and_wake_one(lock);
    return Status::done;
  }

  static void spin_while(const auto& timeout, auto would_wait) {
    if (!would_wait() || !timeout.has_time_left()) return;
    const unsigned limit{Sync::spin_limit};
    for (unsigned round = 0; round < limit && would_wait(); ++round) Sync::relax();
  }

  mutable typename Sync::mutex mutex_{"mutex"};
  RingStorage<T, Sync> ring_;
  detail::CountedSignal<Sync> not_full_{"not_full"};
  detail::CountedSignal<Sync> not_empty_{"not_empty"};
  // Written under the mutex, on a cache line of their own: spinning threads read them repeatedly.
  alignas(cache_line_bytes) typename Sync::template atomic<std::size_t> size_{0, "size"};
  typename Sync::template atomic<bool> closed_{false, "closed"};
};

}  // namespace bq
