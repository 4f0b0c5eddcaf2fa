// Queues that lack calls, as most libraries' do, each made whole by BlockingAdapter. Most are
// parts of one simple queue.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "queues/blocking_adapter.h"

namespace elsewhere {

/// It waits and tries, and has neither a close nor a size.
template <class T, class Sync>
class Queue {
 public:
  explicit Queue(std::size_t capacity) : capacity_(capacity) {}

  bool offer(T& value) {
    const std::lock_guard lock(mutex_);
    return add(value);
  }
  void put(T& value) {
    std::unique_lock lock(mutex_);
    while (!add(value)) changed_.wait(lock);
  }
  bool poll(std::optional<T>& out) {
    const std::lock_guard lock(mutex_);
    return remove(out);
  }
  void take(std::optional<T>& out) {
    std::unique_lock lock(mutex_);
    while (!remove(out)) changed_.wait(lock);
  }
  bool poll_copy(std::optional<T>& out) {
    const std::lock_guard lock(mutex_);
    if (messages_.empty()) return false;
    out.emplace(std::as_const(messages_.front()));
    return remove(out);
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return messages_.size();
  }

 private:
  bool add(T& value) {
    if (messages_.size() == capacity_) return false;
    messages_.push_back(std::move(value));
    changed_.notify_all();
    return true;
  }
  bool remove(std::optional<T>& out) {
    if (messages_.empty()) return false;
    out.emplace(std::move(messages_.front()));
    messages_.pop_front();
    changed_.notify_all();
    return true;
  }

  const std::size_t capacity_;
  mutable typename Sync::mutex mutex_{"mutex"};
  typename Sync::condition_variable changed_{"changed"};
  std::deque<T> messages_;
};

/// Its parts say what is true of it, but for what a part changes.
constexpr bq::Traits traits() {
  return {.element = bq::Element::nothrow_movable, .waiting = "condvar"};
}

template <class T, class Sync>
class Part {
 public:
  explicit Part(std::size_t capacity) : queue_(capacity) {}

