// A ring without locks for many producers and many consumers, and the blocking queues made of it.
//
// What:    each slot has a turn: even while it is free, odd while it holds a message, one more at
//          each change. A push claims the next position by moving the tail, writes, and advances
//          the slot's turn; a pop does the same at the head. No other thread may use a position
//          that is claimed, so the two sides share nothing but the slots. Slots are not padded:
//          neighbours share cache lines, which is best with one thread a side and slow with many.
// Use it:  where many threads share one queue, and their calls are frequent.
// Not:     where threads may be stopped for long at any time: one that is stopped between the claim
//          and the turn blocks all that come after it.
// Source:  D. Vyukov, "Bounded MPMC queue", 2010 (1024cores.net). Two things are as in the array
//          flavour of crossbeam-channel (Rust): capacities of any size, 1 among them, and a closing
//          bit in the tail, so that one atomic instruction decides between a push and a close. Its
//          slots hold a whole stamp where these hold a turn.
// Waiting: one of detail/waiting_policies.h. Progress: neither lock-free nor blocking in the strict
// sense: a thread stopped inside a call blocks all behind it, yet
//          try_push and try_pop never wait for it, and answer busy.
// Ordering: a message is released and acquired through its slot's turn. The tail and the head hand
// out positions. They
//          are released, too, so that a thread that has seen one moved also sees what happened
//          before the move.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "queues/detail/blocking_queue.h"

namespace bq {

/// Storage for detail/blocking_queue.h.
template <class T, class Sync = StdSync>
class MpmcRing {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "a move that throws would leave a claimed slot without a message");

 public:
  static constexpr Traits traits{.element = Element::nothrow_movable};

  /// Positions start at `first_turn` times the capacity, so that tests can make them wrap.
  explicit MpmcRing(std::size_t capacity, std::uint64_t first_turn = 0)
      : capacity_(checked_capacity(capacity)),
        index_bits_(static_cast<unsigned>(std::bit_width(capacity - 1))),
        slots_(new Slot[capacity]) {
    const Position start = first_turn << index_bits_ << 1;
    for (std::size_t i = 0; i < capacity; ++i)
      slots_[i].turn.store(free_turn(start), std::memory_order_relaxed);
    head_.store(start, std::memory_order_relaxed);
    tail_.store(start, std::memory_order_relaxed);
  }
  MpmcRing(const MpmcRing&) = delete;
  MpmcRing& operator=(const MpmcRing&) = delete;
  ~MpmcRing() {
    for (std::size_t i = 0; i < capacity_; ++i) {
      if (slots_[i].turn.load(std::memory_order_relaxed) % 2 == 1) slots_[i].message.destroy();
    }
  }

  Status try_push(T& value) {
    Position tail = tail_.load(std::memory_order_relaxed);
    for (;;) {
      if (tail & closing_bit) return Status::closed;
      Slot& slot = slot_at(tail);
      const Turn turn = slot.turn.load(std::memory_order_acquire);
      if (turn == free_turn(tail)) {
        if (tail_.compare_exchange_weak(tail, next(tail), std::memory_order_acq_rel,
                                        std::memory_order_relaxed)) {
          slot.message.put(std::move(value));
          slot.turn.store(turn + 1, std::memory_order_release);
          return Status::done;
        }
      } else if (is_before(turn, free_turn(tail))) {
        // The slot still has a message, or a pop is about to free it. The tail never moves back, so
        // if the head is a whole round behind the tail that was read, it is a whole round behind
        // the current tail.
        const Position head = head_.load(std::memory_order_acquire);
        return next_turn(head) == tail ? Status::full : Status::busy;
      } else {
        tail = tail_.load(std::memory_order_relaxed);
      }
    }
  }

  Status try_pop(std::optional<T>& out) {
    Position head = head_.load(std::memory_order_relaxed);
    for (;;) {
      Slot& slot = slot_at(head);
      const Turn turn = slot.turn.load(std::memory_order_acquire);
      if (turn == free_turn(head) + 1) {
        if (head_.compare_exchange_weak(head, next(head), std::memory_order_acq_rel,
                                        std::memory_order_relaxed)) {
          slot.message.take(out);
          slot.turn.store(free_turn(next_turn(head)), std::memory_order_release);
          return Status::done;
        }
      } else if (is_before(turn, free_turn(head) + 1)) {
        // The slot is empty, or a push is about to write it. The head never overtakes the tail, so
        // if the two are equal here, the queue is empty at the time of this load.
        const Position tail = tail_.load(std::memory_order_acquire);
        if ((tail & ~closing_bit) != head) return Status::busy;
        return tail & closing_bit ? Status::closed : Status::empty;
      } else {
        head = head_.load(std::memory_order_relaxed);
      }
    }
  }

