// Peer: xenium::vyukov_bounded_queue, with blocking emulated around it.
//
// What:    Manuel Pöter's xenium (0.0.2, as in Debian 12; MIT licence), Vyukov's ring: each slot
//          has a sequence number, a push claims a position and writes, a pop claims one and reads.
//          FIFO over all producers. The library has neither waiting nor closing nor a size. This
//          adapter counts each side on a cache line of its own. That is all it adds to the path of
//          a message. Slots are not padded, as in the library.
// Closing: by a flag: see blocking_adapter.h.
// Limits:  capacities are powers of two from 2 on, exact; messages are assigned, so they need a
//          default constructor, and a moved-from message stays in its slot until the next push
//          there; close is exact only while no push runs. The library's try_push and try_pop (the
//          "strong" ones, its default) answer full (empty) exactly, but spin, without a pause,
//          while another thread is using the slot in question; the "weak" ones fail at once. This
//          adapter tries the weak one, and reports its failure as `busy` unless the counts say full
//          (empty): then the strong one decides. It waits for another thread only if that has
//          finished with its slot between the two calls, or has not counted its call yet.
// Source:  D. Vyukov, "Bounded MPMC queue", 2010 (1024cores.net); https://github.com/mpoeter/xenium
// Waiting: emulated: see blocking_adapter.h. Progress: a thread stopped between its
// claim and its write (read) blocks all threads behind it, which get `busy`. Ordering: the
// library's: a message is released and acquired through its slot's number; the flag as
// blocking_adapter.h
// says.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <xenium/vyukov_bounded_queue.hpp>

#include "queues/blocking_adapter.h"

namespace bq {

namespace detail {

template <class T>
class XeniumVyukov {
  static_assert(std::is_default_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
                    std::is_nothrow_move_constructible_v<T>,
                "slots always hold a message, and an assignment that throws would leave one "
                "claimed for ever");

 public:
  static constexpr Traits traits{.capacities = Capacities::power_of_two,
                                 .min_capacity = 2,
                                 .element = Element::default_constructible,
                                 .origin = Origin::peer};

  explicit XeniumVyukov(std::size_t capacity) : capacity_(checked(capacity)), messages_(capacity) {}

  Status try_push(T& value) {
    if (!messages_.try_push_weak(std::move(value))) {
      if (count_.at_least() < capacity_) return Status::busy;
      // NOLINTNEXTLINE(bugprone-use-after-move)
      if (!messages_.try_push_strong(std::move(value))) return Status::full;
    }
    count_.count_push();
    return Status::done;
  }
  Status try_pop(std::optional<T>& out) {
    T message;
    if (!messages_.try_pop_weak(message)) {
      if (count_.at_most() > 0) return Status::busy;
      if (!messages_.try_pop_strong(message)) return Status::empty;
    }
    count_.count_pop();
    out.emplace(std::move(message));
    return Status::done;
  }
  bool can_push() const { return count_.at_least() < capacity_; }
  bool can_pop() const { return count_.at_most() > 0; }

  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const { return std::min(count_.at_most(), capacity_); }

 private:
  static std::size_t checked(std::size_t capacity) {
    checked_capacity(capacity);
    if (capacity < 2 || !std::has_single_bit(capacity)) {
      throw std::invalid_argument("capacity " + std::to_string(capacity) +
                                  ": this queue takes powers of two, 2 or more");
    }
    return capacity;
  }

  const std::size_t capacity_;
  xenium::vyukov_bounded_queue<T> messages_;
  MessageCount<> count_;
};

}  // namespace detail

template <class T>
using XeniumVyukovQueue = BlockingAdapter<T, detail::XeniumVyukov>;

}  // namespace bq
