// The operating-systems course's queue: one semaphore counts free slots, one counts messages, a mutex guards the ring.
//
// What:    push takes a slot permit, stores under the mutex, and releases an item permit; pop is the mirror image.
//          Waiting is all in the semaphores, which let exactly as many threads through as can go on: no herd, no lost
//          wake-up. close() adds one permit to each semaphore, which nobody keeps: whoever takes it finds the queue
//          closed (drained), hands it on and leaves, so that it passes through all who wait, and through all who come
//          later.
// Use it:  where a message a wake-up is the rule; with many waiters a side.
// Not:     where calls rarely wait: each pays two atomic permits and the mutex all the same.
// Source:  E. W. Dijkstra, "Cooperating Sequential Processes", 1965. The closing permit is the one thing added.
// Waiting: semaphores, of the standard library or of POSIX. They differ more than one would think: see sync.h.
// Progress: blocking; a thread stopped inside the lock holds up everyone, one stopped between the permits holds up one
//          slot.
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
  static constexpr std::size_t max_capacity = Semaphore::max - 1;  // and the closing permit

 public:
  static constexpr Traits traits{.capacities = Capacities::range,
                                 .max_capacity = max_capacity,
                                 .timed = Timed::yes,
                                 .waiting = "semaphore",
                                 .defect = Semaphore::defect};

  explicit PermitQueue(std::size_t capacity)
      : ring_(checked_capacity(capacity, max_capacity)), slots_(static_cast<std::ptrdiff_t>(capacity), "slots") {}

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

  /// A permit that goes back unless it was used: for the closing permit, and for a move that throws.
  struct Permit {
    Semaphore& semaphore;
    bool used = false;
    ~Permit() {
      if (!used) semaphore.release();
    }
  };

  Status push_with(T&& value, const auto& patience) {
    if (!patience.acquire(slots_)) {
      const Lock lock(mutex_);
      if (closed_) return Status::closed;
      return ring_.full() ? Status::timeout : Status::busy;  // busy: somebody has a permit, and has yet to use it
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

  Status pop_with(std::optional<T>& out, const auto& patience) {
    if (!patience.acquire(items_)) {
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
