// Peer: boost::concurrent::sync_bounded_queue, which waits and closes by itself.
//
// What:    Boost.Thread (1.74 or later, tested with Debian 12's 1.74; Boost Software License 1.0),
//          part of its experimental concurrent queues: a ring under one mutex, and for each side a
//          condition variable and a count of its waiters, so that only waiters are notified. FIFO
//          over all producers. The library's size() is wrong once the ring has wrapped (it takes
//          the wrong modulus), so this adapter counts each side on a cache line of its own, outside
//          the lock. That is all it adds to the path of a message.
// Closing: the library's, under its mutex: exact. If the close comes while wait_push_back waits, it
//          does not return "closed", but throws; the adapter catches that.
// Limits:  capacities from 1 on, exact. Messages are assigned, so they need a default constructor,
//          and a moved-from message stays in its slot until the next push there; a popped message
//          is moved twice. No timed calls. The library's condition variables are Boost's, which
//          check for interruption of boost threads, and so cost more than the standard's.
// Source:  https://www.boost.org/doc/libs/release/doc/html/thread/sds.html, after N3533, an
//          ancestor of P0260.
// Waiting: the library's: condition variables. Progress: blocking; a thread stopped while it holds
// the lock blocks all others. try_push and try_pop wait for the lock. Ordering: the mutex's.
#pragma once

#include <algorithm>
#include <boost/thread/concurrent_queues/sync_bounded_queue.hpp>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "queues/detail/message_count.h"

namespace bq {

template <class T>
class BoostSyncBoundedQueue {
  static_assert(
      std::is_default_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
          std::is_nothrow_move_constructible_v<T>,
      "slots always hold a message, and a popped one that cannot be passed on would be lost");

 public:
  using value_type = T;
  static constexpr Traits traits{
      .element = Element::default_constructible, .origin = Origin::peer, .waiting = "condvar"};

  explicit BoostSyncBoundedQueue(std::size_t capacity)
      : capacity_(checked_capacity(capacity, unbounded_capacity - 1)), messages_(capacity) {}

  bool push(T&& value) {
    try {
      return counted_push(messages_.wait_push_back(std::move(value))) == Status::done;
    } catch (const boost::sync_queue_is_closed&) {
      return false;
    }
  }
  Status try_push(T&& value) { return counted_push(messages_.try_push_back(std::move(value))); }

  std::optional<T> pop() {
    T message;
    std::optional<T> out;
    if (counted_pop(messages_.wait_pull_front(message)) == Status::done)
      out.emplace(std::move(message));
    return out;
  }
  Status try_pop(std::optional<T>& out) {
    T message;
    const Status status = counted_pop(messages_.try_pull_front(message));
    if (status == Status::done) out.emplace(std::move(message));
    return status;
  }

  void close() { messages_.close(); }
  bool is_closed() const { return messages_.closed(); }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const { return std::min(count_.at_most(), capacity_); }

 private:
  using Outcome = boost::concurrent::queue_op_status;

  Status counted_push(Outcome outcome) {
    if (outcome != Outcome::success)
      return outcome == Outcome::full ? Status::full : Status::closed;
    count_.count_push();
    return Status::done;
  }
  Status counted_pop(Outcome outcome) {
    if (outcome != Outcome::success)
      return outcome == Outcome::empty ? Status::empty : Status::closed;
    count_.count_pop();
    return Status::done;
  }

  const std::size_t capacity_;
  boost::concurrent::sync_bounded_queue<T> messages_;
  detail::MessageCount<> count_;
};

}  // namespace bq
