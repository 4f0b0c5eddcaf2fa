// The reference: the textbook two-flag design, repaired.
//
// What:    a deque under a mutex; an is_full and an is_empty flag, each with its mutex and its
//          condition variable; every signal wakes all waiters. Three lock acquisitions for a push
//          or a pop, up to five when the other side must be signalled.
// Use it:  as the baseline of a comparison.
// Not:     elsewhere: two_condvar.h does the same with one mutex, and less code. Neither is always
//          the faster one: with four threads a side on two cores this queue has 0.6 to 0.7 times
//          the overhead of two_condvar.h, and three loggers wait 0.5 to 0.6 times as long in a
//          push; with one thread a side they are mostly alike.
// Source:  an exercise published on a Rust blog (see reference_as_posted.h, which keeps its two
//          bugs). The repair is the smallest that keeps the structure:
//          1. A call never holds both flags' mutexes. The only order is flag, then data; so no
//             cycle can form.
//          2. A flag is set and cleared according to the deque, under its own mutex and data's. It
//             may stay set for a moment too long (until the call that will clear it, and wake, gets
//             there), never too short. A call that is about to give up checks the deque.
//          3. close() wakes the sleepers, and refuses pushes.
// Waiting: condition variables, notify_all.
// Progress: blocking; a thread stopped inside a call blocks all others.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "queues/detail/blocking_calls.h"

namespace bq {

template <class T, class Sync = StdSync>
class ReferenceQueue : public detail::Calls<ReferenceQueue<T, Sync>, T, Sync> {
  friend detail::Calls<ReferenceQueue, T, Sync>;

 public:
  static constexpr Traits traits{.timed = Timed::yes, .waiting = "condvar, notify_all"};

  explicit ReferenceQueue(std::size_t capacity) : capacity_(checked_capacity(capacity)) {}

  void close() {
    {
      // The only place that holds both flags' mutexes: no other call does, so this cannot complete
      // a cycle. A push is then wholly before the close or wholly after it, and no consumer can
      // fall asleep between its check of elements_processed and our signal.
      const Lock full(is_full_mutex_);
      const Lock empty(is_empty_mutex_);
      elements_processed_.store(true, std::memory_order_relaxed);
    }
    is_full_signal_.notify_all();
    is_empty_signal_.notify_all();
  }
  bool is_closed() const { return elements_processed_.load(std::memory_order_relaxed); }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const {
    const Lock data(data_mutex_);
    return data_.size();
  }

 private:
  using Mutex = typename Sync::mutex;
  using Lock = std::unique_lock<Mutex>;
  using Signal = typename Sync::condition_variable;

  Status push_with(T&& value, const auto& timeout) {
    {
      Lock full(is_full_mutex_);
      while (is_full_ && !is_closed()) {
        if (timeout.sleep(is_full_signal_, full)) continue;
        const Lock data(data_mutex_);
        if (data_.size() == capacity_) return Status::timeout;
        break;  // popped, but the consumer has not cleared the flag yet
      }
      if (is_closed()) return Status::closed;
      const Lock data(data_mutex_);
      data_.push_back(std::move(value));
      Sync::event("pushed element");
      if (data_.size() == capacity_) {
        is_full_ = true;
        Sync::event("set is_full to true");
      }
    }
    const Lock empty(is_empty_mutex_);
    if (is_empty_) {
      const Lock data(data_mutex_);
      if (!data_.empty()) {  // another consumer may have taken it by now
        is_empty_ = false;
        Sync::event("set is_empty to false");
        is_empty_signal_.notify_all();
      }
    }
    return Status::done;
  }

  Status pop_with(std::optional<T>& out, const auto& timeout) {
    {
      Lock empty(is_empty_mutex_);
      while (is_empty_) {
        const bool last_look = is_closed() || !timeout.sleep(is_empty_signal_, empty);
        if (!last_look) continue;
        const Lock data(data_mutex_);
        if (!data_.empty()) break;  // pushed, but the producer has not cleared the flag yet
        if (!is_closed()) return Status::timeout;
        Sync::event("exhausted queue");
        return Status::closed;
      }
      const Lock data(data_mutex_);
      out.emplace(std::move(data_.front()));
      data_.pop_front();
      Sync::event("popped element");
      if (data_.empty()) {  // else the producer clears the flag, since it must also wake
        is_empty_ = true;
        Sync::event("set is_empty to true");
      }
    }
    const Lock full(is_full_mutex_);
    if (is_full_) {
      const Lock data(data_mutex_);
      if (data_.size() < capacity_) {
        is_full_ = false;
        Sync::event("set is_full to false");
        is_full_signal_.notify_all();
      }
    }
    return Status::done;
  }

  const std::size_t capacity_;
  mutable Mutex data_mutex_{"data"};
  std::deque<T> data_;
  Mutex is_full_mutex_{"is_full"};
  bool is_full_ = false;
  Signal is_full_signal_{"is_full_signal"};
  Mutex is_empty_mutex_{"is_empty"};
  bool is_empty_ = true;
  Signal is_empty_signal_{"is_empty_signal"};
  typename Sync::template atomic<bool> elements_processed_{false, "elements_processed"};
};

}  // namespace bq
