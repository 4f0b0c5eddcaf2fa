// What the mutants with one producer and one consumer are made of: two positions that only grow,
// and messages in plain memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "queues/detail/blocking_queue.h"

namespace bq::test::reported {

/// Correct storage for queues/detail/blocking_queue.h. A mutant hides try_pop() or size_approx().
template <class T, class Sync>
class PlainSpscRing {
 public:
  static constexpr Traits traits{.producers = Endpoints::one,
                                 .consumers = Endpoints::one,
                                 .element = Element::nothrow_movable,
                                 .close = Close::quiescent,
                                 .stall = Stall::nobody};

  explicit PlainSpscRing(std::size_t capacity)
      : capacity_(checked_capacity(capacity)), cells_(new Cell[capacity]) {}
  PlainSpscRing(const PlainSpscRing&) = delete;
  PlainSpscRing& operator=(const PlainSpscRing&) = delete;
  ~PlainSpscRing() {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    for (std::uint64_t i = head_.load(std::memory_order_relaxed); i != tail; ++i) cell(i).destroy();
  }

  Status try_push(T& value) {
    if (is_closed()) return Status::closed;
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == capacity_) return Status::full;
    cell(tail).put(std::move(value));
    tail_.store(tail + 1, std::memory_order_release);
    return Status::done;
  }
  Status try_pop(std::optional<T>& out) {
    std::uint64_t head = 0;
    if (const Status status = look_at_front(head); status != Status::done) return status;
    cell(head).take(out);
    head_.store(head + 1, std::memory_order_release);
    return Status::done;
  }

  bool can_push() const {
    return tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_relaxed) !=
               capacity_ ||
           is_closed();
  }
  bool can_pop() const {
    return tail_.load(std::memory_order_relaxed) != head_.load(std::memory_order_relaxed) ||
           is_closed();
  }
  void close() { closed_.store(true, std::memory_order_release); }
  bool is_closed() const { return closed_.load(std::memory_order_acquire); }
  std::size_t capacity() const { return capacity_; }
  /// The head first, so that the tail is not behind it; by then the tail may be far ahead.
  std::size_t size_approx() const {
    const std::uint64_t head = head_.load(std::memory_order_acquire);
    return std::min<std::uint64_t>(tail_.load(std::memory_order_acquire) - head, capacity_);
  }

 protected:
  using Cell = StdSync::slot<T>;
  Cell& cell(std::uint64_t position) { return cells_[position % capacity_]; }
  /// Done: there is a message at `head`.
  Status look_at_front(std::uint64_t& head) const {
    head = head_.load(std::memory_order_relaxed);
    const bool closed = is_closed();
    if (head != tail_.load(std::memory_order_acquire)) return Status::done;
    return closed ? Status::closed : Status::empty;
  }

  const std::size_t capacity_;
  const std::unique_ptr<Cell[]> cells_;
  alignas(cache_line_bytes) typename Sync::template atomic<std::uint64_t> tail_{0, "tail"};
  alignas(cache_line_bytes) typename Sync::template atomic<std::uint64_t> head_{0, "head"};
  alignas(cache_line_bytes) typename Sync::template atomic<bool> closed_{false, "closed"};
};

}  // namespace bq::test::reported
