// BlockingAdapter makes a blocking queue of this suite of a queue from elsewhere, whichever calls
// that has: it adds what is missing, waiting, closing and a size.
//
// The other queue is given as a *part*, a class template over the message type:
// `template <class T> using Ring = bq::BlockingAdapter<T, RingPart>;`. examples/my_ring.h is one.
//
// A part has a constructor that takes a capacity, and `traits`. It has at least one of the calls
// that push, and at least one of those that pop:
//   try_push(T& or T&&)  Does not wait: true, or false and the message is unchanged. It may return
//                        a Status (done, full or busy).
//   try_pop(T&)          Does not wait: true, or false. It may take a std::optional<T>&, which is
//                        not engaged before the call, and may return a Status (done, empty or
//                        busy) or, without a parameter, a std::optional<T>.
//   push(T& or T&&)      Waits for room.
//   pop(T&)              Waits for a message. It may take a std::optional<T>& or return T.
// and, where the other queue has them:
//   try_push_batch(std::span<T>)  try_pop_batch(std::span<std::optional<T>>)
//                        Deliver (take) as many as they can without waiting, the first ones, and
//                        return their number. Only beside try_push and try_pop.
//   size_approx()        From 0 to the capacity; while calls run it may be wrong by those. Without
//                        it the adapter counts calls: three atomic additions a message.
//   capacity()           Without it the capacity is the one that was asked for.
//   can_push(), can_pop()  Cheap hints (see detail/blocking_queue.h); by default from the size.
//
// Waiting: a side that has its own waiting call uses it (`traits.waiting` of the part says how).
//          Where neither has one, both wait by SpinYieldPark (detail/waiting_policies.h), as the
//          suite's own rings and wrapped libraries do, and the timed calls exist. Where one has,
//          the other waits by SpinYieldPark.
// Closing: where both sides wait by SpinYieldPark, by a flag: Close::quiescent. A push that checked
//          the flag before the close, and delivers after the end was reported, is not detected.
//          Else Close::end_of_stream, for which nothing is added to a push: where pops wait by the
//          part's own call, an end mark is sent behind the messages, and the consumer that takes it
//          sends it on to the next one. Messages travel as std::optional<T> then, the mark
//          being an empty one, unless EndMark<T> (end_mark.h) gives a value
//          that is no message.
// Full:    where the part says no more than false, `full` (`empty`) is decided by the counts, or by
//          its own size, and is `busy` if they say otherwise. By counts both are exact.
// Progress, ordering: the part's. The flag is released by close and acquired by a pop before its
//          last check, so that the pop sees all that was pushed before.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "queues/detail/blocking_queue.h"
#include "queues/detail/message_count.h"
#include "queues/detail/part_calls.h"
#include "queues/end_mark.h"

namespace bq {

namespace detail {

template <class T>
concept HasEndMark = requires(const T& message) {
  { EndMark<T>::make() } -> std::same_as<T>;
  { EndMark<T>::is(message) } -> std::same_as<bool>;
};

template <template <class...> class Part, class T, class Sync>
struct PartType {
  using type = Part<T>;
};
template <template <class...> class Part, class T, class Sync>
requires requires {
  typename Part<T, Sync>;
}
struct PartType<Part, T, Sync> {
  using type = Part<T, Sync>;
};
/// The part for this message; over Sync where it takes one.
template <template <class...> class Part, class T, class Sync>
using PartOver = typename PartType<Part, T, Sync>::type;

/// What a part has, and what it lacks: a size and a capacity. Its tries tell full and empty from
/// busy.
template <class T, class P, class Sync>
class SizedPart {
  // The explorer does not let a thread that spins see what only a lock guards, as a size may be.
  static constexpr bool counts = !TellsSize<P> || !std::same_as<Sync, StdSync>;
  // Where the part says no more than false.
  static constexpr bool asks_size_if_full = !PushTellsStatus<P, T>;
  static constexpr bool asks_size_if_empty = !PopTellsStatus<P, T>;

 public:
  static constexpr Traits traits = P::traits;

  explicit SizedPart(std::size_t capacity)
      : part_(checked_capacity(P::traits, capacity)), capacity_(capacity) {}

