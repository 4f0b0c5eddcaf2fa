// One lock for each end: producers exclude one another, and so do consumers, but the two sides run
// in parallel.
//
// What:    a ring whose tail is guarded by one mutex and whose head by another. The two sides share
//          only an atomic count of messages. Signals cascade: a push that leaves room wakes the
//          next producer itself, so a pop wakes a producer only if it found the ring full, and the
//          other way round. Only then does a call take the other side's lock.
// Use it:  with several busy threads a side at a large capacity.
// Not:     at small capacities, where one side is always full or empty and each call takes both
//          locks.
// Source:  M. Michael, M. Scott, "Simple, Fast, and Practical Non-Blocking and Blocking Concurrent
//          Queue Algorithms", PODC 1996 (the two-lock queue); D. Lea's
//          java.util.concurrent.LinkedBlockingQueue (the count and the cascade). A ring replaces
//          the list, since the bound is known.
// Waiting: condition variables, notify_one. Progress: blocking; a thread stopped while it holds a
// lock blocks its own side, and in the end all threads. Ordering: the count carries the order from
// side to side: a push increments it with release and a pop reads it with
//          acquire; a pop decrements it with release and a push reads it with acquire.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "queues/detail/blocking_calls.h"

namespace bq {

template <class T, class Sync = StdSync>
class TwoLockQueue : public detail::Calls<TwoLockQueue<T, Sync>, T, Sync> {
  friend detail::Calls<TwoLockQueue, T, Sync>;

 public:
  static constexpr Traits traits{.timed = Timed::yes, .waiting = "condvar"};

  explicit TwoLockQueue(std::size_t capacity)
      : capacity_(checked_capacity(capacity)), slots_(new Slot[capacity]) {}
  TwoLockQueue(const TwoLockQueue&) = delete;
  TwoLockQueue& operator=(const TwoLockQueue&) = delete;
  ~TwoLockQueue() {
    for (std::size_t left = size_approx(); left > 0; --left)
      slots_[std::exchange(head_.index, next(head_.index))].destroy();
  }

  void close() {
    // Under both locks, so that no push and no pop is in progress. The only place that holds both.
    const Lock tail_lock(tail_.mutex);
    const Lock head_lock(head_.mutex);
    closed_.store(true, std::memory_order_relaxed);
    tail_.waiters.wake_all();
    head_.waiters.wake_all();
  }
  bool is_closed() const { return closed_.load(std::memory_order_relaxed); }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const { return size_.load(std::memory_order_acquire); }

 private:
  using Slot = typename Sync::template slot<T>;
  using Lock = std::unique_lock<typename Sync::mutex>;

  struct alignas(cache_line_bytes) End {
    End(const char* mutex_name, const char* waiters_name)
        : mutex(mutex_name), waiters(waiters_name) {}
    typename Sync::mutex mutex;
    detail::CountedSignal<Sync> waiters;
    std::size_t index = 0;
  };

  std::size_t next(std::size_t index) const { return index + 1 == capacity_ ? 0 : index + 1; }

  Status push_with(T&& value, const auto& timeout) {
    Lock lock(tail_.mutex);
    while (size_approx() == capacity_ && !is_closed()) {
      // Pops do not take this lock: what was seen before the deadline may have changed since.
      const bool last_look = !timeout.has_time_left();
      if (last_look && size_approx() == capacity_ && !is_closed()) return Status::timeout;
      if (!last_look) timeout.sleep(tail_.waiters, lock);
    }
    if (is_closed()) return Status::closed;
    tail_.waiters.try_or_pass_on([&] { slots_[tail_.index].put(std::move(value)); });
    tail_.index = next(tail_.index);
    const std::size_t size_before = size_.fetch_add(1, std::memory_order_acq_rel);
    if (size_before + 1 < capacity_) {
      tail_.waiters.unlock_and_wake_one(lock);
    } else {
      lock.unlock();
    }
    if (size_before == 0) wake_one_at(head_);
    return Status::done;
  }

  Status pop_with(std::optional<T>& out, const auto& timeout) {
    Lock lock(head_.mutex);
    while (size_approx() == 0) {
      if (is_closed()) return Status::closed;
      const bool last_look = !timeout.has_time_left();
      if (last_look && size_approx() == 0) return is_closed() ? Status::closed : Status::timeout;
      if (!last_look) timeout.sleep(head_.waiters, lock);
    }
    head_.waiters.try_or_pass_on([&] { slots_[head_.index].take(out); });
    head_.index = next(head_.index);
    const std::size_t size_before = size_.fetch_sub(1, std::memory_order_acq_rel);
    if (size_before > 1) {
      head_.waiters.unlock_and_wake_one(lock);
    } else {
      lock.unlock();
    }
    if (size_before == capacity_) wake_one_at(tail_);
    return Status::done;
  }

  /// Takes the lock of that end: a waiter has then either seen the new size, or is asleep.
  static void wake_one_at(End& end) {
    Lock lock(end.mutex);
    end.waiters.unlock_and_wake_one(lock);
  }

  const std::size_t capacity_;
  const std::unique_ptr<Slot[]> slots_;
  End tail_{"tail_mutex", "not_full"};
  End head_{"head_mutex", "not_empty"};
  alignas(cache_line_bytes) typename Sync::template atomic<std::size_t> size_{0, "size"};
  // Written under both locks.
  typename Sync::template atomic<bool> closed_{false, "closed"};
};

}  // namespace bq
