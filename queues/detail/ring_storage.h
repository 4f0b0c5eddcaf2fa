// A fixed circular buffer of messages, not thread-safe: the storage of the queues that guard it
// with a lock.
//
// Memory: capacity() slots of sizeof(T), allocated once. Capacities need not be powers of two;
// positions wrap by comparison, so there is no counter that could overflow.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "queues/sync.h"

namespace bq {

/// Holds up to capacity() messages in FIFO order.
template <class T, class Sync>
class RingStorage {
 public:
  explicit RingStorage(std::size_t capacity) : slots_(new Slot[capacity]), capacity_(capacity) {}
  RingStorage(const RingStorage&) = delete;
  RingStorage& operator=(const RingStorage&) = delete;
  ~RingStorage() {
    for (; size_ > 0; --size_) slots_[std::exchange(head_, next(head_))].destroy();
  }

  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == capacity_; }

  /// Requires !full(). Throws what T's move throws, and nothing has changed then.
  void push_back(T&& value) {
    slots_[tail_].put(std::move(value));
    tail_ = next(tail_);
    ++size_;
  }
  /// Requires !empty(). Throws what T's move throws, and nothing has changed then.
  void pop_front(std::optional<T>& out) {
    slots_[head_].take(out);
    head_ = next(head_);
    --size_;
  }

 private:
  using Slot = typename Sync::template slot<T>;
  std::size_t next(std::size_t i) const { return i + 1 == capacity_ ? 0 : i + 1; }

  std::unique_ptr<Slot[]> slots_;
  std::size_t capacity_;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
  std::size_t size_ = 0;
};

}  // namespace bq
