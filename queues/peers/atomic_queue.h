// Peer: atomic_queue::AtomicQueueB2, with blocking emulated around it.
//
// What:    Maxim Egorushkin's atomic_queue (commit 83774a2 of May 2022, as in Debian 12; MIT
//          licence), the variant with a run-time capacity for messages of any type: a ring with a
//          byte of state for each slot, in an array of its own. A push claims a position by moving
//          the head, and then waits for the slot to be empty; a pop is the mirror image at the
//          tail. FIFO over all producers. With the library's defaults: many to many, maximal
//          throughput. The library has neither waiting nor closing.
// Closing: by a flag: see blocking_adapter.h.
// Limits:  capacities are rounded up to a power of two, and to at least 4096, so that neighbours of
//          the ring can be on different cache lines; at most 2^30 (positions are compared as int).
//          Messages are assigned, so they need a default constructor; a moved-from message stays in
//          its slot until the next push there. Close is exact only while no push runs. If another
//          thread has claimed the slot and has not finished with it, try_push and try_pop spin
//          until it has: they can wait, against the contract, and never answer `busy`. `full` and
//          `empty` are exact, if a call counts from its claim on.
// Source:  https://github.com/max0x7ba/atomic_queue
// Waiting: emulated: see blocking_adapter.h. Progress: a thread stopped between its
// claim and its write (read) blocks all threads that claim the same slot, and
//          these spin.
// Ordering: the library's: a message is released and acquired through its slot's state; the flag as
// blocking_adapter.h says.
#pragma once

#include <atomic_queue/atomic_queue.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "queues/blocking_adapter.h"

namespace bq {

namespace detail {

template <class T>
class AtomicQueue {
  static_assert(std::is_default_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
                    std::is_nothrow_move_constructible_v<T>,
                "slots always hold a message, and the library's calls are noexcept");
  static constexpr std::size_t max_capacity = std::size_t{1} << 30;

 public:
  static constexpr Traits traits{
      .capacities = Capacities::range,
      .max_capacity = max_capacity,
      .bound = Bound::rounded,
      .element = Element::default_constructible,
      .origin = Origin::peer,
      .note = "holds 4096 at least; try calls may spin for a slot in use"};

  explicit AtomicQueue(std::size_t capacity)
      : messages_(static_cast<unsigned>(checked_capacity(capacity, max_capacity))) {}

  Status try_push(T& value) {
    return messages_.try_push(std::move(value)) ? Status::done : Status::full;
  }
  Status try_pop(std::optional<T>& out) {
    T message;
    if (!messages_.try_pop(message)) return Status::empty;
    out.emplace(std::move(message));
    return Status::done;
  }
  bool can_push() const { return !messages_.was_full(); }
  bool can_pop() const { return !messages_.was_empty(); }

  std::size_t capacity() const { return messages_.capacity(); }
  /// The difference of two positions that are read one after the other, in either order.
  std::size_t size_approx() const {
    return std::min<std::size_t>(messages_.was_size(), capacity());
  }

 private:
  atomic_queue::AtomicQueueB2<T> messages_;
};

}  // namespace detail

template <class T>
using AtomicQueuePeer = BlockingAdapter<T, detail::AtomicQueue>;

}  // namespace bq
