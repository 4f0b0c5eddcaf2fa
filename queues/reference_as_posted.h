// The reference as it was posted, with both of its bugs. It hangs: see reference.h for the repair.
//
// What:    a deque under a mutex; an is_full and an is_empty flag, each with its mutex and its
//          condition variable. A call holds its own flag and the deque while it updates the other
//          side's flag.
// Use it:  to see a textbook design fail; never in a run that is to end.
// Bugs:    1. Lock order: push holds is_full and data, and waits for is_empty; pop holds is_empty,
//             and waits for data. From capacity 2 on, when neither flag is set, both can wait for
//             ever.
//          2. close() only sets a flag: a consumer that sleeps is not woken, and waits for a
//             message that will never come.
//          And a design gap: push does not check the flag, so a producer whose consumers are gone
//          waits for ever.
// Source:  an exercise published on a Rust blog, with a Mutex<VecDeque>, two Mutex<bool> with
//          condvars, and an AtomicBool.
// Waiting: condition variables, notify_all.
// Progress: blocking; a thread stopped inside a call blocks all others.
#pragma once

#include <cstddef>
#include <cstdio>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "queues/sync.h"

namespace bq {

template <class T, class Sync = StdSync>
class ReferenceAsPostedQueue {
 public:
  using value_type = T;
  static constexpr Traits traits{
      .close = Close::quiescent,
      .waiting = "condvar, notify_all",
      .note = "deadlocks, and loses the wake-up on close: for demonstrations only"};

  explicit ReferenceAsPostedQueue(std::size_t capacity) : capacity_(at_least_one(capacity)) {}

  bool push(T&& value) {
    Lock full(is_full_mutex_);
    while (is_full_) is_full_signal_.wait(full);
    push_and_signal(std::move(value));
    return true;
  }
  Status try_push(T&& value) {
    Lock full(is_full_mutex_);
    if (is_full_) return Status::full;
    push_and_signal(std::move(value));
    return Status::done;
  }

  std::optional<T> pop() {
    std::optional<T> out;
    Lock empty(is_empty_mutex_);
    while (is_empty_) {
      if (is_closed()) {
        Sync::event("exhausted queue");
        return out;
      }
      is_empty_signal_.wait(empty);
    }
    pop_and_signal(out);
    return out;
  }
  Status try_pop(std::optional<T>& out) {
    Lock empty(is_empty_mutex_);
    if (is_empty_) return is_closed() ? Status::closed : Status::empty;
    pop_and_signal(out);
    return Status::done;
  }

  void close() { elements_processed_.store(true); }
  bool is_closed() const { return elements_processed_.load(); }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const {
    Lock data(data_mutex_);
    return data_.size();
  }

 private:
  using Mutex = typename Sync::mutex;
  using Lock = std::unique_lock<Mutex>;

  static std::size_t at_least_one(std::size_t capacity) {
    if (capacity > 0) return capacity;
    std::fputs("warning: capacity 0 is not possible, using 1\n", stderr);
    return 1;
  }

  /// Requires is_full's mutex.
  void push_and_signal(T&& value) {
    Lock data(data_mutex_);
    data_.push_back(std::move(value));
    Sync::event("pushed element");
    Lock empty(is_empty_mutex_);  // bug 1
    if (is_empty_) {
      is_empty_ = false;
      Sync::event("set is_empty to false");
      is_empty_signal_.notify_all();
    }
    if (data_.size() == capacity_) {
      is_full_ = true;
      Sync::event("set is_full to true");
      is_full_signal_.notify_all();
    }
  }

  /// Requires is_empty's mutex.
  void pop_and_signal(std::optional<T>& out) {
    Lock data(data_mutex_);
    out.emplace(std::move(data_.front()));
    data_.pop_front();
    Sync::event("popped element");
    Lock full(is_full_mutex_);  // bug 1, its other half
    if (is_full_) {
      is_full_ = false;
      Sync::event("set is_full to false");
      is_full_signal_.notify_all();
    }
    if (data_.empty()) {
      is_empty_ = true;
      Sync::event("set is_empty to true");
      is_empty_signal_.notify_all();
    }
  }

  const std::size_t capacity_;
  mutable Mutex data_mutex_{"data"};
  std::deque<T> data_;
  Mutex is_full_mutex_{"is_full"};
  bool is_full_ = false;
  typename Sync::condition_variable is_full_signal_{"is_full_signal"};
  Mutex is_empty_mutex_{"is_empty"};
  bool is_empty_ = true;
  typename Sync::condition_variable is_empty_signal_{"is_empty_signal"};
  typename Sync::template atomic<bool> elements_processed_{false, "elements_processed"};
};

}  // namespace bq
