// Peer: moodycamel::BlockingReaderWriterCircularBuffer, which waits by itself.
//
// What:    Cameron Desrochers' readerwriterqueue (1.0.6, as in Debian 12; simplified BSD, its
//          semaphore zlib licence), the fixed-size ring for one producer and one consumer, between
//          two semaphores that count slots and messages. FIFO.
// Closing: the library has none, and its semaphores are private. So no call waits for ever: a call
//          that must wait uses the library's timed wait in slices of 5 ms, and checks a flag
//          between them. A close is noticed up to one slice late. A thread that waits long wakes
//          200 times a second, and spins for about a microsecond each time. A new message (a free
//          slot) is noticed at once.
// Limits:  one producer, one consumer; close is exact only while no push runs. No timed calls: the
//          library's use the wall clock (if that is set back, a close is noticed that much later).
//          Capacities from 1 on, exact, though memory for the next power of two is allocated; the
//          library does not check that the allocation succeeded.
// Source:  https://github.com/cameron314/readerwriterqueue
// Waiting: the library's semaphore: up to 1024 rounds of spin, then a POSIX semaphore. Progress:
// wait-free except for waiting; a thread stopped anywhere blocks only a thread that needs its
// messages
//          (slots).
// Ordering: the library's; `closed_` is released by close and acquired by a pop before its check,
// so that the check sees
//          all that was pushed before.
#pragma once

#include <readerwriterqueue/readerwritercircularbuffer.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "queues/bounded_queue.h"
#include "queues/sync.h"

namespace bq {

template <class T>
class MoodycamelSpscQueue {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "a message whose move throws would be lost");

 public:
  using value_type = T;
  static constexpr Traits traits{.producers = Endpoints::one,
                                 .consumers = Endpoints::one,
                                 .element = Element::nothrow_movable,
                                 .close = Close::quiescent,
                                 .stall = Stall::nobody,
                                 .origin = Origin::peer,
                                 .waiting = "spin, then semaphore",
                                 .note = "waits in slices of 5 ms, to notice a close"};

  explicit MoodycamelSpscQueue(std::size_t capacity)
      : capacity_(checked_capacity(capacity, unbounded_capacity / 4 / sizeof(T))),
        messages_(capacity) {}

  bool push(T&& value) {
    while (!is_closed()) {
      // NOLINTNEXTLINE(bugprone-use-after-move)
      if (messages_.wait_enqueue_timed(std::move(value), slice)) return true;
    }
    return false;
  }
  Status try_push(T&& value) {
    if (is_closed()) return Status::closed;
    return messages_.try_enqueue(std::move(value)) ? Status::done : Status::full;
  }

  std::optional<T> pop() {
    std::optional<T> out;
    pop(out);
    return out;
  }
  Status pop(std::optional<T>& out) {
    Receiver receiver{out};
    for (;;) {
      // First, or a message pushed before the close might be missed.
      const bool closed = is_closed();
      if (closed ? messages_.try_dequeue(receiver) : messages_.wait_dequeue_timed(receiver, slice))
        return Status::done;
      if (!closed) continue;
      out.reset();
      return Status::closed;
    }
  }
  Status try_pop(std::optional<T>& out) {
    const bool closed = is_closed();
    Receiver receiver{out};
    if (messages_.try_dequeue(receiver)) return Status::done;
    return closed ? Status::closed : Status::empty;
  }

  void close() { closed_.store(true, std::memory_order_release); }
  bool is_closed() const { return closed_.load(std::memory_order_acquire); }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const { return std::min(messages_.size_approx(), capacity_); }

 private:
  static constexpr std::chrono::milliseconds slice{5};

  /// The library assigns a message to this, which moves it into `out`.
  struct Receiver {
    std::optional<T>& out;
    void operator=(T&& message) noexcept { out.emplace(std::move(message)); }
  };

  const std::size_t capacity_;
  moodycamel::BlockingReaderWriterCircularBuffer<T> messages_;
  alignas(cache_line_bytes) StdSync::atomic<bool> closed_{false, "closed"};
};

}  // namespace bq
