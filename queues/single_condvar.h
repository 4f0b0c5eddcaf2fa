// The shortest correct queue: one mutex, one condition variable, and every change wakes all
// waiters.
//
// What:    a ring under a mutex. Producers and consumers sleep on the same condition variable, so
//          each change must wake all of them: notify_one might pick a thread of the wrong side, and
//          the right one would sleep on.
// Use it:  to measure the cost of a thundering herd; where there are few threads and the code must
//          fit on half a page.
// Not:     with many threads: each message then wakes all sleepers, of which one can proceed.
// Source:  folklore; Java's synchronized / wait / notifyAll.
// Waiting: one condition variable, notify_all after the unlock.
// Progress: blocking; a thread stopped while it holds the lock blocks all others.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

#include "queues/detail/blocking_calls.h"
#include "queues/detail/ring_storage.h"

namespace bq {

template <class T, class Sync = StdSync>
class SingleCondvarQueue : public detail::Calls<SingleCondvarQueue<T, Sync>, T, Sync> {
  friend detail::Calls<SingleCondvarQueue, T, Sync>;

 public:
  static constexpr Traits traits{.timed = Timed::yes, .waiting = "condvar, notify_all"};

  explicit SingleCondvarQueue(std::size_t capacity) : ring_(checked_capacity(capacity)) {}

  void close() {
    {
      const Lock lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }
  bool is_closed() const {
    const Lock lock(mutex_);
    return closed_;
  }
  std::size_t capacity() const { return ring_.capacity(); }
  std::size_t size_approx() const {
    const Lock lock(mutex_);
    return ring_.size();
  }

 private:
  using Lock = std::unique_lock<typename Sync::mutex>;

  Status push_with(T&& value, const auto& timeout) {
    {
      Lock lock(mutex_);
      while (ring_.full() && !closed_) {
        if (!timeout.sleep(changed_, lock)) return Status::timeout;
      }
      if (closed_) return Status::closed;
      ring_.push_back(std::move(value));
    }
    changed_.notify_all();
    return Status::done;
  }

  Status pop_with(std::optional<T>& out, const auto& timeout) {
    {
      Lock lock(mutex_);
      while (ring_.empty()) {
        if (closed_) return Status::closed;
        if (!timeout.sleep(changed_, lock)) return Status::timeout;
      }
      ring_.pop_front(out);
    }
    changed_.notify_all();
    return Status::done;
  }

  mutable typename Sync::mutex mutex_{"mutex"};
  RingStorage<T, Sync> ring_;
  bool closed_ = false;
  typename Sync::condition_variable changed_{"changed"};
};

}  // namespace bq
