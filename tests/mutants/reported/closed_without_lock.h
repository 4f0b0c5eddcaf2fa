// close() sets a flag and wakes everybody without the lock under which a waiter looks at the flag
// and falls asleep. A waiter between the two is not woken, and sleeps for ever.
//
// Source: after jbaldwin/libcoro#399, a semaphore whose shutdown raced with an acquire that was
// about to suspend itself.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

#include "queues/detail/blocking_calls.h"
#include "queues/detail/ring_storage.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class ClosedWithoutLock : public bq::detail::Calls<ClosedWithoutLock<T, Sync, is_faulty>, T, Sync> {
  friend bq::detail::Calls<ClosedWithoutLock, T, Sync>;
  using Lock = std::unique_lock<typename Sync::mutex>;

 public:
  static constexpr Traits traits{.timed = Timed::yes, .waiting = "condvar, notify_all"};

  explicit ClosedWithoutLock(std::size_t capacity) : ring_(checked_capacity(capacity)) {}

  void close() {
    {
      Lock lock(mutex_, std::defer_lock);
      if constexpr (!is_faulty) lock.lock();
      closed_.store(true, std::memory_order_release);
    }
    changed_.notify_all();
  }
  bool is_closed() const { return closed_.load(std::memory_order_acquire); }
  std::size_t capacity() const { return ring_.capacity(); }
  std::size_t size_approx() const {
    const Lock lock(mutex_);
    return ring_.size();
  }

 private:
  Status push_with(T&& value, const auto& timeout) {
    Lock lock(mutex_);
    while (!is_closed() && ring_.full()) {
      if (!timeout.sleep(changed_, lock)) return Status::timeout;
    }
    if (is_closed()) return Status::closed;
    ring_.push_back(std::move(value));
    lock.unlock();
    changed_.notify_all();
    return Status::done;
  }
  Status pop_with(std::optional<T>& out, const auto& timeout) {
    Lock lock(mutex_);
    while (ring_.empty()) {
      if (is_closed()) return Status::closed;
      if (!timeout.sleep(changed_, lock)) return Status::timeout;
    }
    ring_.pop_front(out);
    lock.unlock();
    changed_.notify_all();
    return Status::done;
  }

  mutable typename Sync::mutex mutex_{"mutex"};
  RingStorage<T, Sync> ring_;
  typename Sync::template atomic<bool> closed_{false, "closed"};
  typename Sync::condition_variable changed_{"changed"};
};

}  // namespace bq::test::reported