  Status try_push(T& value) {
    const Status status = try_push_to<T>(part_, value, Status::full);
    if (status == Status::done) {
      count_push();
    } else if (asks_size_if_full && at_least() < capacity()) {
      return Status::busy;
    }
    return status;
  }
  Status try_pop(std::optional<T>& out) {
    begin_pops(1);
    const Status status = try_pop_from<T>(part_, out, Status::empty);
    end_pops(1, status == Status::done ? 1 : 0);
    return status == Status::empty && asks_size_if_empty && at_most() > 0 ? Status::busy : status;
  }
  std::size_t try_push_batch(std::span<T> messages) requires TriesBatches<P, T> {
    const std::size_t done = part_.try_push_batch(messages);
    count_push(done);
    return done;
  }
  std::size_t try_pop_batch(std::span<std::optional<T>> out) requires TriesBatches<P, T> {
    begin_pops(out.size());
    const std::size_t done = part_.try_pop_batch(out);
    end_pops(out.size(), done);
    return done;
  }
  void push(T& value) {
    push_to<T>(part_, value);
    count_push();
  }
  void pop(std::optional<T>& out) {
    begin_pops(1);
    pop_from<T>(part_, out);
    end_pops(1, 1);
  }

  bool can_push() const {
    if constexpr (requires { part_.can_push(); }) {
      return part_.can_push();
    } else {
      return at_least() < capacity();
    }
  }
  bool can_pop() const {
    if constexpr (requires { part_.can_pop(); }) {
      return part_.can_pop();
    } else {
      return at_most() > 0;
    }
  }
  std::size_t capacity() const {
    if constexpr (TellsCapacity<P>) {
      return part_.capacity();
    } else {
      return capacity_;
    }
  }
  std::size_t size_approx() const { return std::min(at_most(), capacity()); }

 private:
  struct NoCount {};

  void count_push(std::size_t messages = 1) {
    if constexpr (counts) count_.count_push(messages);
  }
  void begin_pops(std::size_t messages) {
    if constexpr (counts) count_.begin_pops(messages);
  }
  void end_pops(std::size_t begun, std::size_t done) {
    if constexpr (counts) count_.end_pops(begun, done);
  }
  std::size_t at_least() const {
    if constexpr (counts) {
      return count_.at_least();
    } else {
      return part_.size_approx();
    }
  }
  std::size_t at_most() const {
    if constexpr (counts) {
      return count_.at_most();
    } else {
      return part_.size_approx();
    }
  }

  P part_;
  [[no_unique_address]] std::conditional_t<counts, CallCount<Sync>, NoCount> count_;
  const std::size_t capacity_;
};

/// Storage for detail/blocking_queue.h: a part that waits on neither side, and the flag.
template <class T, class P, class Sync>
class ClosedByFlag {
 public:
  static constexpr Traits traits = [] {
    Traits labels = P::traits;
    labels.blocking = Blocking::emulated;
    labels.close = Close::quiescent;
    return labels;
  }();

  explicit ClosedByFlag(std::size_t capacity) : part_(capacity) {}

  Status try_push(T& value) { return is_closed() ? Status::closed : part_.try_push(value); }
  Status try_pop(std::optional<T>& out) {
    // First, or a message pushed before the close might be missed.
    const bool closed = is_closed();
    const Status status = part_.try_pop(out);
    return closed && status == Status::empty ? Status::closed : status;
  }
  /// Nothing, if closed: a single call finds out.
  std::size_t try_push_batch(std::span<T> messages) requires TriesBatches<P, T> {
    return is_closed() ? 0 : part_.try_push_batch(messages);
  }
  std::size_t try_pop_batch(std::span<std::optional<T>> out) requires TriesBatches<P, T> {
    return part_.try_pop_batch(out);
  }
  bool can_push() const { return is_closed() || part_.can_push(); }
  bool can_pop() const { return is_closed() || part_.can_pop(); }

  void close() { closed_.store(true, std::memory_order_release); }
  bool is_closed() const { return closed_.load(std::memory_order_acquire); }
  std::size_t capacity() const { return part_.capacity(); }
  std::size_t size_approx() const { return part_.size_approx(); }

 private:
  SizedPart<T, P, Sync> part_;
  alignas(cache_line_bytes) typename Sync::template atomic<bool> closed_{false, "closed"};
};

/// A queue of a part that has a waiting call on one side at least.
template <class T, template <class...> class Part, class Sync>
class WaitingPart : public Calls<WaitingPart<T, Part, Sync>, T, Sync> {
  friend Calls<WaitingPart, T, Sync>;

