// The messages inside are counted in a signed integer of 8 bits. With 128 slots and more the count
// never reaches the capacity: push overwrites messages that nobody has taken, and after the 128th
// message the queue passes for empty.
//
// Source: OpenAADL/ocarina#97.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync, bool is_faulty>
class ByteCountRing {
 public:
  explicit ByteCountRing(std::size_t capacity) : slots_(new Slot[capacity]), capacity_(capacity) {}
  ByteCountRing(const ByteCountRing&) = delete;
  ByteCountRing& operator=(const ByteCountRing&) = delete;
  ~ByteCountRing() {
    for (; !empty(); --count_) slots_[std::exchange(head_, next(head_))].destroy();
  }

  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return static_cast<std::size_t>(std::max<Count>(count_, 0)); }
  bool empty() const { return size() == 0; }
  bool full() const { return size() == capacity_; }

  void push_back(T&& value) {
    slots_[tail_].put(std::move(value));
    tail_ = next(tail_);
    ++count_;
  }
  void pop_front(std::optional<T>& out) {
    slots_[head_].take(out);
    head_ = next(head_);
    --count_;
  }

 private:
  using Slot = typename Sync::template slot<T>;
  using Count = std::conditional_t<is_faulty, std::int8_t, std::ptrdiff_t>;
  std::size_t next(std::size_t i) const { return i + 1 == capacity_ ? 0 : i + 1; }

  std::unique_ptr<Slot[]> slots_;
  std::size_t capacity_;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
  Count count_ = 0;
};

template <class T, class Sync = StdSync, bool is_faulty = true>
class ByteCount
    : public Locked<ByteCount<T, Sync, is_faulty>, T, Sync, ByteCountRing<T, Sync, is_faulty>> {
 public:
  using ByteCount::Locked::Locked;
};

}  // namespace bq::test::reported
