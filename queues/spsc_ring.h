// A wait-free ring for one producer and one consumer, and the blocking queues made of it.
//
// What:    the producer writes the tail, the consumer the head. Each keeps a copy of the other's
//          index, and refreshes it only when the ring looks full (empty) by the copy. While both
//          are at work, only the cache lines of the messages move between them for every message.
//          One slot more than the capacity tells full from empty.
// Use it:  wherever there is one thread on each side.
// Not:     with more than one thread on either side: the queue would not notice, and would lose
//          messages.
// Source:  L. Lamport, "Specifying Concurrent Program Modules", TOPLAS 5(2), 1983; the copies: P.
//          Lee et al., "A Lock-Free, Cache-Efficient Multi-Core Synchronization Mechanism"
//          (MCRingBuffer), 2010, and E. Rigtorp's SPSCQueue.
// Closing: exact, from any thread, without an atomic read-modify-write in push. A push sets a flag
//          before it checks whether the queue is closed. The closer forbids new pushes, makes the
//          earlier ones visible with a heavy fence, and only then lets the consumer report the end.
// Waiting: one of detail/waiting_policies.h. Progress: wait-free except for waiting; a thread
// stopped inside a call blocks only a thread that needs its message
//          (slot). One stopped in a close, or in a push during a close, also delays the report of
//          the end.
// Ordering: a message is released and acquired through the tail, its slot through the head.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "queues/detail/blocking_queue.h"

namespace bq {

/// Storage for detail/blocking_queue.h.
template <class T, class Sync = StdSync>
class SpscRing {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "a move that throws would leave a slot without a message");

 public:
  static constexpr Traits traits{.producers = Endpoints::one,
                                 .consumers = Endpoints::one,
                                 .element = Element::nothrow_movable,
                                 .stall = Stall::nobody};

  explicit SpscRing(std::size_t capacity)
      : slot_count_(checked_capacity(capacity, unbounded_capacity - 1) + 1),
        slots_(new Slot[slot_count_]) {}
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;
  ~SpscRing() {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    for (std::size_t i = head_.load(std::memory_order_relaxed); i != tail; i = next(i))
      slots_[i].destroy();
  }

  Status try_push(T& value) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (next(tail) == head_copy_) {
      head_copy_ = head_.load(std::memory_order_acquire);
      if (next(tail) == head_copy_) return is_closed() ? Status::closed : Status::full;
    }
    pushing_.store(true, std::memory_order_relaxed);
    Sync::fence_light();
    const bool closed = is_closed();
    if (!closed) [[likely]] {
      slots_[tail].put(std::move(value));
      tail_.store(next(tail), std::memory_order_release);
    }
    pushing_.store(false, std::memory_order_release);
    return closed ? Status::closed : Status::done;
  }

  Status try_pop(std::optional<T>& out) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_copy_) {
      if (has_ended_) return Status::closed;
      const Phase phase = phase_.load(std::memory_order_acquire);
      const bool is_undecided =
          phase == Phase::closing ||
          (phase == Phase::closed && pushing_.load(std::memory_order_acquire));
      // The last of the three loads: what a push did before it was seen to end is seen, too.
      tail_copy_ = tail_.load(std::memory_order_acquire);
      if (head == tail_copy_) {
        if (is_undecided) return Status::busy;
        has_ended_ = phase == Phase::closed;
        return has_ended_ ? Status::closed : Status::empty;
      }
    }
    slots_[head].take(out);
    head_.store(next(head), std::memory_order_release);
    return Status::done;
  }

  bool can_push() const {
    return next(tail_.load(std::memory_order_relaxed)) != head_.load(std::memory_order_relaxed) ||
           is_closed();
  }
  bool can_pop() const {
    return tail_.load(std::memory_order_relaxed) != head_.load(std::memory_order_relaxed) ||
           is_closed();
  }

  /// From `closing` on, no push begins. When the phase becomes `closed`, every push that did begin
  /// is visible.
  void close() {
    Phase open = Phase::open;
    phase_.compare_exchange_strong(open, Phase::closing, std::memory_order_acq_rel);
    Sync::fence_heavy();
    phase_.store(Phase::closed, std::memory_order_release);
  }
  bool is_closed() const { return phase_.load(std::memory_order_acquire) != Phase::open; }
  std::size_t capacity() const { return slot_count_ - 1; }
  std::size_t size_approx() const {
    const std::size_t head = head_.load(std::memory_order_acquire);
    const std::size_t tail = tail_.load(std::memory_order_acquire);
    return tail >= head ? tail - head : tail + slot_count_ - head;
  }

 private:
  using Slot = typename Sync::template slot<T>;
  enum class Phase : std::uint32_t { open, closing, closed };
  std::size_t next(std::size_t index) const { return index + 1 == slot_count_ ? 0 : index + 1; }

  const std::size_t slot_count_;
  const std::unique_ptr<Slot[]> slots_;
  alignas(cache_line_bytes) typename Sync::template atomic<std::size_t> tail_{0, "tail"};
  // The producer's own cache line.
  alignas(cache_line_bytes) std::size_t head_copy_ = 0;
  typename Sync::template atomic<bool> pushing_{false, "pushing"};
  alignas(cache_line_bytes) typename Sync::template atomic<std::size_t> head_{0, "head"};
  // The consumer's own cache line.
  alignas(cache_line_bytes) std::size_t tail_copy_ = 0;
  // Stays true: a later push, which is refused, must not make pop answer busy again.
  bool has_ended_ = false;
  alignas(cache_line_bytes) typename Sync::template atomic<Phase> phase_{Phase::open, "phase"};
};

template <class T, class Sync = StdSync>
using SpscRingSpin = BlockingQueue<T, SpscRing<T, Sync>, Spin<Sync>, Sync>;
template <class T, class Sync = StdSync>
using SpscRingSpinYield = BlockingQueue<T, SpscRing<T, Sync>, SpinYield<Sync>, Sync>;
template <class T, class Sync = StdSync>
using SpscRingSpinPark = BlockingQueue<T, SpscRing<T, Sync>, SpinPark<Sync>, Sync>;
template <class T, class Sync = StdSync>
using SpscRingSpinYieldPark = BlockingQueue<T, SpscRing<T, Sync>, SpinYieldPark<Sync>, Sync>;
template <class T, class Sync = StdSync>
using SpscRingPark = BlockingQueue<T, SpscRing<T, Sync>, Park<Sync>, Sync>;
template <class T, class Sync = StdSync>
using SpscRingAtomicWait = BlockingQueue<T, SpscRing<T, Sync>, AtomicWait<Sync>, Sync>;

}  // namespace bq
