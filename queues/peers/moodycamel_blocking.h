// Peer: moodycamel::BlockingConcurrentQueue, bounded by a slot semaphore.
//
// What:    Cameron Desrochers' unbounded queue (1.0.3 or later; simplified BSD, its semaphore zlib
//          licence) keeps a list of blocks for each producing thread, and a semaphore that counts
//          messages. This adapter adds a second semaphore of the same kind, which counts free
//          slots. The bound is therefore exact.
// Closing: the library has none. A message is a std::optional, and an empty one is the end mark:
//          close() sends it, and the consumer that gets it sends it again and returns, so that it
//          wakes all the others. Each producer has a list of its own, so the mark may overtake
//          messages: a consumer that gets the mark first takes one of those, if any is left.
//          Producers pass on a closing permit in the same way (see semaphore.h).
// Limits:  FIFO for each producer only. Exact close only while no push runs. No timed calls: the
//          library's use the wall clock. The library allocates as it grows; if that fails, push
//          throws std::bad_alloc and the message is lost.
// Source:  https://github.com/cameron314/concurrentqueue
// Waiting: the library's semaphore: up to 10000 rounds of spin, then a POSIX semaphore. Progress:
// lock-free except for waiting; a thread stopped inside a call blocks one slot. Ordering: the
// library's. Strictly, 1.0.3 recycles a block without having acquired the last reads from it, which
// is
//          harmless on x86. `closed_` is released by close and acquired by a try_pop before its
//          check, so that the check sees all that was pushed before.
#pragma once

#include <concurrentqueue/blockingconcurrentqueue.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "queues/bounded_queue.h"
#include "queues/sync.h"

namespace bq {

template <class T>
class MoodycamelBlockingQueue {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "a message whose move throws would be lost");

 public:
  using value_type = T;
  static constexpr Traits traits{
      .element = Element::nothrow_movable,
      .fifo = Fifo::per_producer,
      .close = Close::quiescent,
      .stall = Stall::one_slot,
      .origin = Origin::peer,
      .waiting = "spin, then semaphore",
      .note = "unbounded inside; a slot semaphore of the same library bounds it"};

  explicit MoodycamelBlockingQueue(std::size_t capacity)
      : capacity_(checked_capacity(capacity)),
        slots_(static_cast<Semaphore::ssize_t>(capacity)),
        messages_(capacity) {}

  bool push(T&& value) {
    while (!slots_.wait()) {  // false: interrupted
    }
    return push_into_slot(std::move(value)) == Status::done;
  }
  Status try_push(T&& value) {
    if (slots_.tryWait()) return push_into_slot(std::move(value));
    if (is_closed()) return Status::closed;
    // Busy: a call in progress has the slot.
    return size_approx() == capacity_ ? Status::full : Status::busy;
  }

  std::optional<T> pop() {
    std::optional<T> out;
    pop(out);
    return out;
  }
  Status pop(std::optional<T>& out) {
    Receiver receiver{out};
    messages_.wait_dequeue(receiver);
    const Status status = settle(receiver);
    if (status == Status::closed) out.reset();
    return status;
  }
  Status try_pop(std::optional<T>& out) {
    // First, or a message pushed before the close might be missed.
    const bool closed = is_closed();
    Receiver receiver{out};
    if (!messages_.try_dequeue(receiver)) return closed ? Status::closed : Status::empty;
    return settle(receiver);
  }

  void close() {
    if (closed_.exchange(true, std::memory_order_acq_rel)) return;
    slots_.signal();
    send(std::nullopt);
  }
  bool is_closed() const { return closed_.load(std::memory_order_acquire); }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const {
    const std::size_t marks = is_closed() ? 1 : 0;
    return std::min(std::max(messages_.size_approx(), marks) - marks, capacity_);
  }

 private:
  using Semaphore = moodycamel::LightweightSemaphore;

  /// The library assigns a message to this: it moves the message into `out`, or notes that it is
  /// the mark.
  struct Receiver {
    std::optional<T>& out;
    bool has_mark = false;
    void operator=(std::optional<T>&& message) noexcept {
      has_mark = !message;
      if (message) out.emplace(std::move(*message));
    }
  };

  Status push_into_slot(T&& value) {
    if (is_closed()) {
      slots_.signal();
      return Status::closed;
    }
    send(std::move(value));
    return Status::done;
  }

  Status settle(Receiver& received) {
    if (received.has_mark) {
      const bool overtaken = messages_.try_dequeue(received);
      send(std::nullopt);
      if (!overtaken) return Status::closed;
    }
    slots_.signal();
    return Status::done;
  }

  void send(std::optional<T>&& message) {
    if (!messages_.enqueue(std::move(message))) throw std::bad_alloc();
  }

  const std::size_t capacity_;
  Semaphore slots_;
  moodycamel::BlockingConcurrentQueue<std::optional<T>> messages_;
  StdSync::atomic<bool> closed_{false, "closed"};
};

}  // namespace bq
