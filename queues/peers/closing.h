// What adapters of libraries without waiting share: a close, a count of messages, and one waiting
// policy.
//
// Closing: a flag. A push checks it first; a pop checks it before it looks for a message, so that a
//          pop that reports the end has seen all that was pushed before the close. A push that
//          checked the flag before the close, and delivers after the end was reported, is not
//          detected: Close::quiescent.
// Waiting: SpinYieldPark for all of them, so that tables compare the libraries and not the waiting
// policies.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "queues/detail/blocking_queue.h"

namespace bq::detail {

/// Counts completed pushes and pops, each on a cache line of its own, for libraries without a size.
/// While calls run the counts lag behind, so there are two ways to subtract them; when no call is
/// in progress both are exact.
class MessageCount {
 public:
  void count_push() { pushed_.fetch_add(1, std::memory_order_relaxed); }
  void count_pop() { popped_.fetch_add(1, std::memory_order_relaxed); }

  /// A lower bound: leaves out what is pushed during the call.
  std::size_t at_least() const {
    const std::size_t pushed = pushed_.load(std::memory_order_acquire);
    return difference(pushed, popped_.load(std::memory_order_relaxed));
  }
  /// An upper bound: includes what is popped during the call.
  std::size_t at_most() const {
    const std::size_t popped = popped_.load(std::memory_order_acquire);
    return difference(pushed_.load(std::memory_order_relaxed), popped);
  }

 private:
  /// A pop may be counted before its push.
  static std::size_t difference(std::size_t pushed, std::size_t popped) {
    return pushed - std::min(pushed, popped);
  }

  alignas(cache_line_bytes) StdSync::atomic<std::size_t> pushed_{0, "pushed"};
  alignas(cache_line_bytes) StdSync::atomic<std::size_t> popped_{0, "popped"};
};

/// Storage for detail/blocking_queue.h, made of a Library that offers all of it except closing:
///   try_push(T&) -> done, full or busy   try_pop(out) -> done, empty or busy
///   can_push(), can_pop()   capacity(), size_approx(), traits
template <class T, class Library>
class ClosedByFlag {
 public:
  static constexpr Traits traits = [] {
    Traits labels = Library::traits;
    labels.blocking = Blocking::emulated;
    labels.close = Close::quiescent;
    labels.origin = Origin::peer;
    return labels;
  }();

  explicit ClosedByFlag(std::size_t capacity) : library_(capacity) {}

  Status try_push(T& value) { return is_closed() ? Status::closed : library_.try_push(value); }
  Status try_pop(std::optional<T>& out) {
    // First, or a message pushed before the close might be missed.
    const bool closed = is_closed();
    const Status status = library_.try_pop(out);
    return closed && status == Status::empty ? Status::closed : status;
  }
  bool can_push() const { return is_closed() || library_.can_push(); }
  bool can_pop() const { return is_closed() || library_.can_pop(); }

  void close() { closed_.store(true, std::memory_order_release); }
  bool is_closed() const { return closed_.load(std::memory_order_acquire); }
  std::size_t capacity() const { return library_.capacity(); }
  std::size_t size_approx() const { return library_.size_approx(); }

 private:
  Library library_;
  alignas(cache_line_bytes) StdSync::atomic<bool> closed_{false, "closed"};
};

/// A blocking queue made of a library that has try calls only.
template <class T, class Library>
using WaitingPeer = BlockingQueue<T, ClosedByFlag<T, Library>, SpinYieldPark<StdSync>>;

}  // namespace bq::detail
