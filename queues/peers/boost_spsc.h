// Peer: boost::lockfree::spsc_queue, with blocking emulated around it.
//
// What:    Boost.Lockfree (1.74 or later, tested with Debian 12's 1.74; Boost Software License
//          1.0), Lamport's ring for one producer and one consumer: an index for each, on a cache
//          line of its own, without copies of the other one, so each call reads the other side's
//          cache line. FIFO. The library has neither waiting nor closing.
// Closing: by a flag: see blocking_adapter.h.
// Limits:  one producer, one consumer; trivially copyable, default-constructible messages (the
//          library copies what is pushed, so move-only types are impossible); close is exact only
//          while no push runs. Any capacity is exact: one slot more than that is allocated at
//          construction.
// Source:  L. Lamport, "Specifying Concurrent Program Modules", TOPLAS 5(2), 1983;
//          https://www.boost.org/doc/libs/release/doc/html/lockfree.html.
// Waiting: emulated: see blocking_adapter.h. Progress: wait-free except for waiting; a
// thread stopped anywhere blocks only a thread that needs its messages
//          (slots).
// Ordering: the library's: a message is released and acquired through the write index, its slot
// through the read index;
//          the flag as blocking_adapter.h says.
#pragma once

#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <optional>
#include <type_traits>

#include "queues/blocking_adapter.h"

namespace bq {

namespace detail {

template <class T>
class BoostSpsc {
  static_assert(std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T>,
                "boost::lockfree::spsc_queue copies its messages, and wants a default one");

 public:
  static constexpr Traits traits{.producers = Endpoints::one,
                                 .consumers = Endpoints::one,
                                 .element = Element::trivial,
                                 .stall = Stall::nobody,
                                 .origin = Origin::peer};

  explicit BoostSpsc(std::size_t capacity)
      : capacity_(checked_capacity(capacity, unbounded_capacity - 1)), messages_(capacity) {}

  Status try_push(const T& value) { return messages_.push(value) ? Status::done : Status::full; }
  Status try_pop(std::optional<T>& out) {
    T message;
    if (!messages_.pop(message)) return Status::empty;
    out.emplace(message);
    return Status::done;
  }
  bool can_push() const { return messages_.write_available() > 0; }
  bool can_pop() const { return messages_.read_available() > 0; }

  std::size_t capacity() const { return capacity_; }
  /// The difference of two indices that are read one after the other: inexact while calls run, but
  /// within the capacity.
  std::size_t size_approx() const { return messages_.read_available(); }

 private:
  const std::size_t capacity_;
  boost::lockfree::spsc_queue<T> messages_;
};

}  // namespace detail

template <class T>
using BoostSpscQueue = BlockingAdapter<T, detail::BoostSpsc>;

}  // namespace bq
