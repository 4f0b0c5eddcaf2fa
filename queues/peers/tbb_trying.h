// Peer: tbb::concurrent_bounded_queue by its calls that do not wait, with blocking emulated around
// it. See tbb.h for the same class with waiting of its own.
//
// What:    oneTBB (2021.8, as in Debian 12; Apache License 2.0): tickets from two counters, dealt
//          to eight lists of pages under spin locks. FIFO over all producers. This adapter calls
//          try_push and try_pop only. Each of them also looks for threads that wait in the
//          library's monitor, where there never is one. This adapter adds nothing else to the path
//          of a message but the closed flag.
// Closing: by a flag: see blocking_adapter.h. So messages stay what they are: no flag in each, as
//          in tbb.h.
// Limits:  messages are assigned, so they need a default constructor. Close is exact only while no
//          push runs. Capacities from 1 on, exact; memory is allocated in pages as needed, and if
//          that fails, the program ends, because the waiting around it takes no exceptions. If
//          another thread has a ticket and has not finished with its slot, try_push and try_pop
//          wait for it, with a back-off that ends in yields: they can wait, against the contract,
//          and never answer `busy`. `full` and `empty` are exact, if a call counts from its ticket
//          on. Messages aligned to more than a cache line get std::allocator, others the library's
//          own.
// Source:  https://github.com/oneapi-src/oneTBB
// Waiting: emulated: see blocking_adapter.h. The library's size() reads the head before
//          the tail, so it never misses a message whose push had returned, and misses a free slot
//          only where another pop ends during the look, and calls wake_one() then.
// Progress: blocking; a thread stopped between its ticket and the end of its work blocks those
//          whose tickets are for the same list, and in the end all threads.
// Ordering: a message is released and acquired through its list's counter; the tickets only hand
//          out positions; the flag as blocking_adapter.h says.
#pragma once

#include <tbb/cache_aligned_allocator.h>
#include <tbb/concurrent_queue.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "queues/blocking_adapter.h"

namespace bq {

namespace detail {

template <class T>
class TbbTrying {
  static_assert(std::is_default_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
                    std::is_nothrow_move_constructible_v<T>,
                "the library assigns what it takes out, and a move that throws would lose it");
  static constexpr std::size_t max_capacity = unbounded_capacity / 2;  // the library's is signed

 public:
  static constexpr Traits traits{.element = Element::default_constructible,
                                 .origin = Origin::peer,
                                 .note = "try calls may wait for a slot in use"};

  explicit TbbTrying(std::size_t capacity) : capacity_(checked_capacity(capacity, max_capacity)) {
    messages_.set_capacity(static_cast<std::ptrdiff_t>(capacity));
  }

  Status try_push(T& value) noexcept {
    return messages_.try_push(std::move(value)) ? Status::done : Status::full;
  }
  Status try_pop(std::optional<T>& out) noexcept {
    T message;
    // Not initialised, which takes time where messages are large. g++ 12 cannot see that the
    // library writes it, and would warn.
    asm("" : "=m"(message));
    if (!messages_.try_pop(message)) return Status::empty;
    out.emplace(std::move(message));
    return Status::done;
  }
  bool can_push() const { return messages_.size() < static_cast<std::ptrdiff_t>(capacity_); }
  bool can_pop() const { return messages_.size() > 0; }

  std::size_t capacity() const { return capacity_; }
  /// Reads the head before the tail: within the capacity only while no call runs.
  std::size_t size_approx() const {
    const std::ptrdiff_t size = messages_.size();
    return std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(size, 0)), capacity_);
  }

 private:
  using Allocator = std::conditional_t<(alignof(T) > cache_line_bytes), std::allocator<T>,
                                       tbb::cache_aligned_allocator<T>>;

  const std::size_t capacity_;
  tbb::concurrent_bounded_queue<T, Allocator> messages_;
};

}  // namespace detail

template <class T>
using TbbSpinYieldPark = BlockingAdapter<T, detail::TbbTrying>;

}  // namespace bq
