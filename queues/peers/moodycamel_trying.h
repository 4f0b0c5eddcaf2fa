// Peer: moodycamel::ConcurrentQueue, the queue that cannot wait, with blocking emulated around it.
// See moodycamel_blocking.h for the same library with waiting of its own.
//
// What:    Cameron Desrochers' unbounded queue (1.0.3 or later; simplified BSD) keeps a list of
//          blocks for each producing thread. FIFO for each producer. The library has neither bound
//          nor closing, and this part of it has no waiting. This adapter adds one count: a push
//          claims a slot in it before it sends, and a pop gives the slot back after it has
//          received. The bound is therefore exact. Nothing else is added to the path of a message.
// Closing: by a flag: see blocking_adapter.h.
// Limits:  FIFO for each producer only. Close is exact only while no push runs. The library
//          allocates as it grows; if that fails, the program ends, because the waiting around it
//          takes no exceptions. `full` and `empty` may be spurious while other calls are in
//          progress: try_dequeue looks at one producer's list after the other, so it may find all
//          of them empty though there never was an instant at which all were. It then missed only
//          messages whose push came after it began.
//          try_dequeue may also fail although the push of a message has long returned. A list has a
//          count of pops that have begun, and one of those among them that came too late. While a
//          late pop is between the two, the list looks shorter than it is. So a failure counts only
//          if size_approx(), which reads other counts, is 0, too; otherwise try_pop yields and
//          tries again. So try_pop may wait, against the contract, for a pop in progress. (The
//          library's own BlockingConcurrentQueue repeats try_dequeue for the same reason, without
//          a yield.)
// Source:  https://github.com/cameron314/concurrentqueue
// Waiting: emulated: see blocking_adapter.h.
// Progress: lock-free except for waiting and for what Limits says of try_pop; a thread stopped
//          inside a push, or at the end of a pop, blocks one slot.
// Ordering: the library's (see moodycamel_blocking.h about 1.0.3); the claims count slots and
//          publish nothing; the flag as blocking_adapter.h says.
#pragma once

#include <concurrentqueue/concurrentqueue.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "queues/blocking_adapter.h"

namespace bq {

namespace detail {

template <class T>
class MoodycamelQueue {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "a message whose move throws would be lost");

 public:
  static constexpr Traits traits{.element = Element::nothrow_movable,
                                 .fifo = Fifo::per_producer,
                                 .stall = Stall::one_slot,
                                 .origin = Origin::peer,
                                 .note = "unbounded inside; a count of slots bounds it"};

  explicit MoodycamelQueue(std::size_t capacity)
      : capacity_(checked_capacity(capacity)), messages_(capacity) {}

  Status try_push(T& value) noexcept {
    std::size_t claimed = claimed_.load(std::memory_order_relaxed);
    do {
      // Busy: a call in progress has the slot.
      if (claimed == capacity_)
        return messages_.size_approx() >= capacity_ ? Status::full : Status::busy;
    } while (!claimed_.compare_exchange_weak(claimed, claimed + 1, std::memory_order_acq_rel,
                                             std::memory_order_relaxed));
    if (!messages_.enqueue(std::move(value))) std::terminate();  // no memory
    return Status::done;
  }
  Status try_pop(std::optional<T>& out) {
    Receiver receiver{out};
    while (!messages_.try_dequeue(receiver)) {
      if (messages_.size_approx() == 0) return Status::empty;
      StdSync::yield();
    }
    claimed_.fetch_sub(1, std::memory_order_acq_rel);
    return Status::done;
  }
  bool can_push() const { return claimed_.load(std::memory_order_relaxed) < capacity_; }
  bool can_pop() const { return messages_.size_approx() > 0; }

  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const { return std::min(messages_.size_approx(), capacity_); }

 private:
  /// The library assigns a message to this, which moves it into `out`.
  struct Receiver {
    std::optional<T>& out;
    void operator=(T&& message) noexcept { out.emplace(std::move(message)); }
  };

  const std::size_t capacity_;
  moodycamel::ConcurrentQueue<T> messages_;
  alignas(cache_line_bytes) StdSync::atomic<std::size_t> claimed_{0, "claimed"};
};

}  // namespace detail

template <class T>
using MoodycamelSpinYieldPark = BlockingAdapter<T, detail::MoodycamelQueue>;

}  // namespace bq