 protected:
  Queue<T, Sync> queue_;
};

template <class T, class Sync>
class TriesOnly : Part<T, Sync> {
 public:
  static constexpr bq::Traits traits = elsewhere::traits();
  using Part<T, Sync>::Part;
  bool try_push(T& value) { return this->queue_.offer(value); }
  bool try_pop(std::optional<T>& out) { return this->queue_.poll(out); }
};

/// Its messages are assigned, and it tells a size and more than true and false.
template <class T, class Sync>
class TriesWithDefault : Part<T, Sync> {
 public:
  static constexpr bq::Traits traits{.element = bq::Element::default_constructible};
  using Part<T, Sync>::Part;
  bq::Status try_push(T&& value) {
    return this->queue_.offer(value) ? bq::Status::done : bq::Status::full;
  }
  bool try_pop(T& out) {
    std::optional<T> message;
    if (!this->queue_.poll(message)) return false;
    out = std::move(*message);
    *message = T();  // as rings do whose slots keep nothing of what was taken
    return true;
  }
  std::size_t size_approx() const { return this->queue_.size(); }
};

template <class T, class Sync>
class WaitsOnly : Part<T, Sync> {
 public:
  static constexpr bq::Traits traits = elsewhere::traits();
  using Part<T, Sync>::Part;
  void push(T& value) { this->queue_.put(value); }
  void pop(std::optional<T>& out) { this->queue_.take(out); }
};

template <class T, class Sync>
class WithoutClose : Part<T, Sync> {
 public:
  static constexpr bq::Traits traits = elsewhere::traits();
  using Part<T, Sync>::Part;
  void push(T&& value) { this->queue_.put(value); }
  bool try_push(T&& value) { return this->queue_.offer(value); }
  T pop() {
    std::optional<T> out;
    this->queue_.take(out);
    return std::move(*out);
  }
  std::optional<T> try_pop() {
    std::optional<T> out;
    this->queue_.poll(out);
    return out;
  }
};

/// One thread on each side: the consumer that takes the end mark keeps it.
template <class T, class Sync>
class OneToOne : Part<T, Sync> {
 public:
  static constexpr bq::Traits traits = [] {
    bq::Traits labels = elsewhere::traits();
    labels.producers = labels.consumers = bq::Endpoints::one;
    return labels;
  }();
  using Part<T, Sync>::Part;
  void push(T& value) { this->queue_.put(value); }
  bool try_push(T& value) { return this->queue_.offer(value); }
  void pop(std::optional<T>& out) { this->queue_.take(out); }
  bool try_pop(std::optional<T>& out) { return this->queue_.poll(out); }
};

template <class T, class Sync>
class PushWaits : Part<T, Sync> {
 public:
  static constexpr bq::Traits traits = elsewhere::traits();
  using Part<T, Sync>::Part;
  void push(T& value) { this->queue_.put(value); }
  bool try_push(T& value) { return this->queue_.offer(value); }
  bool try_pop(std::optional<T>& out) { return this->queue_.poll(out); }
};

template <class T, class Sync>
class PopWaits : Part<T, Sync> {
 public:
  static constexpr bq::Traits traits = elsewhere::traits();
  using Part<T, Sync>::Part;
  bool try_push(T& value) { return this->queue_.offer(value); }
  void pop(std::optional<T>& out) { this->queue_.take(out); }
  bool try_pop(std::optional<T>& out) { return this->queue_.poll(out); }
};

template <class T, class Sync>
class Copies : Part<T, Sync> {
 public:
  static constexpr bq::Traits traits{.element = bq::Element::copyable};
  using Part<T, Sync>::Part;
  bool try_push(const T& value) {
    T copy(value);
    return this->queue_.offer(copy);
  }
  bool try_pop(std::optional<T>& out) { return this->queue_.poll_copy(out); }
};

/// Its room comes back when no pop is in progress, as in some rings: the end mark may find none
/// although its taker has made some.
template <class T, class Sync>
class LateRoom : Part<T, Sync> {
 public:
  static constexpr bq::Traits traits = elsewhere::traits();
  using Part<T, Sync>::Part;
  void push(T& value) {
    while (!try_push(value)) Sync::relax();
  }
  bool try_push(T& value) {
    return pops_.load(std::memory_order_acquire) == 0 && this->queue_.offer(value);
  }
  void pop(std::optional<T>& out) {
    while (!try_pop(out)) Sync::relax();
  }
  bool try_pop(std::optional<T>& out) {
    if (this->queue_.size() == 0) return false;
    pops_.fetch_add(1, std::memory_order_acq_rel);
    const bool done = this->queue_.poll(out);
    pops_.fetch_sub(1, std::memory_order_acq_rel);
    return done;
  }

 private:
  typename Sync::template atomic<int> pops_{0, "pops"};
};

/// Several at once.
template <class T, class Sync>
class Batches : Part<T, Sync> {
 public:
  static constexpr bq::Traits traits = elsewhere::traits();
  using Part<T, Sync>::Part;
  bool try_push(T& value) { return this->queue_.offer(value); }
  bool try_pop(std::optional<T>& out) { return this->queue_.poll(out); }
  std::size_t try_push_batch(std::span<T> messages) {
    std::size_t done = 0;
    while (done < messages.size() && this->queue_.offer(messages[done])) ++done;
    return done;
  }
  std::size_t try_pop_batch(std::span<std::optional<T>> out) {
    std::size_t done = 0;
    while (done < out.size() && this->queue_.poll(out[done])) ++done;
    return done;
  }
};

/// Of one capacity.
template <class T, class Sync>
class Holds100 : Part<T, Sync> {
 public:
  static constexpr bq::Traits traits{
      .min_capacity = 100, .max_capacity = 100, .element = bq::Element::nothrow_movable};
  explicit Holds100(std::size_t /*capacity*/) : Part<T, Sync>(100) {}
  bool try_push(T& value) { return this->queue_.offer(value); }
  bool try_pop(std::optional<T>& out) { return this->queue_.poll(out); }
};

/// Keeps the order of each producer, and hands out first what the latest one to come has sent.
template <class T, class Sync>
class LatestProducerFirst {
 public:
  static constexpr bq::Traits traits{.element = bq::Element::nothrow_movable,
                                     .fifo = bq::Fifo::per_producer};
  explicit LatestProducerFirst(std::size_t capacity) : capacity_(capacity) {}

