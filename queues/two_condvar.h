// The classic bounded buffer: one mutex, a condition variable for each side.
//
// What:    a ring under a mutex; producers sleep on not_full, consumers on not_empty. A push wakes
//          one consumer and a pop one producer, and only if one sleeps: the count of sleepers is
//          kept under the mutex.
// Use it:  as the default. It is short, exact in all it promises, burns no CPU while it waits, and
//          can be verified by reading it.
// Not:     where millions of messages a second pass (every call takes the one lock), or where both
//          sides keep pace and capacity is small: each side then sleeps for every message (see
//          spin_then_block.h).
// Source:  C. A. R. Hoare, "Monitors", CACM 17(10), 1974; java.util.concurrent.ArrayBlockingQueue.
// Waiting: condition variables, notify_one after the unlock.
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
class TwoCondvarQueue : public detail::Calls<TwoCondvarQueue<T, Sync>, T, Sync> {
  friend detail::Calls<TwoCondvarQueue, T, Sync>;

 public:
  static constexpr Traits traits{.timed = Timed::yes, .waiting = "condvar"};

  explicit TwoCondvarQueue(std::size_t capacity) : ring_(checked_capacity(capacity)) {}

  void close() {
    const Lock lock(mutex_);
    closed_ = true;
    not_full_.wake_all();
    not_empty_.wake_all();
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
    Lock lock(mutex_);
    while (ring_.full() && !closed_) {
      if (!timeout.sleep(not_full_, lock)) return Status::timeout;
    }
    if (closed_) return Status::closed;
    not_full_.try_or_pass_on([&] { ring_.push_back(std::move(value)); });
    not_empty_.unlock_and_wake_one(lock);
    return Status::done;
  }

  Status pop_with(std::optional<T>& out, const auto& timeout) {
    Lock lock(mutex_);
    while (ring_.empty()) {
      if (closed_) return Status::closed;
      if (!timeout.sleep(not_empty_, lock)) return Status::timeout;
    }
    not_empty_.try_or_pass_on([&] { ring_.pop_front(out); });
    not_full_.unlock_and_wake_one(lock);
    return Status::done;
  }

  mutable typename Sync::mutex mutex_{"mutex"};
  RingStorage<T, Sync> ring_;
  bool closed_ = false;
  detail::CountedSignal<Sync> not_full_{"not_full"};
  detail::CountedSignal<Sync> not_empty_{"not_empty"};
};

}  // namespace bq
