// A pop copies the message out of its slot, if it can be copied, and leaves the original there
// until a push writes over it. What the message owns outlives the consumer's message.
//
// Source: ClickHouse/silk#110, whose slots kept a copy until the next lap.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, bool is_faulty>
class CopyingRing {
 public:
  explicit CopyingRing(std::size_t capacity)
      : cells_(new std::optional<T>[capacity]), capacity_(capacity) {}

  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == capacity_; }
  void push_back(T&& value) {
    cells_[(head_ + size_) % capacity_].emplace(std::move(value));
    ++size_;
  }
  void pop_front(std::optional<T>& out) {
    std::optional<T>& front = cells_[head_];
    if constexpr (is_faulty && std::is_copy_constructible_v<T>) {
      out.emplace(std::as_const(*front));
    } else {
      out.emplace(std::move(*front));
      front.reset();
    }
    head_ = (head_ + 1) % capacity_;
    --size_;
  }

 private:
  std::unique_ptr<std::optional<T>[]> cells_;
  std::size_t capacity_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

template <class T, class Sync = StdSync, bool is_faulty = true>
class MessageLeftInSlot
    : public Locked<MessageLeftInSlot<T, Sync, is_faulty>, T, Sync, CopyingRing<T, is_faulty>> {
 public:
  // The slots of the origin are of type T, and it assigns to them.
  static constexpr Traits traits{
      .element = Element::default_constructible, .timed = Timed::yes, .waiting = "condvar"};
  using MessageLeftInSlot::Locked::Locked;
};

}  // namespace bq::test::reported
