// Head and tail are free-running counters of 16 bits, and a message's slot is the counter modulo
// the capacity. Where the capacity does not divide 65,536, the slots jump when a counter wraps:
// after that many messages, messages are overwritten and read from the wrong slot.
//
// Source: rust-embedded/heapless#207.
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
class NarrowPositionRing {
 public:
  explicit NarrowPositionRing(std::size_t capacity)
      : slots_(new Slot[capacity]), capacity_(capacity) {}
  NarrowPositionRing(const NarrowPositionRing&) = delete;
  NarrowPositionRing& operator=(const NarrowPositionRing&) = delete;
  ~NarrowPositionRing() {
    while (!empty()) slots_[index(head_++)].destroy();
  }

  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return static_cast<Position>(tail_ - head_); }
  bool empty() const { return head_ == tail_; }
  bool full() const { return size() == capacity_; }

  void push_back(T&& value) {
    slots_[index(tail_)].put(std::move(value));
    ++tail_;
  }
  void pop_front(std::optional<T>& out) {
    slots_[index(head_)].take(out);
    ++head_;
  }

 private:
  using Slot = typename Sync::template slot<T>;
  using Position = std::conditional_t<is_faulty, std::uint16_t, std::uint64_t>;
  std::size_t index(Position position) const { return position % capacity_; }

  std::unique_ptr<Slot[]> slots_;
  std::size_t capacity_;
  Position head_ = 0;
  Position tail_ = 0;
};

template <class T, class Sync = StdSync, bool is_faulty = true>
class NarrowPositions : public Locked<NarrowPositions<T, Sync, is_faulty>, T, Sync,
                                      NarrowPositionRing<T, Sync, is_faulty>> {
 public:
  using NarrowPositions::Locked::Locked;
};

}  // namespace bq::test::reported
