// Of two try_pops that want the same message, the one whose compare-exchange fails says that the
// queue is empty, although there are more messages.
//
// Source: openjdk/jdk#7149, a try_pop that could say so while others popped. The ring does not
// synchronise through Sync, so only threads that run at once show the fault.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "queues/detail/blocking_queue.h"

namespace bq::test::reported {

/// A cell has a turn: even while it is free, odd while it holds a message, one more at each change.
template <class T, bool is_faulty>
class HastyLibraryRing {
 public:
  static constexpr Traits traits{.element = Element::nothrow_movable, .close = Close::quiescent};

  explicit HastyLibraryRing(std::size_t capacity)
      : capacity_(checked_capacity(capacity)), cells_(new Cell[capacity]) {}
  ~HastyLibraryRing() {
    std::optional<T> out;
    while (try_pop(out) == Status::done) {
    }
  }

  Status try_push(T& value) {
    if (is_closed()) return Status::closed;
    for (std::uint64_t tail = tail_.load();;) {
      Cell& cell = cell_at(tail);
      const std::uint64_t turn = cell.turn.load(std::memory_order_acquire);
      if (turn == free_turn(tail)) {
        if (!tail_.compare_exchange_strong(tail, tail + 1)) continue;
        cell.message.put(std::move(value));
        cell.turn.store(turn + 1, std::memory_order_release);
        return Status::done;
      }
      if (turn < free_turn(tail))
        return tail - head_.load() == capacity_ ? Status::full : Status::busy;
      tail = tail_.load();
    }
  }
  Status try_pop(std::optional<T>& out) {
    const bool closed = is_closed();
    for (std::uint64_t head = head_.load();;) {
      Cell& cell = cell_at(head);
      const std::uint64_t turn = cell.turn.load(std::memory_order_acquire);
      if (turn == free_turn(head) + 1) {
        if (!head_.compare_exchange_strong(head, head + 1)) {
          if constexpr (is_faulty) return Status::empty;
          continue;
        }
        cell.message.take(out);
        cell.turn.store(turn + 1, std::memory_order_release);
        return Status::done;
      }
      if (turn <= free_turn(head)) {
        if (tail_.load() != head) return Status::busy;
        return closed ? Status::closed : Status::empty;
      }
      head = head_.load();
    }
  }

  bool can_push() const { return is_closed() || tail_.load() - head_.load() < capacity_; }
  bool can_pop() const { return is_closed() || tail_.load() != head_.load(); }
  void close() { closed_.store(true); }
  bool is_closed() const { return closed_.load(); }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const {
    const std::uint64_t head = head_.load();
    return std::min<std::uint64_t>(tail_.load() - head, capacity_);
  }

 private:
  struct Cell {
    std::atomic<std::uint64_t> turn{0};
    StdSync::slot<T> message;
  };
  Cell& cell_at(std::uint64_t position) { return cells_[position % capacity_]; }
  std::uint64_t free_turn(std::uint64_t position) const { return 2 * (position / capacity_); }

  const std::size_t capacity_;
  const std::unique_ptr<Cell[]> cells_;
  std::atomic<std::uint64_t> tail_{0};
  std::atomic<std::uint64_t> head_{0};
  std::atomic<bool> closed_{false};
};

template <class T, class Sync = StdSync, bool is_faulty = true>
using LoserSaysEmpty = BlockingQueue<T, HastyLibraryRing<T, is_faulty>, Park<Sync>, Sync>;

}  // namespace bq::test::reported