  // Pops that wait by the part's own call learn of the end by a mark only.
  static constexpr bool marks_end = WaitsToPop<PartOver<Part, T, Sync>, T>;
  static constexpr bool wraps = marks_end && !HasEndMark<T>;
  using Carried = std::conditional_t<wraps, std::optional<T>, T>;
  using P = PartOver<Part, Carried, Sync>;

  static constexpr bool waits_to_push = WaitsToPush<P, Carried>;
  static constexpr bool waits_to_pop = WaitsToPop<P, Carried>;
  static constexpr bool tries_to_push = TriesToPush<P, Carried>;
  static constexpr bool tries_to_pop = TriesToPop<P, Carried>;
  static_assert(waits_to_push || tries_to_push, "the part has neither push() nor try_push()");
  static_assert(waits_to_pop || tries_to_pop, "the part has neither pop() nor try_pop()");
  static_assert(!P::traits.waiting.empty(),
                "state how the part waits, as in .waiting = \"condvar\"");

 public:
  static constexpr Traits traits = [] {
    Traits labels = P::traits;
    labels.blocking = waits_to_push && waits_to_pop ? Blocking::native : Blocking::emulated;
    labels.timed = Timed::none;
    labels.tries = tries_to_push && tries_to_pop ? Tries::yes : Tries::none;
    labels.close = Close::end_of_stream;
    return labels;
  }();

  explicit WaitingPart(std::size_t capacity) : part_(capacity) {}

  /// To be called when no push is in progress.
  void close() {
    if (closed_.exchange(true)) return;
    if constexpr (marks_end) {
      Sync::fence_heavy();
      mark_is_due_.store(true);
      send_mark_if_due();
    } else {
      not_empty_.wake_all();
    }
  }
  bool is_closed() const { return closed_.load(std::memory_order_acquire); }
  std::size_t capacity() const { return part_.capacity(); }
  std::size_t size_approx() const {
    const std::size_t size = part_.size_approx();
    const bool has_mark = marks_end && is_closed() && !mark_is_due_.load(std::memory_order_relaxed);
    return has_mark ? std::max<std::size_t>(size, 1) - 1 : size;
  }

 private:
  template <class Timeout>
  Status push_with(T&& value, const Timeout& /*timeout*/) {
    if constexpr (wraps) {
      Carried message(std::move(value));
      const Status status = send<Timeout>(message);
      if (status != Status::done) {  // the value is still the caller's
        std::destroy_at(&value);
        std::construct_at(&value, std::move(*message));
      }
      return status;
    } else {
      return send<Timeout>(value);
    }
  }

  template <class Timeout>
  Status send(Carried& message) {
    Status status = Status::done;
    if constexpr (Timeout::waits && waits_to_push) {
      part_.push(message);
    } else if constexpr (Timeout::waits) {
      status = part_.try_push(message);
      if (status != Status::done) {
        status = not_full_.await([this] { return part_.can_push(); },
                                 [&] { return part_.try_push(message); }, WaitForever{});
      }
    } else {
      status = part_.try_push(message);
    }
    if (status != Status::done) return status == Status::full ? Status::timeout : status;
    if constexpr (waits_to_pop) {
      if constexpr (!waits_to_push) Sync::fence_light();
    } else {
      not_empty_.wake_one();  // has the fence
    }
    if constexpr (!waits_to_push && traits.producers == Endpoints::many)
      not_full_.wake_another([this] { return part_.can_push(); });
    return Status::done;
  }

  template <class Timeout>
  Status pop_with(std::optional<T>& out, const Timeout& /*timeout*/) {
    if (marks_end && has_ended_.load(std::memory_order_acquire)) return Status::closed;
    Status status = Status::done;
    if constexpr (Timeout::waits && waits_to_pop) {
      status = receive(out, [this](auto& into) {
        part_.pop(into);
        return Status::done;
      });
    } else if constexpr (Timeout::waits) {
      status = try_receive(out);
      if (!is_decided(status)) {
        status = not_empty_.await([this] { return is_closed() || part_.can_pop(); },
                                  [&] { return try_receive(out); }, WaitForever{});
      }
    } else {
      status = try_receive(out);
    }
    if (status != Status::done) {
      if constexpr (!waits_to_pop) {  // each who sees the end passes the wake-up on
        if (status == Status::closed) not_empty_.wake_one();
      }
      return status == Status::empty ? Status::timeout : status;
    }
    if constexpr (waits_to_push) {
      Sync::fence_light();  // before the looks at sleepers, and at the flag
    } else {
      not_full_.wake_one();  // has the fence
    }
    if constexpr (marks_end) {  // close() may have found no room for the mark
      if (is_closed()) [[unlikely]] {
        pops_since_close_.fetch_add(1);
        send_mark_if_due();
      }
    }
    if constexpr (!waits_to_pop && traits.consumers == Endpoints::many)
      not_empty_.wake_another([this] { return is_closed() || part_.can_pop(); });
    return Status::done;
  }

