// A bounded queue to start from: a mutex, a condition variable and a std::deque. See
// docs/your_own_queue.md.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "queues/bounded_queue.h"

namespace my {

template <class T>
class MyQueue {
 public:
  using value_type = T;
  static constexpr bq::Traits traits{.waiting = "condvar"};

  explicit MyQueue(std::size_t capacity) : capacity_(bq::checked_capacity(capacity)) {}

  bool push(T&& value) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || messages_.size() < capacity_; });
    return put(std::move(value)) == bq::Status::done;
  }
  bq::Status try_push(T&& value) {
    const std::lock_guard lock(mutex_);
    return put(std::move(value));
  }
  std::optional<T> pop() {
    std::optional<T> out;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || !messages_.empty(); });
    take(out);
    return out;
  }
  bq::Status try_pop(std::optional<T>& out) {
    const std::lock_guard lock(mutex_);
    return take(out);
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  bool is_closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const {
    const std::lock_guard lock(mutex_);
    return messages_.size();
  }

 private:
  // Both need the lock. They wake everybody: one condition variable serves both sides, so one
  // wake-up might reach the wrong side and be lost.
  bq::Status put(T&& value) {
    if (closed_) return bq::Status::closed;
    if (messages_.size() == capacity_) return bq::Status::full;
    messages_.push_back(std::move(value));
    changed_.notify_all();
    return bq::Status::done;
  }
  bq::Status take(std::optional<T>& out) {
    if (messages_.empty()) return closed_ ? bq::Status::closed : bq::Status::empty;
    out.emplace(std::move(messages_.front()));
    messages_.pop_front();
    changed_.notify_all();
    return bq::Status::done;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> messages_;
  bool closed_ = false;
};

}  // namespace my

BQ_QUEUE(my::MyQueue, my_queue);
