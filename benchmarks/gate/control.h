// The gate's control: a queue that is the same in both arms, whatever changes in queues/. A
// difference between its arms is a change of the machine.
//
// What:    a ring under a mutex, with a condition variable for each side that every call notifies.
// Frozen:  it includes nothing of queues/ but the interface, and no change is ever made to it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "queues/bounded_queue.h"

namespace bq::bench {

/// Thread-safe. Blocking: a thread stopped inside the lock holds up everyone.
template <class T>
class ControlQueue {
 public:
  using value_type = T;
  static constexpr Traits traits{.waiting = "condvar"};

  explicit ControlQueue(std::size_t capacity) : slots_(checked_capacity(capacity)) {}

  bool push(T&& value) {
    std::unique_lock lock(mutex_);
    not_full_.wait(lock, [&] { return closed_ || size_ < slots_.size(); });
    return put(lock, value) == Status::done;
  }
  Status try_push(T&& value) {
    std::unique_lock lock(mutex_);
    return put(lock, value);
  }
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    not_empty_.wait(lock, [&] { return closed_ || size_ > 0; });
    return take(lock);
  }
  Status try_pop(std::optional<T>& out) {
    std::unique_lock lock(mutex_);
    if (size_ == 0) return closed_ ? Status::closed : Status::empty;
    out = take(lock);
    return Status::done;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    not_full_.notify_all();
    not_empty_.notify_all();
  }
  bool is_closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  std::size_t capacity() const { return slots_.size(); }
  std::size_t size_approx() const {
    const std::lock_guard lock(mutex_);
    return size_;
  }

 private:
  Status put(std::unique_lock<std::mutex>& lock, T& value) {
    if (closed_) return Status::closed;
    if (size_ == slots_.size()) return Status::full;
    slots_[(first_ + size_++) % slots_.size()].emplace(std::move(value));
    lock.unlock();
    not_empty_.notify_one();
    return Status::done;
  }
  std::optional<T> take(std::unique_lock<std::mutex>& lock) {
    if (size_ == 0) return std::nullopt;
    std::optional<T> value = std::exchange(slots_[first_], std::nullopt);
    first_ = (first_ + 1) % slots_.size();
    --size_;
    lock.unlock();
    not_full_.notify_one();
    return value;
  }

  mutable std::mutex mutex_;
  std::condition_variable not_full_, not_empty_;
  std::vector<std::optional<T>> slots_;
  std::size_t first_ = 0, size_ = 0;
  bool closed_ = false;
};

}  // namespace bq::bench
