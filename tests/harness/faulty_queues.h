// Queues that do wrong on purpose, to prove that the harness notices.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "queues/bounded_queue.h"

namespace bq::bench::test {

enum class Fault {
  drops,            // swallows a message now and then
  duplicates,       // delivers one twice
  reorders,         // lets one overtake another
  overfills,        // holds one message more than capacity()
  slyly_overfills,  // the same, but only in push, where filling up with try_push does not show it
  hangs,            // a pop never returns
  never_ends,       // closed and drained, it delivers a message again and again
  crashes,
  refuses,             // to be made with a capacity that its traits allow
  fills_slowly,        // each of the first calls of try_push takes a while, which is no fault
  sticks_as_it_fills,  // a try_push never returns
};

template <class T, Fault fault>
class FaultyQueue {
 public:
  using value_type = T;
  static constexpr Traits traits{.waiting = "condvar"};

  explicit FaultyQueue(std::size_t capacity)
      : capacity_(checked_capacity(capacity, fault == Fault::refuses ? 8 : unbounded_capacity)) {}

  bool push(T&& value) {
    std::unique_lock lock(mutex_);
    const std::size_t bound =
        capacity_ + (fault == Fault::overfills || fault == Fault::slyly_overfills);
    changed_.wait(lock, [&] { return closed_ || messages_.size() < bound; });
    if (closed_) return false;
    const bool now = ++pushes_ % 300 == 0;
    if (fault == Fault::crashes && now) std::abort();
    if (fault == Fault::drops && now) return true;
    if constexpr (fault == Fault::duplicates && std::copy_constructible<T>) {
      if (now) messages_.push_back(value);
    }
    messages_.push_back(std::move(value));
    if (fault == Fault::reorders && messages_.size() > 1 && pushes_ > 300) {
      std::swap(messages_.back(), messages_[messages_.size() - 2]);
      pushes_ = 0;
    }
    changed_.notify_all();
    return true;
  }
  Status try_push(T&& value) {
    std::unique_lock lock(mutex_);
    if (fault == Fault::fills_slowly && slow_calls_left_.fetch_sub(1) > 0)
      std::this_thread::sleep_for(slow_call);
    while (fault == Fault::sticks_as_it_fills && messages_.size() > 2) changed_.wait(lock);
    if (closed_) return Status::closed;
    if (messages_.size() >= capacity_ + (fault == Fault::overfills)) return Status::full;
    messages_.push_back(std::move(value));
    changed_.notify_all();
    return Status::done;
  }
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    if (fault == Fault::hangs && ++pops_ > 300) {
      for (;;) changed_.wait(lock);
    }
    changed_.wait(lock, [&] { return closed_ || !messages_.empty(); });
    if (fault == Fault::never_ends && messages_.empty()) return T{};
    return take();
  }
  Status try_pop(std::optional<T>& out) {
    const std::lock_guard lock(mutex_);
    out = take();
    return out ? Status::done : closed_ ? Status::closed : Status::empty;
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
  std::optional<T> take() {
    if (messages_.empty()) return std::nullopt;
    std::optional<T> out(std::move(messages_.front()));
    messages_.pop_front();
    changed_.notify_all();
    return out;
  }

  static constexpr std::chrono::milliseconds slow_call{100};
  static inline std::atomic<int> slow_calls_left_{40};  // of the process

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> messages_;
  std::size_t pushes_ = 0;
  std::size_t pops_ = 0;
  bool closed_ = false;
};

template <class T>
using DroppingQueue = FaultyQueue<T, Fault::drops>;
template <class T>
using DuplicatingQueue = FaultyQueue<T, Fault::duplicates>;
template <class T>
using ReorderingQueue = FaultyQueue<T, Fault::reorders>;
template <class T>
using OverfullQueue = FaultyQueue<T, Fault::overfills>;
template <class T>
using SlyOverfullQueue = FaultyQueue<T, Fault::slyly_overfills>;
template <class T>
using HangingQueue = FaultyQueue<T, Fault::hangs>;
template <class T>
using NeverEndingQueue = FaultyQueue<T, Fault::never_ends>;
template <class T>
using CrashingQueue = FaultyQueue<T, Fault::crashes>;
template <class T>
using RefusingQueue = FaultyQueue<T, Fault::refuses>;
template <class T>
using SlowlyFillingQueue = FaultyQueue<T, Fault::fills_slowly>;
template <class T>
using StickingQueue = FaultyQueue<T, Fault::sticks_as_it_fills>;

}  // namespace bq::bench::test