  Status try_receive(std::optional<T>& out) {
    // First, or a message pushed before the close might be missed.
    const bool closed = is_closed();
    const Status status = receive(out, [this](auto& into) { return part_.try_pop(into); });
    if (!closed || status != Status::empty) return status;
    has_ended_.store(true, std::memory_order_release);
    return Status::closed;
  }

  /// `call` fills an optional with what the part carries.
  Status receive(std::optional<T>& out, auto call) {
    if constexpr (wraps) {
      std::optional<Carried> carried;
      const Status status = call(carried);
      if (status != Status::done) return status;
      if (!*carried) return take_mark(out);
      out.emplace(std::move(**carried));
      return Status::done;
    } else {
      const Status status = call(out);
      if constexpr (marks_end) {
        if (status == Status::done && EndMark<T>::is(*out)) {
          out.reset();
          return take_mark(out);
        }
      }
      return status;
    }
  }

  /// The mark may have overtaken messages of other producers.
  Status take_mark(std::optional<T>& out) {
    Status status = Status::closed;
    if constexpr (traits.fifo == Fifo::per_producer && tries_to_pop) {
      if (receive(out, [this](auto& into) { return part_.try_pop(into); }) == Status::done)
        status = Status::done;
    }
    if (status == Status::closed) has_ended_.store(true, std::memory_order_release);
    if (traits.consumers == Endpoints::many || status == Status::done) {
      mark_is_due_.store(true);
      send_mark_if_due();
    }
    return status;
  }

  /// Called by who has made the mark due, and by each pop of a closed queue, which has made room.
  /// One that comes while the mark is being tried in vain leaves it to who tries. (All of this is
  /// sequentially consistent: who tries writes that the mark is due and then reads the count of
  /// pops; a pop counts itself and then reads whether the mark is due.) Where there is room and the
  /// part takes nothing, another call is half-way, and may be one that finds no message: nobody
  /// else would send the mark then.
  void send_mark_if_due() {
    for (;;) {
      const std::uint32_t pops = pops_since_close_.load();
      if (!mark_is_due_.exchange(false) || send_mark()) return;
      mark_is_due_.store(true);
      if (pops_since_close_.load() != pops) continue;
      if (!part_.can_push()) return;  // a pop will come
      Sync::yield();
    }
  }
  /// False: there is no room at present.
  bool send_mark() {
    Carried mark = [] {
      if constexpr (wraps) {
        return Carried();
      } else {
        return EndMark<T>::make();
      }
    }();
    if constexpr (tries_to_push) {
      return send<DoNotWait>(mark) == Status::done;
    } else {  // no push is in progress, so there is room until this one
      return part_.can_push() && send<WaitForever>(mark) == Status::done;
    }
  }

  SizedPart<Carried, P, Sync> part_;
  SpinYieldPark<Sync> not_full_{"not_full"};
  SpinYieldPark<Sync> not_empty_{"not_empty"};
  alignas(cache_line_bytes) typename Sync::template atomic<bool> closed_{false, "closed"};
  typename Sync::template atomic<bool> mark_is_due_{false, "mark_is_due"};
  typename Sync::template atomic<std::uint32_t> pops_since_close_{0, "pops_since_close"};
  typename Sync::template atomic<bool> has_ended_{false,
                                                  "took_mark"};  ///< some pop has seen the end
};

template <class T, template <class...> class Part, class Sync>
struct BlockingAdapterOf {
  using P = PartOver<Part, T, Sync>;
  using type =
      std::conditional_t<WaitsToPush<P, T> || WaitsToPop<P, T>, WaitingPart<T, Part, Sync>,
                         BlockingQueue<T, ClosedByFlag<T, P, Sync>, SpinYieldPark<Sync>, Sync>>;
};

}  // namespace detail

/// A BoundedQueue. Throws what the part's constructor throws.
template <class T, template <class...> class Part, class Sync = StdSync>
using BlockingAdapter = typename detail::BlockingAdapterOf<T, Part, Sync>::type;

}  // namespace bq
