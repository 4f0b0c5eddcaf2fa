// A queue of any class behind virtual calls, so that its users are compiled once for all queues.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "queues/bounded_queue.h"

namespace bq::checking {

/// Where a queue has no such call.
[[noreturn]] inline void lacks(const char* call) {
  throw std::logic_error(std::string("this test calls ") + call + ", which the queue has not");
}

/// A queue of any class. The calls that not every queue has throw where it lacks them.
template <class T>
class AnyQueue {
 public:
  virtual ~AnyQueue() = default;
  virtual bool has_tries() const = 0;
  virtual std::size_t push_batch(std::span<T> messages) = 0;
  virtual std::size_t pop_batch(std::span<std::optional<T>> out) = 0;
  virtual bool push(T&& value) = 0;
  virtual Status try_push(T&& value) = 0;
  virtual Status try_push_until(T&& value, Deadline deadline) = 0;
  virtual std::optional<T> pop() = 0;
  virtual bool pop_into(std::optional<T>& out) = 0;
  virtual Status try_pop(std::optional<T>& out) = 0;
  virtual Status try_pop_until(std::optional<T>& out, Deadline deadline) = 0;
  virtual void close() = 0;
  virtual bool is_closed() const = 0;
  virtual std::size_t capacity() const = 0;
  virtual std::size_t size_approx() const = 0;
};

template <class Q>
class QueueAdapter final : public AnyQueue<typename Q::value_type> {
  using T = typename Q::value_type;

 public:
  explicit QueueAdapter(auto... arguments) : queue_(arguments...) {}
  bool has_tries() const override { return TryingBoundedQueue<Q>; }
  std::size_t push_batch(std::span<T> messages) override {
    if constexpr (BatchedBoundedQueue<Q>) {
      return queue_.push_batch(messages);
    } else {
      lacks("push_batch");
    }
  }
  std::size_t pop_batch(std::span<std::optional<T>> out) override {
    if constexpr (BatchedBoundedQueue<Q>) {
      return queue_.pop_batch(out);
    } else {
      lacks("pop_batch");
    }
  }
  bool push(T&& value) override { return queue_.push(std::move(value)); }
  Status try_push(T&& value) override {
    if constexpr (TryingBoundedQueue<Q>) {
      return queue_.try_push(std::move(value));
    } else {
      lacks("try_push");
    }
  }
  Status try_push_until(T&& value, Deadline deadline) override {
    if constexpr (TimedBoundedQueue<Q>) {
      return queue_.try_push_until(std::move(value), deadline);
    } else {
      lacks("try_push_until");
    }
  }
  std::optional<T> pop() override { return queue_.pop(); }
  bool pop_into(std::optional<T>& out) override { return bq::pop_into(queue_, out); }
  Status try_pop(std::optional<T>& out) override {
    if constexpr (TryingBoundedQueue<Q>) {
      return queue_.try_pop(out);
    } else {
      lacks("try_pop");
    }
  }
  Status try_pop_until(std::optional<T>& out, Deadline deadline) override {
    if constexpr (TimedBoundedQueue<Q>) {
      return queue_.try_pop_until(out, deadline);
    } else {
      lacks("try_pop_until");
    }
  }
  void close() override { queue_.close(); }
  bool is_closed() const override { return queue_.is_closed(); }
  std::size_t capacity() const override { return queue_.capacity(); }
  std::size_t size_approx() const override { return queue_.size_approx(); }

 private:
  Q queue_;
};

}  // namespace bq::checking
