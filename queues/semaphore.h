// The queue of operating-systems courses: one semaphore counts free slots, one counts messages, a
// mutex guards the ring.
//
// What:    push takes a slot permit, stores under the mutex, and releases an item permit; pop is
//          the mirror image. All waiting is in the semaphores, which let exactly as many threads
//          through as can proceed: no thundering herd, no lost wake-up. close() adds one permit to
//          each semaphore that nobody keeps: a thread that takes it finds the queue closed
//          (drained), releases it again and returns, so that it passes through all current and
//          later waiters.
// Use it:  where most messages need a wake-up anyway; with many waiters a side.
// Not:     where calls rarely wait: each still pays for two permits and the mutex.
// Source:  E. W. Dijkstra, "Cooperating Sequential Processes", 1965. The closing permit is an
//          addition.
// Waiting: semaphores, of the standard library or of POSIX. They differ in cost and in timed waits:
// see sync.h. Progress: blocking; a thread stopped while it holds the lock blocks all others, one
// stopped between the permits blocks
//          one slot.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

#include "queues/detail/blocking_calls.h"
#include "queues/detail/ring_storage.h"

namespace bq {

namespace detail {

template <class T, class Sync, class Semaphore>
class PermitQueue : public Calls<PermitQueue<T, Sync, Semaphore>, T, Sync> {
  friend Calls<PermitQueue, T, Sync>;
  static constexpr std::size_t max_capacity = Semaphore::max - 1;  // one is the closing permit

 public:
  static constexpr Traits traits{.capacities = Capacities::range,
                                 .max_capacity = max_capacity,
                                 .timed = Timed::yes,
                                 .waiting = "semaphore",
                                 .defect = Semaphore::defect};

  explicit PermitQueue(std::size_t capacity)
      : ring_(checked_capacity(capacity, max_capacity)),
        slots_(static_cast<std::ptrdiff_t>(capacity), "slots") {}

  void close() {
    {
      const Lock lock(mutex_);
      if (std::exchange(closed_, true)) return;
    }
    slots_.release();
    items_.release();
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

  /// A permit that is released again unless it was used: for the closing permit, and for a move
  /// that throws.
  struct Permit {
    Semaphore& semaphore;
    bool used = false;
    ~Permit() {
      if (!used) semaphore.release();
    }
  };

  Status push_with(T&& value, const auto& timeout) {
    if (!timeout.acquire(slots_)) {
      const Lock lock(mutex_);
      if (closed_) return Status::closed;
      // busy: another thread has a permit and has yet to use it
      return ring_.full() ? Status::timeout : Status::busy;
    }
    Permit slot{slots_};
    {
      const Lock lock(mutex_);
      if (closed_) return Status::closed;
      ring_.push_back(std::move(value));
    }
    slot.used = true;
    items_.release();
    return Status::done;
  }

  Status pop_with(std::optional<T>& out, const auto& timeout) {
    if (!timeout.acquire(items_)) {
      const Lock lock(mutex_);
      if (!ring_.empty()) return Status::busy;
      return closed_ ? Status::closed : Status::timeout;
    }
    Permit item{items_};
    {
      const Lock lock(mutex_);
      if (ring_.empty()) return Status::closed;  // only the closing permit comes without a message
      ring_.pop_front(out);
    }
    item.used = true;
    slots_.release();
    return Status::done;
  }

  mutable typename Sync::mutex mutex_{"mutex"};
  RingStorage<T, Sync> ring_;
  bool closed_ = false;
  Semaphore slots_;
  Semaphore items_{0, "items"};
};

}  // namespace detail

/// On std::counting_semaphore.
template <class T, class Sync = StdSync>
using SemaphoreQueue = detail::PermitQueue<T, Sync, typename Sync::semaphore>;

/// On sem_t.
template <class T, class Sync = StdSync>
using PosixSemaphoreQueue = detail::PermitQueue<T, Sync, typename Sync::posix_semaphore>;

}  // namespace bq
