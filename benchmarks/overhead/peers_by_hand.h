// The wrapped libraries in the hands of somebody who uses them directly, for peer_overhead.cpp: as
// their authors mean them, with the house's waiting around the calls that do not wait, and with
// what the contract adds, one thing at a time. Each has push(Message) and Message pop(), for one
// producer and one consumer.
#pragma once

#include <atomic_queue/atomic_queue.h>
#include <concurrentqueue/blockingconcurrentqueue.h>
#include <readerwriterqueue/readerwritercircularbuffer.h>
#include <tbb/concurrent_queue.h>

#include <atomic>
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#include <chrono>
#include <cstdlib>
#include <optional>

#include "benchmarks/overhead/peer_loop.h"

namespace bq::bench::by_hand {

constexpr std::size_t capacity = overhead_capacity;

// ------------------------------------------------------------- libraries with waiting of their own

struct Tbb {
  Tbb() { queue.set_capacity(capacity); }
  void push(Message message) { queue.push(message); }
  Message pop() {
    Message message;
    queue.pop(message);
    return message;
  }
  tbb::concurrent_bounded_queue<Message> queue;
};

/// Unbounded by itself; its own semaphore is what bounds it at the least cost.
struct Moodycamel {
  void push(Message message) {
    while (!slots.wait()) {
    }
    queue.enqueue(message);
  }
  Message pop() {
    Message message;
    queue.wait_dequeue(message);
    slots.signal();
    return message;
  }
  moodycamel::LightweightSemaphore slots{capacity};
  moodycamel::BlockingConcurrentQueue<Message> queue{capacity};
};

struct MoodycamelSpsc {
  void push(Message message) { queue.wait_enqueue(message); }
  Message pop() {
    Message message;
    queue.wait_dequeue(message);
    return message;
  }
  moodycamel::BlockingReaderWriterCircularBuffer<Message> queue{capacity};
};

/// It spins.
struct AtomicQueue {
  void push(Message message) { queue.push(message); }
  Message pop() { return queue.pop(); }
  atomic_queue::AtomicQueueB2<Message> queue{capacity};
};

// -------------------------------------------------- the same, closable without the house's waiting

/// A closed flag, looked at in each call, and messages among which an end mark can be told: 16
/// bytes instead of 8.
struct ClosableTbb {
  struct Parcel {
    Message message;
    bool is_mark = false;
  };
  ClosableTbb() { queue.set_capacity(capacity); }
  void push(Message message) {
    if (closed.load(std::memory_order_acquire)) std::abort();
    queue.push(Parcel{message});
  }
  Message pop() {
    if (closed.load(std::memory_order_acquire)) std::abort();
    Parcel parcel;
    queue.pop(parcel);
    if (parcel.is_mark) std::abort();
    return parcel.message;
  }
  tbb::concurrent_bounded_queue<Parcel> queue;
  alignas(cache_line_bytes) std::atomic<bool> closed{false};
};

/// The same; here a mark is an empty optional.
struct ClosableMoodycamel {
  void push(Message message) {
    while (!slots.wait()) {
    }
    if (closed.load(std::memory_order_acquire)) std::abort();
    queue.enqueue(std::optional<Message>(message));
  }
  Message pop() {
    queue.wait_dequeue(received);
    if (!received) std::abort();
    slots.signal();
    return *received;
  }
  moodycamel::LightweightSemaphore slots{capacity};
  moodycamel::BlockingConcurrentQueue<std::optional<Message>> queue{capacity};
  std::optional<Message> received;
  alignas(cache_line_bytes) std::atomic<bool> closed{false};
};

/// It cannot be woken for a close: it waits in slices, and looks at a flag before each.
struct ClosableMoodycamelSpsc : MoodycamelSpsc {
  static constexpr std::chrono::milliseconds slice{5};
  void push(Message message) {
    do {
      if (closed.load(std::memory_order_acquire)) std::abort();
    } while (!queue.wait_enqueue_timed(message, slice));
  }
  Message pop() {
    Message message;
    do {
      if (closed.load(std::memory_order_acquire)) std::abort();
    } while (!queue.wait_dequeue_timed(message, slice));
    return message;
  }
  alignas(cache_line_bytes) std::atomic<bool> closed{false};
};

// ------------------------------------------------------------------------ calls that do not wait

struct TryTbb {
  TryTbb() { queue.set_capacity(capacity); }
  bool try_push(Message message) { return queue.try_push(message); }
  bool try_pop(Message& message) { return queue.try_pop(message); }
  bool can_push() const { return queue.size() < static_cast<std::ptrdiff_t>(capacity); }
  bool can_pop() const { return queue.size() > 0; }
  tbb::concurrent_bounded_queue<Message> queue;
};

/// Bounded by a count. One producer and one consumer: the library's answers are exact.
struct TryMoodycamel {
  bool try_push(Message message) {
    if (!can_push()) return false;
    claimed.fetch_add(1, std::memory_order_acq_rel);
    return queue.enqueue(message);
  }
  bool try_pop(Message& message) {
    if (!queue.try_dequeue(message)) return false;
    claimed.fetch_sub(1, std::memory_order_acq_rel);
    return true;
  }
  bool can_push() const { return claimed.load(std::memory_order_relaxed) < capacity; }
  bool can_pop() const { return queue.size_approx() > 0; }
  moodycamel::ConcurrentQueue<Message> queue{capacity};
  alignas(cache_line_bytes) std::atomic<std::size_t> claimed{0};
};

struct TryMoodycamelSpsc {
  bool try_push(Message message) { return queue.try_enqueue(message); }
  bool try_pop(Message& message) { return queue.try_dequeue(message); }
  bool can_push() const { return queue.size_approx() < capacity; }
  bool can_pop() const { return queue.size_approx() > 0; }
  moodycamel::BlockingReaderWriterCircularBuffer<Message> queue{capacity};
};

/// The library cannot tell whether there is room; a push that finds none costs no more than a look.
struct TryBoostLockfree {
  bool try_push(Message message) { return queue.bounded_push(message); }
  bool try_pop(Message& message) { return queue.pop(message); }
  static bool can_push() { return true; }
  bool can_pop() const { return !queue.empty(); }
  boost::lockfree::queue<Message, boost::lockfree::fixed_sized<true>> queue{capacity};
};

/// Counts both sides, as the adapter must for a size and to tell full from busy.
struct CountedBoostLockfree : TryBoostLockfree {
  bool try_push(Message message) {
    if (!TryBoostLockfree::try_push(message)) return false;
    count.count_push();
    return true;
  }
  bool try_pop(Message& message) {
    if (!TryBoostLockfree::try_pop(message)) return false;
    count.count_pop();
    return true;
  }
  bool can_push() const { return count.at_least() < capacity; }
  bq::detail::MessageCount<> count;
};

struct TryBoostSpsc {
  bool try_push(Message message) { return queue.push(message); }
  bool try_pop(Message& message) { return queue.pop(message); }
  bool can_push() const { return queue.write_available() > 0; }
  bool can_pop() const { return queue.read_available() > 0; }
  boost::lockfree::spsc_queue<Message> queue{capacity};
};

struct TryAtomicQueue {
  bool try_push(Message message) { return queue.try_push(message); }
  bool try_pop(Message& message) { return queue.try_pop(message); }
  bool can_push() const { return !queue.was_full(); }
  bool can_pop() const { return !queue.was_empty(); }
  atomic_queue::AtomicQueueB2<Message> queue{capacity};
};

// ------------------------------------------------------------------------- what is put around them

/// Spins for ever: what anybody writes around a library that cannot wait.
template <class Library>
struct Spinning {
  void push(Message message) {
    while (!library.try_push(message)) StdSync::relax();
  }
  Message pop() {
    Message message;
    while (!library.try_pop(message)) StdSync::relax();
    return message;
  }
  Library library;
};

/// Hands messages out in a std::optional from a function of its own, as the contract's pop() does:
/// what the harness avoids with pop(out).
template <class ByHand>
struct InOptional : ByHand {
  [[gnu::noinline]] std::optional<Message> pop_optional() { return ByHand::pop(); }
  Message pop() { return *pop_optional(); }
};

}  // namespace bq::bench::by_hand
