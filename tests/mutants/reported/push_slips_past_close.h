// A push looks whether the queue is closed and then waits for the lock of the ring. If the queue is
// closed meanwhile, and consumers have been told the end, it still writes its message and returns
// true: nobody takes the message. The label says that close() is exact; it is so only while no push
// runs.
//
// Source: andreiavrammsd/cpp-channel#30, where the flag was checked before the lock was taken. The
// ring, as one of a library, does not synchronise through Sync, so only threads that run at once
// show the fault.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

#include "queues/detail/blocking_queue.h"
#include "queues/detail/ring_storage.h"

namespace bq::test::reported {

template <class T, bool is_faulty>
class LockedLibraryRing {
  using Lock = std::lock_guard<std::mutex>;

 public:
  static constexpr Traits traits{.element = Element::nothrow_movable};

  explicit LockedLibraryRing(std::size_t capacity) : ring_(checked_capacity(capacity)) {}

  Status try_push(T& value) {
    if (is_faulty && closed_.load()) return Status::closed;
    const Lock lock(mutex_);
    if (!is_faulty && closed_.load()) return Status::closed;
    if (ring_.full()) return Status::full;
    ring_.push_back(std::move(value));
    return Status::done;
  }
  Status try_pop(std::optional<T>& out) {
    const Lock lock(mutex_);
    if (ring_.empty()) return closed_.load() ? Status::closed : Status::empty;
    ring_.pop_front(out);
    return Status::done;
  }
  bool can_push() const {
    const Lock lock(mutex_);
    return closed_.load() || !ring_.full();
  }
  bool can_pop() const {
    const Lock lock(mutex_);
    return closed_.load() || !ring_.empty();
  }
  void close() {
    const Lock lock(mutex_);
    closed_.store(true);
  }
  bool is_closed() const { return closed_.load(); }
  std::size_t capacity() const { return ring_.capacity(); }
  std::size_t size_approx() const {
    const Lock lock(mutex_);
    return ring_.size();
  }

 private:
  mutable std::mutex mutex_;
  RingStorage<T, StdSync> ring_;
  std::atomic<bool> closed_{false};
};

template <class T, class Sync = StdSync, bool is_faulty = true>
using PushSlipsPastClose = BlockingQueue<T, LockedLibraryRing<T, is_faulty>, Park<Sync>, Sync>;

}  // namespace bq::test::reported
