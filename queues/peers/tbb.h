// Peer: tbb::concurrent_bounded_queue, which waits by itself.
//
// What:    oneTBB (2021.8, as in Debian 12; Apache License 2.0): tickets from two counters, dealt
//          to eight lists of pages under spin locks. A thread that must wait sleeps in a monitor
//          until its ticket is due. FIFO over all producers. A call tries first (try_push,
//          try_pop). Only if it must wait does it use the library's waiting call, which takes its
//          ticket with an unconditional increment instead.
// Closing: the library has only abort(), which throws user_abort in the threads that wait right
//          now. It takes back a pop's ticket by decrementing the counter, as if no later one had
//          been issued. A pop, or a push, that comes in between makes it lose a message and issue a
//          ticket twice, for which a pop then spins for ever. So close() aborts no pops. A thread
//          that must wait registers in a count and then checks whether the queue is closed. close()
//          sets the flag and sends an end mark for each registered pop until all have returned.
//          Then, when no thread can be in a waiting pop any more, it aborts pushes repeatedly until
//          they have returned, too. (An aborted push leaves its ticket as an invalid entry, which
//          pops skip: that is sound.) A pop that gets a mark checks again; marks that no pop waited
//          for are skipped, and not counted.
// Limits:  because of the marks a message carries a flag (8 bytes become 16). Close is exact only
//          while no push runs, and close() waits for the waiters to return. Capacities from 1 on,
//          exact; memory is allocated in pages as needed, and std::bad_alloc is thrown if that
//          fails. If another thread has a ticket and has not finished with its slot, try_push and
//          try_pop wait for it, with a back-off that ends in yields: they can wait, against the
//          contract, and never answer `busy`. A waiting push has its ticket, so try_push is refused
//          until that push is done. No timed calls. Messages aligned to more than a cache line get
//          std::allocator, others the library's own.
// Source:  https://github.com/oneapi-src/oneTBB
// Waiting: the library's monitor, an event count on futexes: no spinning before the sleep.
// Progress: blocking; a thread stopped between its ticket and the end of its work blocks those
// whose tickets are for
//          the same list, and in the end all threads.
// Ordering: a message is released and acquired through its list's counter; the tickets only hand
// out positions.
//          Dekker's pattern between the counts of waiters and the flag: both sequentially
//          consistent.
#pragma once

#include <tbb/cache_aligned_allocator.h>
#include <tbb/concurrent_queue.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "queues/bounded_queue.h"
#include "queues/sync.h"

namespace bq {

template <class T>
class TbbQueue {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "a message whose move throws would be lost");
  static constexpr std::size_t max_capacity = unbounded_capacity / 2;  // the library's is signed

 public:
  using value_type = T;
  static constexpr Traits traits{.element = Element::nothrow_movable,
                                 .close = Close::quiescent,
                                 .origin = Origin::peer,
                                 .waiting = "event count",
                                 .note = "try calls may wait for a slot in use"};

  explicit TbbQueue(std::size_t capacity) : capacity_(checked_capacity(capacity, max_capacity)) {
    messages_.set_capacity(static_cast<std::ptrdiff_t>(capacity));
  }

  bool push(T&& value) {
    const Status status = try_push(std::move(value));
    if (status != Status::full) return status == Status::done;
    const Waiter waiter(waiting_pushes_);
    if (closed_.load()) return false;
    try {
      messages_.emplace(std::move(value));  // NOLINT(bugprone-use-after-move)
      return true;
    } catch (const tbb::user_abort&) {
      return false;
    }
  }
  Status try_push(T&& value) {
    if (is_closed()) return Status::closed;
    return messages_.try_emplace(std::move(value)) ? Status::done : Status::full;
  }

  std::optional<T> pop() {
    std::optional<T> out;
    pop(out);
    return out;
  }
  Status pop(std::optional<T>& out) {
    for (;;) {
      const Status status = try_pop(out);
      if (status == Status::closed) out.reset();
      if (status != Status::empty) return status;
      const Waiter waiter(waiting_pops_);
      if (closed_.load()) continue;  // check once more
      Parcel receiver(out);
      messages_.pop(receiver);
      if (took_message(receiver)) return Status::done;
    }
  }
  Status try_pop(std::optional<T>& out) {
    // First, or a message pushed before the close might be missed.
    const bool closed = is_closed();
    for (;;) {
      Parcel receiver(out);
      if (!messages_.try_pop(receiver)) return closed ? Status::closed : Status::empty;
      if (took_message(receiver)) return Status::done;
    }
  }

  void close() {
    if (closed_.exchange(true)) return;
    for (; waiting_pops_.load() > 0; StdSync::yield()) {
      // A blocked pop means that the queue has room for an end mark. If another pop takes the mark,
      // the loop sends a new one.
      if (marks_.load() < waiting_pops_.load() && messages_.try_emplace()) marks_.fetch_add(1);
    }
    for (; waiting_pushes_.load() > 0; StdSync::yield()) messages_.abort();
  }
  bool is_closed() const { return closed_.load(std::memory_order_acquire); }
  std::size_t capacity() const { return capacity_; }
  /// The library counts waiting calls, too.
  std::size_t size_approx() const {
    const std::ptrdiff_t size = messages_.size() - marks_.load();
    return std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(size, 0)), capacity_);
  }

 private:
  /// An element of the queue: a message or an end mark. Also what the library assigns an element
  /// to: then it holds the address of the receiver's optional, and becomes a mark if it is assigned
  /// one.
  class Parcel {
   public:
    Parcel() = default;
    explicit Parcel(T&& message) noexcept : content_(std::in_place_index<1>, std::move(message)) {}
    explicit Parcel(std::optional<T>& out) noexcept : content_(std::in_place_index<2>, &out) {}

    void operator=(Parcel&& received) noexcept {
      if (received.is_mark()) {
        content_.template emplace<0>();
      } else {
        (*std::get_if<2>(&content_))->emplace(std::move(*std::get_if<1>(&received.content_)));
      }
    }
    bool is_mark() const { return content_.index() == 0; }

   private:
    std::variant<std::monostate, T, std::optional<T>*> content_;
  };
  /// False if it was a mark, which is removed from the count.
  bool took_message(const Parcel& receiver) {
    if (receiver.is_mark()) marks_.fetch_sub(1);
    return !receiver.is_mark();
  }

  using Allocator = std::conditional_t<(alignof(Parcel) > cache_line_bytes), std::allocator<Parcel>,
                                       tbb::cache_aligned_allocator<Parcel>>;

  /// Registers the calling thread as a waiter for as long as it lives. A waiter that then finds the
  /// queue open will be woken by close().
  class Waiter {
   public:
    explicit Waiter(StdSync::atomic<std::ptrdiff_t>& count) : count_(count) { count_.fetch_add(1); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { count_.fetch_sub(1); }

   private:
    StdSync::atomic<std::ptrdiff_t>& count_;
  };

  const std::size_t capacity_;
  tbb::concurrent_bounded_queue<Parcel, Allocator> messages_;
  alignas(cache_line_bytes) StdSync::atomic<bool> closed_{false, "closed"};
  alignas(cache_line_bytes) StdSync::atomic<std::ptrdiff_t> waiting_pushes_{0, "waiting_pushes"};
  alignas(cache_line_bytes) StdSync::atomic<std::ptrdiff_t> waiting_pops_{0, "waiting_pops"};
  StdSync::atomic<std::ptrdiff_t> marks_{0, "marks"};
};

}  // namespace bq