  bool try_push(T& value) {
    const std::lock_guard lock(mutex_);
    if (size_ == capacity_) return false;
    const auto thread = std::this_thread::get_id();
    auto own = std::ranges::find(producers_, thread, &Producer::thread);
    if (own == producers_.end()) own = producers_.emplace(own, Producer{thread, {}});
    own->messages.push_back(std::move(value));
    ++size_;
    return true;
  }
  bool try_pop(std::optional<T>& out) {
    const std::lock_guard lock(mutex_);
    if (size_ == 0) return false;
    Producer& latest = producers_.back();
    out.emplace(std::move(latest.messages.front()));
    latest.messages.pop_front();
    if (latest.messages.empty()) producers_.pop_back();
    --size_;
    return true;
  }

 private:
  struct Producer {
    std::thread::id thread;
    std::deque<T> messages;  // at least one
  };

  const std::size_t capacity_;
  typename Sync::mutex mutex_{"mutex"};
  std::size_t size_ = 0;
  std::list<Producer> producers_;
};

template <class T, class Sync = bq::StdSync>
using TriesOnlyQueue = bq::BlockingAdapter<T, TriesOnly, Sync>;
template <class T, class Sync = bq::StdSync>
using TriesWithDefaultQueue = bq::BlockingAdapter<T, TriesWithDefault, Sync>;
template <class T, class Sync = bq::StdSync>
using WaitsOnlyQueue = bq::BlockingAdapter<T, WaitsOnly, Sync>;
template <class T, class Sync = bq::StdSync>
using WithoutCloseQueue = bq::BlockingAdapter<T, WithoutClose, Sync>;
template <class T, class Sync = bq::StdSync>
using OneToOneQueue = bq::BlockingAdapter<T, OneToOne, Sync>;
template <class T, class Sync = bq::StdSync>
using PushWaitsQueue = bq::BlockingAdapter<T, PushWaits, Sync>;
template <class T, class Sync = bq::StdSync>
using PopWaitsQueue = bq::BlockingAdapter<T, PopWaits, Sync>;
template <class T, class Sync = bq::StdSync>
using CopiesQueue = bq::BlockingAdapter<T, Copies, Sync>;
template <class T, class Sync = bq::StdSync>
using LateRoomQueue = bq::BlockingAdapter<T, LateRoom, Sync>;
template <class T, class Sync = bq::StdSync>
using BatchesQueue = bq::BlockingAdapter<T, Batches, Sync>;
template <class T, class Sync = bq::StdSync>
using Holds100Queue = bq::BlockingAdapter<T, Holds100, Sync>;

template <class T, class Sync = bq::StdSync>
using LatestProducerFirstQueue = bq::BlockingAdapter<T, LatestProducerFirst, Sync>;

}  // namespace elsewhere

BQ_QUEUE(elsewhere::TriesOnlyQueue, tries_only);
BQ_QUEUE(elsewhere::TriesWithDefaultQueue, tries_with_default);
BQ_QUEUE(elsewhere::WaitsOnlyQueue, waits_only);
BQ_QUEUE(elsewhere::WithoutCloseQueue, without_close);
BQ_QUEUE(elsewhere::OneToOneQueue, one_to_one);
BQ_QUEUE(elsewhere::PushWaitsQueue, push_waits);
BQ_QUEUE(elsewhere::PopWaitsQueue, pop_waits);
BQ_QUEUE(elsewhere::CopiesQueue, copies);
BQ_QUEUE(elsewhere::LateRoomQueue, late_room);
BQ_QUEUE(elsewhere::BatchesQueue, batches);
BQ_QUEUE(elsewhere::Holds100Queue, holds_100);
BQ_QUEUE(elsewhere::LatestProducerFirstQueue, latest_producer_first);