  bool can_push() const {
    const Position tail = tail_.load(std::memory_order_relaxed);
    return (tail & closing_bit) ||
           !is_before(slot_at(tail).turn.load(std::memory_order_relaxed), free_turn(tail));
  }
  bool can_pop() const {
    const Position head = head_.load(std::memory_order_relaxed);
    return !is_before(slot_at(head).turn.load(std::memory_order_relaxed), free_turn(head) + 1) ||
           closed_.load(std::memory_order_acquire);  // not the tail: producers write that line
  }

  /// The fetch_or decides: a push that claimed its slot before it will be delivered, and no other.
  void close() {
    tail_.fetch_or(closing_bit, std::memory_order_acq_rel);
    closed_.store(true, std::memory_order_release);
  }
  bool is_closed() const {
    return closed_.load(std::memory_order_acquire) ||
           (tail_.load(std::memory_order_acquire) & closing_bit) != 0;
  }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const {
    // The head first, so that the tail is not behind it.
    const Position head = head_.load(std::memory_order_acquire);
    const Position tail = tail_.load(std::memory_order_acquire);
    const std::uint64_t rounds = turn_of(tail - (head & ~(next_turn(0) - 1)));
    return std::min(rounds * capacity_ + index_of(tail) - index_of(head), capacity_);
  }

 private:
  using Turn = std::uint64_t;
  struct Slot {
    typename Sync::template atomic<Turn> turn{0, "turn"};
    typename Sync::template slot<T> message;
  };

  // A position is, from the highest bit down: the number of the round, the slot's index, and the
  // closing bit (of the tail). Indices end at the capacity, even where their bits could hold more;
  // the next round begins there. Positions wrap at 64 bits.
  using Position = std::uint64_t;
  static constexpr Position closing_bit = 1;

  std::size_t index_of(Position position) const {
    return (position >> 1) & ((std::size_t{1} << index_bits_) - 1);
  }
  std::uint64_t turn_of(Position position) const { return position >> 1 >> index_bits_; }
  Position next(Position position) const {
    return index_of(position) + 1 == capacity_ ? ((turn_of(position) + 1) << index_bits_) << 1
                                               : position + 2;
  }
  Position next_turn(Position position) const { return position + (Position{2} << index_bits_); }
  Slot& slot_at(Position position) { return slots_[index_of(position)]; }
  const Slot& slot_at(Position position) const { return slots_[index_of(position)]; }
  /// The turn at which the slot of this position is free for it.
  Turn free_turn(Position position) const { return 2 * turn_of(position); }
  /// Turns wrap with the positions, so they have fewer bits: less those of the index.
  bool is_before(Turn a, Turn b) const {
    return static_cast<std::int64_t>((a - b) << index_bits_) < 0;
  }

  const std::size_t capacity_;
  const unsigned index_bits_;
  const std::unique_ptr<Slot[]> slots_;
  alignas(cache_line_bytes) typename Sync::template atomic<Position> tail_{0, "tail"};
  alignas(cache_line_bytes) typename Sync::template atomic<Position> head_{0, "head"};
  alignas(cache_line_bytes) typename Sync::template atomic<bool> closed_{false, "closed"};
};

template <class T, class Sync = StdSync>
using MpmcRingSpin = BlockingQueue<T, MpmcRing<T, Sync>, Spin<Sync>, Sync>;
template <class T, class Sync = StdSync>
using MpmcRingSpinYield = BlockingQueue<T, MpmcRing<T, Sync>, SpinYield<Sync>, Sync>;
template <class T, class Sync = StdSync>
using MpmcRingSpinPark = BlockingQueue<T, MpmcRing<T, Sync>, SpinPark<Sync>, Sync>;
template <class T, class Sync = StdSync>
using MpmcRingSpinYieldPark = BlockingQueue<T, MpmcRing<T, Sync>, SpinYieldPark<Sync>, Sync>;
template <class T, class Sync = StdSync>
using MpmcRingPark = BlockingQueue<T, MpmcRing<T, Sync>, Park<Sync>, Sync>;
template <class T, class Sync = StdSync>
using MpmcRingAtomicWait = BlockingQueue<T, MpmcRing<T, Sync>, AtomicWait<Sync>, Sync>;

}  // namespace bq
