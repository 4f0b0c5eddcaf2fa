// The consumer publishes its position only after a hundredth of the capacity has been taken.
// Whatever is taken after the last publication stays unknown to the producers: with 200 slots and
// more, push waits and try_push says full beside free slots, even in an empty queue.
//
// Source: odygrd/quill#946. There, a batch is a share of the bytes of the buffer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync, bool is_faulty>
class BatchedReleaseRing {
 public:
  explicit BatchedReleaseRing(std::size_t capacity)
      : slots_(new Slot[capacity]),
        capacity_(capacity),
        batch_(is_faulty ? std::max<std::size_t>(1, capacity / 100) : 1) {}
  BatchedReleaseRing(const BatchedReleaseRing&) = delete;
  BatchedReleaseRing& operator=(const BatchedReleaseRing&) = delete;
  ~BatchedReleaseRing() {
    while (!empty()) slots_[head_++ % capacity_].destroy();
  }

  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return tail_ - head_; }
  bool empty() const { return head_ == tail_; }
  bool full() const { return tail_ - published_head_ == capacity_; }

  void push_back(T&& value) {
    slots_[tail_ % capacity_].put(std::move(value));
    ++tail_;
  }
  void pop_front(std::optional<T>& out) {
    slots_[head_ % capacity_].take(out);
    ++head_;
    if (head_ - published_head_ >= batch_) published_head_ = head_;
  }

 private:
  using Slot = typename Sync::template slot<T>;

  std::unique_ptr<Slot[]> slots_;
  std::size_t capacity_;
  std::size_t batch_;
  std::uint64_t head_ = 0;
  std::uint64_t published_head_ = 0;
  std::uint64_t tail_ = 0;
};

template <class T, class Sync = StdSync, bool is_faulty = true>
class BatchedRelease : public Locked<BatchedRelease<T, Sync, is_faulty>, T, Sync,
                                     BatchedReleaseRing<T, Sync, is_faulty>> {
 public:
  using BatchedRelease::Locked::Locked;
};

}  // namespace bq::test::reported
