// Peer: boost::lockfree::queue, with blocking emulated around it.
//
// What:    Boost.Lockfree (1.74 or later, tested with Debian 12's 1.74; Boost Software License
//          1.0), a Michael-Scott list over a fixed pool of nodes. FIFO over all producers. The
//          library has neither waiting nor closing nor a size. This adapter counts each side on a
//          cache line of its own. That is all it adds to the path of a message; a user of the
//          library who needs no size does not pay for it. The counts tell `full` from `busy`, tell
//          a producer whether there may be room, and are the size. A consumer that waits does not
//          look at them, but at the library's own empty().
// Closing: by a flag: see blocking_adapter.h.
// Limits:  trivially copyable, default-constructible messages; capacities 1 to 65534, exact (nodes
//          have 16-bit indices, and one is the list's dummy); close is exact only while no push
//          runs. A push fails if no node is free. A push that has not linked its node yet, or a pop
//          that has not returned its node yet, holds one: so capacity() is never exceeded, but may
//          shrink for a moment. Such a failure is `busy` unless the counts say full. The counts lag
//          behind, so `full` may be spurious while pops are in progress. `empty` is exact.
// Source:  M. Michael, M. Scott, "Simple, Fast, and Practical Non-Blocking and Blocking Concurrent
//          Queue Algorithms", PODC 1996;
//          https://www.boost.org/doc/libs/release/doc/html/lockfree.html.
// Waiting: emulated: see blocking_adapter.h. A consumer looks at the library's empty(),
//          which compares the node at the head with the node at the tail, in two loads. A push
//          links its node and then moves the tail to it; if that fails, another thread has moved
//          the tail already. So when a push returns, the tail is at its node or beyond. Neither end
//          moves back, so the head reaches that node only when its message is taken: until then the
//          two nodes differ. There is one exception. If, between the two loads, the node that was
//          read at the head is freed and another push has put it at the tail, empty() is wrongly
//          true. That push calls wake_one() after the look began. Both cases are what
//          detail/waiting_policies.h allows of `ready`.
// Progress: lock-free except for waiting; a thread stopped inside a call keeps one node from the
//          others.
// Ordering: the library's; `closed_` is released by close and acquired by a pop before its last
//          check, so that the pop sees all that was pushed before.
#pragma once

#include <algorithm>
#include <boost/lockfree/policies.hpp>
#include <boost/lockfree/queue.hpp>
#include <cstddef>
#include <optional>
#include <type_traits>

#include "queues/blocking_adapter.h"

namespace bq {

namespace detail {

template <class T>
class BoostLockfree {
  static_assert(std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T>,
                "boost::lockfree::queue copies its messages as bytes, and wants a default one");
  static constexpr std::size_t max_capacity = 65534;

 public:
  static constexpr Traits traits{.capacities = Capacities::range,
                                 .max_capacity = max_capacity,
                                 .element = Element::trivial,
                                 .stall = Stall::one_slot,
                                 .origin = Origin::peer,
                                 .note = "full may be spurious while other calls are in progress"};

  explicit BoostLockfree(std::size_t capacity)
      : capacity_(checked_capacity(capacity, max_capacity)), messages_(capacity) {}

  Status try_push(const T& value) {
    if (!messages_.bounded_push(value))
      return count_.at_least() >= capacity_ ? Status::full : Status::busy;
    count_.count_push();
    return Status::done;
  }
  Status try_pop(std::optional<T>& out) {
    T message;
    if (!messages_.pop(message)) return Status::empty;
    count_.count_pop();
    out.emplace(message);
    return Status::done;
  }
  bool can_push() const { return count_.at_least() < capacity_; }
  bool can_pop() const { return !messages_.empty(); }

  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const { return std::min(count_.at_most(), capacity_); }

 private:
  const std::size_t capacity_;
  boost::lockfree::queue<T, boost::lockfree::fixed_sized<true>> messages_;
  MessageCount<> count_;
};

}  // namespace detail

template <class T>
using BoostLockfreeQueue = BlockingAdapter<T, detail::BoostLockfree>;

}  // namespace bq
