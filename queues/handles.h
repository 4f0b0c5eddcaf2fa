// Producer and consumer handles: ends of a queue that close it when the last handle of a side is
// destroyed.
//
// start_consumer runs the consumer in a thread of its own. Destroying its result cannot hang:
//
// ```cpp
// #include <cstdio>
// #include <optional>
//
// #include "queues/handles.h"
// #include "queues/two_condvar.h"
//
// int main() {
//   using Queue = bq::TwoCondvarQueue<int>;
//   auto [worker, producer] = bq::start_consumer<Queue>(/*capacity*/ 16, [](auto consumer) {
//     while (std::optional<int> message = consumer.pop()) std::printf("%d\n", *message);
//   });
//   for (int i = 1; i <= 100; ++i) producer.push(i);  // waits while 16 messages are inside
// }  // the producer is destroyed first and closes the queue; then the worker ends and is joined
// ```
//
// make_handles returns the two handles and starts no thread. Hazard: a thread that pops until the
// end of the stream ends only once the last producer is gone. Join such a thread while a producer
// handle is alive in the joining thread, and the program hangs. Locals are destroyed in reverse
// order, so declare the threads before the handles:
//
// ```cpp
// #include <cstdio>
// #include <optional>
// #include <thread>
// #include <vector>
//
// #include "queues/handles.h"
// #include "queues/two_condvar.h"
//
// int main() {
//   std::vector<std::jthread> workers;  // before the handles: joined after the producer is gone
//   auto [producer, consumer] = bq::make_handles<bq::TwoCondvarQueue<int>>(/*capacity*/ 16);
//   for (int i = 0; i < 4; ++i) {
//     workers.emplace_back([consumer = consumer]() mutable {
//       while (std::optional<int> message = consumer.pop()) std::printf("%d\n", *message);
//     });
//   }
//   for (int i = 1; i <= 100; ++i) producer.push(i);
// }
// ```
//
// When the last producer is gone the queue is closed: consumers take what is left and see the end.
// When the last consumer is gone the queue is closed, too: pushes then return false instead of
// waiting for ever, and undelivered() counts the messages that no consumer took. (Not so where
// traits.close is Close::end_of_stream: there a push waits on.) Copy a handle to
// give another thread an end. A single-producer (single-consumer) queue's handle can only be moved.
// Thread-safety: distinct handles may be used at once; one handle belongs to one thread at a time.
// A moved-from handle may only be assigned to or destroyed.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
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

/// Is counted among the handles of its side; closes the queue if it was the last one.
template <class Q, std::atomic<std::size_t> Ends<Q>::*side, Endpoints endpoints>
class Handle {
 public:
  using queue_type = Q;
  using value_type = typename Q::value_type;

  explicit Handle(std::shared_ptr<Ends<Q>> ends) : ends_(std::move(ends)) { join(); }
  Handle(const Handle& other) requires(endpoints == Endpoints::many) : ends_(other.ends_) {
    join();
  }
  Handle(Handle&& other) noexcept = default;
  // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): it copies before it releases
  Handle& operator=(const Handle& other) requires(endpoints == Endpoints::many) {
    return *this = Handle(other);
  }
  Handle& operator=(Handle&& other) noexcept {
    Handle taken(std::move(other));
    std::swap(ends_, taken.ends_);  // `taken` releases the end that this handle had
    return *this;
  }
  ~Handle() {
    // acq_rel: what the other handles of this side did happens before the close.
    if (ends_ && ((*ends_).*side).fetch_sub(1, std::memory_order_acq_rel) == 1) {
      if constexpr (closes) ends_->queue.close();
    }
  }

  bool is_closed() const { return ends_->queue.is_closed(); }
  std::size_t capacity() const { return ends_->queue.capacity(); }
  std::size_t size_approx() const { return ends_->queue.size_approx(); }
  /// The queue itself, for what a handle does not offer.
  Q& queue() const { return ends_->queue; }

 protected:
  std::shared_ptr<Ends<Q>> ends_;

 private:
  // Pushes would not hear of it where only pops do.
  static constexpr bool closes =
      side == &Ends<Q>::producers || Q::traits.close != Close::end_of_stream;

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
  Status try_push(T&& value) requires TryingBoundedQueue<Q> {
    return this->ends_->queue.try_push(std::move(value));
  }
  Status try_push_until(T&& value, Deadline deadline) requires TimedBoundedQueue<Q> {
    return this->ends_->queue.try_push_until(std::move(value), deadline);
  }
  /// Number of messages that no consumer took. Final once the last consumer is gone and no push is
  /// in progress.
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
  Status pop(std::optional<T>& out) {
    return pop_into(this->ends_->queue, out) ? Status::done : Status::closed;
  }
  Status try_pop(std::optional<T>& out) requires TryingBoundedQueue<Q> {
    return this->ends_->queue.try_pop(out);
  }
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

/// A consumer's thread and the first producer of its queue. Members are destroyed in reverse order:
/// `producer` first, which lets the consumer see the end of the stream, then `worker`, which joins
/// the thread. The type can be neither moved nor assigned, so that no other order is possible. Bind
/// it with auto [worker, producer].
template <BoundedQueue Q>
struct ConsumerThread {
  std::jthread worker;
  Producer<Q> producer;

  ConsumerThread& operator=(ConsumerThread&&) = delete;
};

/// A new queue whose messages `body(Consumer<Q>)` takes in a thread of its own. `body` is moved
/// into that thread and owns the only consumer: pushes return false once `body` has returned. An
/// exception that leaves `body` ends the program, as one that leaves the function of a std::jthread
/// does. Throws what Q's constructor throws, and std::system_error if no thread can be started. For
/// several consumers, see the second example above.
template <BoundedQueue Q, std::invocable<Consumer<Q>> Body>
ConsumerThread<Q> start_consumer(std::size_t capacity, Body body) {
  auto [producer, consumer] = make_handles<Q>(capacity);
  return {std::jthread([body = std::move(body), own = std::move(consumer)]() mutable {
            std::invoke(std::move(body), std::move(own));
          }),
          std::move(producer)};
}

}  // namespace bq
