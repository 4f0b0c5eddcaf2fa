// Each slot keeps the turn in which it may be written or read, and a turn is a position of 16 bits
// divided by the capacity. When the positions wrap, the turns begin at 0 again, and the slots have
// those of the last round: after 65,536 messages push waits for ever, and try_push says full.
//
// Source: after rigtorp/MPMCQueue#40. There, the positions are narrowed to show what happens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync, bool is_faulty>
class ShortTurnRing {
 public:
  explicit ShortTurnRing(std::size_t capacity) : capacity_(capacity), slots_(new Slot[capacity]) {}
  ShortTurnRing(const ShortTurnRing&) = delete;
  ShortTurnRing& operator=(const ShortTurnRing&) = delete;
  ~ShortTurnRing() {
    for (std::size_t i = 0; i < capacity_; ++i) {
      if (slots_[i].turn % 2 == 1) slots_[i].message.destroy();
    }
  }

  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return static_cast<Position>(tail_ - head_); }
  bool empty() const { return slot_at(head_).turn != free_turn(head_) + 1; }
  bool full() const { return slot_at(tail_).turn != free_turn(tail_); }

  void push_back(T&& value) {
    Slot& slot = slot_at(tail_);
    slot.message.put(std::move(value));
    slot.turn = free_turn(tail_) + 1;
    ++tail_;
  }
  void pop_front(std::optional<T>& out) {
    Slot& slot = slot_at(head_);
    slot.message.take(out);
    slot.turn = free_turn(head_) + 2;
    ++head_;
  }

 private:
  using Position = std::conditional_t<is_faulty, std::uint16_t, std::uint64_t>;
  struct Slot {
    std::uint64_t turn = 0;
    typename Sync::template slot<T> message;
  };

  Slot& slot_at(Position position) const { return slots_[position % capacity_]; }
  std::uint64_t free_turn(Position position) const { return 2 * (position / capacity_); }

  std::size_t capacity_;
  std::unique_ptr<Slot[]> slots_;
  Position head_ = 0;
  Position tail_ = 0;
};

template <class T, class Sync = StdSync, bool is_faulty = true>
class ShortTurns
    : public Locked<ShortTurns<T, Sync, is_faulty>, T, Sync, ShortTurnRing<T, Sync, is_faulty>> {
 public:
  using ShortTurns::Locked::Locked;
};

}  // namespace bq::test::reported
