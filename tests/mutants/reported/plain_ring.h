// A ring of plain memory, as a library has it that knows nothing of Sync.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <utility>

namespace bq::test::reported {

/// As RingStorage of queues/detail/ring_storage.h, and its steps one by one.
template <class T>
class PlainRing {
 public:
  explicit PlainRing(std::size_t capacity) : cells_(new Cell[capacity]), capacity_(capacity) {}
  PlainRing(const PlainRing&) = delete;
  PlainRing& operator=(const PlainRing&) = delete;
  ~PlainRing() {
    for (; size_ > 0; drop_front()) front().~T();
  }

  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == capacity_; }

  /// Where the next message goes. Requires !full().
  void* back_place() { return cells_[(head_ + size_) % capacity_].bytes; }
  /// Takes what is in the back place for a message.
  void add_back() { ++size_; }
  /// The oldest message. Requires !empty().
  T& front() { return *std::launder(reinterpret_cast<T*>(cells_[head_].bytes)); }
  /// Frees the place of the oldest message, and leaves the object in it as it is.
  void drop_front() {
    head_ = (head_ + 1) % capacity_;
    --size_;
  }

  void push_back(T&& value) {
    ::new (back_place()) T(std::move(value));
    add_back();
  }
  void pop_front(std::optional<T>& out) {
    out.emplace(std::move(front()));
    front().~T();
    drop_front();
  }

 private:
  struct Cell {
    alignas(T) std::byte bytes[sizeof(T)];
  };
  std::unique_ptr<Cell[]> cells_;
  std::size_t capacity_;
  std::size_t size_ = 0;

 protected:
  std::size_t head_ = 0;
};

}  // namespace bq::test::reported
