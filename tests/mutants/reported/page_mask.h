// The buffer is rounded up to whole pages of 64 slots, and a message's slot is its position masked
// by the number of slots less one. Three pages, or five, are no power of two: from 129 slots on,
// at some capacities, two positions share a slot, and one message overwrites another.
//
// Source: fair-acc/gnuradio4#622. There, a page holds bytes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync, bool is_faulty>
class PageMaskRing {
 public:
  explicit PageMaskRing(std::size_t capacity)
      : capacity_(capacity), mask_(slot_count(capacity) - 1), slots_(new Slot[mask_ + 1]) {}
  PageMaskRing(const PageMaskRing&) = delete;
  PageMaskRing& operator=(const PageMaskRing&) = delete;
  ~PageMaskRing() {
    while (!empty()) slots_[head_++ & mask_].destroy();
  }

  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return tail_ - head_; }
  bool empty() const { return head_ == tail_; }
  bool full() const { return size() == capacity_; }

  void push_back(T&& value) {
    slots_[tail_ & mask_].put(std::move(value));
    ++tail_;
  }
  void pop_front(std::optional<T>& out) {
    slots_[head_ & mask_].take(out);
    ++head_;
  }

 private:
  using Slot = typename Sync::template slot<T>;
  static constexpr std::size_t page_slots = 64;

  static std::size_t slot_count(std::size_t capacity) {
    const std::size_t pages = (capacity + page_slots - 1) / page_slots;
    return page_slots * (is_faulty ? pages : std::bit_ceil(pages));
  }

  std::size_t capacity_;
  std::size_t mask_;
  std::unique_ptr<Slot[]> slots_;
  std::uint64_t head_ = 0;
  std::uint64_t tail_ = 0;
};

template <class T, class Sync = StdSync, bool is_faulty = true>
class PageMask
    : public Locked<PageMask<T, Sync, is_faulty>, T, Sync, PageMaskRing<T, Sync, is_faulty>> {
 public:
  using PageMask::Locked::Locked;
};

}  // namespace bq::test::reported
