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

  alignas(cache_line_bytes) typename Sync::template atomic<std::size_t> pushed_{0, "pushed"};
  alignas(cache_line_bytes) typename Sync::template atomic<std::size_t> popped_{0, "popped"};
};

}  // namespace bq::detail
