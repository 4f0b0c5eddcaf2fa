// Peer: boost::lockfree::queue, with blocking emulated around it.
//
// What:    Boost.Lockfree (1.74 or later; Boost Software License 1.0), a Michael-Scott list over a fixed pool of nodes.
//          The library has neither waiting nor closing nor a size. This adapter waits in a loop (StdSync::spin_limit
//          rounds of relax, then yields: it burns its core, and says so), closes with a flag, and counts each side on a
//          cache line of its own, the one thing it adds to the path of a message.
// Limits:  trivially copyable messages; capacities 1 to 65534 (nodes have 16-bit indices, and one is the list's dummy);
//          close is exact only while no push runs. `full` may be spurious while other calls are in progress: it means
//          that no node was free, and a push that has yet to link its node, or a pop that has yet to give its node
//          back, holds one. So capacity() is never exceeded, but may shrink for a moment. `empty` is exact.
// Source:  M. Michael, M. Scott, "Simple, Fast, and Practical Non-Blocking and Blocking Concurrent Queue Algorithms",
//          PODC 1996; https://www.boost.org/doc/libs/release/doc/html/lockfree.html.
// Waiting: spin, then yield.
// Progress: lock-free but for the waiting; a thread stopped inside a call keeps one node from the others.
// Ordering: the library's; `closed_` is released by close and acquired by a pop before its last look, so that the pop
//          sees all that was pushed before.
#pragma once

#include <algorithm>
#include <boost/lockfree/policies.hpp>
#include <boost/lockfree/queue.hpp>
#include <cstddef>
#include <optional>
#include <type_traits>

#include "queues/waiting.h"

namespace bq {

template <class T>
class BoostLockfreeQueue : public detail::Calls<BoostLockfreeQueue<T>, T, StdSync> {
  static_assert(std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T>,
                "boost::lockfree::queue copies its messages as bytes, and wants a default one");
  friend detail::Calls<BoostLockfreeQueue, T, StdSync>;
  static constexpr std::size_t max_capacity = 65534;

 public:
  static constexpr Traits traits{.capacities = Capacities::range,
                                 .max_capacity = max_capacity,
                                 .element = Element::trivial,
                                 .blocking = Blocking::emulated,
                                 .timed = Timed::yes,
                                 .close = Close::quiescent,
                                 .stall = Stall::one_slot,
                                 .origin = Origin::peer,
                                 .waiting = "spin, then yield",
                                 .note = "full may be spurious while other calls are in progress"};

  explicit BoostLockfreeQueue(std::size_t capacity)
      : capacity_(checked_capacity(capacity, max_capacity)), messages_(capacity) {}

  void close() { closed_.store(true, std::memory_order_release); }
  bool is_closed() const { return closed_.load(std::memory_order_acquire); }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const {
    const std::size_t popped = popped_.load(std::memory_order_relaxed);
    const std::size_t pushed = pushed_.load(std::memory_order_relaxed);
    return pushed < popped ? 0 : std::min(pushed - popped, capacity_);  // either may lag behind while calls run
  }

 private:
  Status push_with(T&& value, const auto& patience) {
    for (Pause pause;; pause()) {
      if (is_closed()) return Status::closed;
      const bool last_look = !patience.lasts();
      if (messages_.bounded_push(value)) {
        pushed_.fetch_add(1, std::memory_order_relaxed);
        return Status::done;
      }
      if (last_look) return Status::timeout;
    }
  }

  Status pop_with(std::optional<T>& out, const auto& patience) {
    for (Pause pause;; pause()) {
      const bool closed = is_closed();  // before the look, or a message pushed before the close might be missed
      const bool last_look = !patience.lasts();
      T message;
      if (messages_.pop(message)) {
        popped_.fetch_add(1, std::memory_order_relaxed);
        out.emplace(message);
        return Status::done;
      }
      if (closed) return Status::closed;
      if (last_look) return Status::timeout;
    }
  }

  /// Spins for the price of a wake-up, then gives the core away at every turn.
  class Pause {
   public:
    void operator()() {
      if (rounds_ < StdSync::spin_limit) {
        ++rounds_;
        StdSync::relax();
      } else {
        StdSync::yield();
      }
    }

   private:
    unsigned rounds_ = 0;
  };

  const std::size_t capacity_;
  boost::lockfree::queue<T, boost::lockfree::fixed_sized<true>> messages_;
  alignas(cache_line_bytes) StdSync::atomic<std::size_t> pushed_{0, "pushed"};
  alignas(cache_line_bytes) StdSync::atomic<std::size_t> popped_{0, "popped"};
  alignas(cache_line_bytes) StdSync::atomic<bool> closed_{false, "closed"};
};

}  // namespace bq
