// What many of the reported faults are put into: a ring under one mutex, with a condition variable
// for each side.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

#include "queues/detail/blocking_calls.h"
#include "queues/detail/ring_storage.h"

namespace bq::test::reported {

/// A correct queue. A mutant derives from it and replaces a call or the ring. `Ring` offers what
/// RingStorage does.
template <class Queue, class T, class Sync, class Ring = RingStorage<T, Sync>>
class Locked : public bq::detail::Calls<Queue, T, Sync> {
  friend bq::detail::Calls<Queue, T, Sync>;

 public:
  static constexpr Traits traits{.timed = Timed::yes, .waiting = "condvar"};

  explicit Locked(std::size_t capacity) : ring_(checked_capacity(capacity)) {}

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

 protected:
  using Lock = std::unique_lock<typename Sync::mutex>;
  using WaitForever = bq::detail::WaitForever;
  using DoNotWait = bq::detail::DoNotWait;
  using WaitUntil = bq::detail::WaitUntil<Sync>;

  Status push_with(T&& value, const auto& timeout) {
    Lock lock(mutex_);
    while (ring_.full() && !closed_) {
      if (!timeout.sleep(not_full_, lock)) return Status::timeout;
    }
    if (closed_) return Status::closed;
    return put(lock, std::move(value));
  }
  Status pop_with(std::optional<T>& out, const auto& timeout) {
    Lock lock(mutex_);
    while (ring_.empty() && !closed_) {
      if (!timeout.sleep(not_empty_, lock)) return Status::timeout;
    }
    if (ring_.empty()) return Status::closed;
    return take(lock, out);
  }

  /// Requires room.
  Status put(Lock& lock, T&& value) {
    not_full_.try_or_pass_on([&] { ring_.push_back(std::move(value)); });
    not_empty_.unlock_and_wake_one(lock);
    return Status::done;
  }
  /// Requires a message.
  Status take(Lock& lock, std::optional<T>& out) {
    not_empty_.try_or_pass_on([&] { ring_.pop_front(out); });
    not_full_.unlock_and_wake_one(lock);
    return Status::done;
  }

  mutable typename Sync::mutex mutex_{"mutex"};
  Ring ring_;
  bool closed_ = false;
  bq::detail::CountedSignal<Sync> not_full_{"not_full"};
  bq::detail::CountedSignal<Sync> not_empty_{"not_empty"};
};

}  // namespace bq::test::reported
