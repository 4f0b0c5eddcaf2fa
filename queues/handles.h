// Producer and consumer handles: ends of a queue that close it when the last one of a side goes away.
//
//   auto [producer, consumer] = bq::make_handles<bq::TwoCondvarQueue<int>>(16);
//   std::jthread worker([c = std::move(consumer)]() mutable { while (auto message = c.pop()) use(*message); });
//   producer.push(42);          // and when `producer` is destroyed, the worker's loop ends once the queue is drained
//
// The last producer gone closes the queue: consumers drain it and see the end. The last consumer gone closes it too:
// pushes then return false instead of waiting for ever for somebody to make room, and undelivered() counts what nobody
// took. Copy a handle to give another thread an end; a single-producer (single-consumer) queue's handle can only be
// moved. Thread-safety: distinct handles may be used at once; one handle belongs to one thread at a time. A moved-from
// handle may only be assigned to or destroyed.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "queues/bounded_queue.h"

namespace bq {

namespace detail {

template <class Q>
struct Ends {
  explicit Ends(std::size_t capacity) : queue(capacity) {}
  Q queue;
  std::atomic<std::size_t> producers{0};
  std::atomic<std::size_t> consumers{0};
};

/// Counts itself among the handles of its side and closes the queue when it was the last.
template <class Q, std::atomic<std::size_t> Ends<Q>::*side, Endpoints endpoints>
class Handle {
 public:
  using queue_type = Q;
  using value_type = typename Q::value_type;

  explicit Handle(std::shared_ptr<Ends<Q>> ends) : ends_(std::move(ends)) { join(); }
  Handle(const Handle& other) requires(endpoints == Endpoints::many) : ends_(other.ends_) { join(); }
  Handle(Handle&& other) noexcept = default;
  Handle& operator=(const Handle& other) requires(endpoints == Endpoints::many) { return *this = Handle(other); }
  Handle& operator=(Handle&& other) noexcept {
    Handle taken(std::move(other));
    std::swap(ends_, taken.ends_);  // `taken` leaves with the end that this handle had
    return *this;
  }
  ~Handle() {
    // acq_rel: what the other handles of this side did happens before the close.
    if (ends_ && ((*ends_).*side).fetch_sub(1, std::memory_order_acq_rel) == 1) ends_->queue.close();
  }

  bool is_closed() const { return ends_->queue.is_closed(); }
  std::size_t capacity() const { return ends_->queue.capacity(); }
  std::size_t size_approx() const { return ends_->queue.size_approx(); }
  /// The queue itself, for what a handle does not offer.
  Q& queue() const { return ends_->queue; }

 protected:
  std::shared_ptr<Ends<Q>> ends_;

 private:
  void join() { ((*ends_).*side).fetch_add(1, std::memory_order_relaxed); }
};

}  // namespace detail

/// An end that sends. See push and try_push in bounded_queue.h.
template <BoundedQueue Q>
class Producer : public detail::Handle<Q, &detail::Ends<Q>::producers, Q::traits.producers> {
  using Base = detail::Handle<Q, &detail::Ends<Q>::producers, Q::traits.producers>;
  using T = typename Q::value_type;

 public:
  using Base::Base;
  bool push(T&& value) { return this->ends_->queue.push(std::move(value)); }
  bool push(const T& value) requires std::copy_constructible<T> { return push(T(value)); }
  Status try_push(T&& value) { return this->ends_->queue.try_push(std::move(value)); }
  Status try_push_until(T&& value, Deadline deadline) requires TimedBoundedQueue<Q> {
    return this->ends_->queue.try_push_until(std::move(value), deadline);
  }
  /// Messages that no consumer took. Final once the last consumer has gone and no push is in progress.
  std::size_t undelivered() const { return this->ends_->queue.size_approx(); }
};

/// An end that receives. See pop and try_pop in bounded_queue.h.
template <BoundedQueue Q>
class Consumer : public detail::Handle<Q, &detail::Ends<Q>::consumers, Q::traits.consumers> {
  using Base = detail::Handle<Q, &detail::Ends<Q>::consumers, Q::traits.consumers>;
  using T = typename Q::value_type;

 public:
  using Base::Base;
  std::optional<T> pop() { return this->ends_->queue.pop(); }
  Status pop(std::optional<T>& out) { return pop_into(this->ends_->queue, out) ? Status::done : Status::closed; }
  Status try_pop(std::optional<T>& out) { return this->ends_->queue.try_pop(out); }
  Status try_pop_until(std::optional<T>& out, Deadline deadline) requires TimedBoundedQueue<Q> {
    return this->ends_->queue.try_pop_until(out, deadline);
  }
};

/// A new queue and its first two handles. Throws what Q's constructor throws.
template <BoundedQueue Q>
std::pair<Producer<Q>, Consumer<Q>> make_handles(std::size_t capacity) {
  auto ends = std::make_shared<detail::Ends<Q>>(capacity);
  return {Producer<Q>(ends), Consumer<Q>(ends)};
}

}  // namespace bq
