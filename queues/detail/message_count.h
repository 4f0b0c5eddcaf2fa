// A count of messages, for queues that have no size.
#pragma once

#include <algorithm>
#include <cstddef>

#include "queues/sync.h"

namespace bq::detail {

/// Counts completed pushes and pops, each on a cache line of its own. While calls run the counts
/// lag behind, so there are two ways to subtract them; when no call is in progress both are exact.
template <class Sync = StdSync>
class MessageCount {
 public:
  void count_push(std::size_t messages = 1) {
    pushed_.fetch_add(messages, std::memory_order_relaxed);
  }
  void count_pop(std::size_t messages = 1) {
    popped_.fetch_add(messages, std::memory_order_relaxed);
  }

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

  alignas(cache_line_bytes) typename Sync::template atomic<std::size_t> pushed_{0, "pushed"};
  alignas(cache_line_bytes) typename Sync::template atomic<std::size_t> popped_{0, "popped"};
};

/// As MessageCount, and counts the begin of a pop apart from its end. So at_least() leaves out what
/// a pop in progress may have taken already, and at_most() what it may not have taken yet.
template <class Sync = StdSync>
class CallCount {
 public:
  void count_push(std::size_t messages) { pushed_.fetch_add(messages, std::memory_order_relaxed); }
  void begin_pops(std::size_t messages) { begun_.fetch_add(messages, std::memory_order_relaxed); }
  /// `done` of those begun took a message.
  void end_pops(std::size_t begun, std::size_t done) {
    if (done > 0) popped_.fetch_add(done, std::memory_order_relaxed);
    if (done < begun) begun_.fetch_sub(begun - done, std::memory_order_relaxed);
  }

  std::size_t at_least() const {
    const std::size_t pushed = pushed_.load(std::memory_order_acquire);
    const std::size_t begun = begun_.load(std::memory_order_relaxed);
    return pushed - std::min(pushed, begun);
  }
  std::size_t at_most() const {
    const std::size_t popped = popped_.load(std::memory_order_acquire);
    const std::size_t pushed = pushed_.load(std::memory_order_relaxed);
    return pushed - std::min(pushed, popped);
  }

 private:
  alignas(cache_line_bytes) typename Sync::template atomic<std::size_t> pushed_{0, "pushed"};
  alignas(cache_line_bytes) typename Sync::template atomic<std::size_t> begun_{0, "begun"};
  typename Sync::template atomic<std::size_t> popped_{0, "popped"};
};

}  // namespace bq::detail
