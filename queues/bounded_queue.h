// The contract that every queue of this suite keeps: what the calls mean, and how a queue describes
// itself.
//
// A bounded blocking queue carries messages from producers to consumers and holds at most
// capacity() of them: a producer that is too fast waits in push (backpressure), a consumer that is
// too fast waits in pop. Names follow the concurrent queues proposed for the C++ standard (WG21
// paper P0260).
//
//   Q(capacity)         Capacity 0 throws std::invalid_argument. The bound is exact unless
//                       `traits.bound` says otherwise.
//   push(T&& v)         Waits while full. True: delivered. False: closed, and `v` is unchanged and
//                       still the caller's.
//   try_push(T&& v)     Never waits for room: done, full, closed, or busy (see Status). Moves from
//                       `v` only when done.
//   pop()               Waits while empty. The optional is empty only when the queue is closed and
//                       drained, and from then on always.
//   pop(out)            As pop(), directly into the caller's optional: done, or closed and then
//                       `out` is empty. Optional for a queue; pop_into(queue, out) below works with
//                       any.
//   try_pop(out)        Never waits for a message: done (then `out` holds the message), empty,
//                       closed (and drained), or busy. When it is empty or busy, `out` does not
//                       change.
//   try_push_until(v, t)  try_pop_until(out, t)
//                       As push and pop, up to an absolute time of the steady clock. A past one
//                       behaves as try_*, but returns timeout instead of full and empty. Never
//                       early, and checks once more after the deadline, so timeout means: full
//                       (empty) at the end. Only where `traits.timed` is Timed::yes.
//   push_batch(span)    As push for each of the messages, in their order (others' may come in
//                       between). The number delivered: the first ones; fewer than all only when
//                       closed.
//   pop_batch(span)     Waits for one message and takes those that are there, into the first of the
//                       caller's optionals. Their number; 0 only when closed and drained. Both are
//                       optional for a queue, and for messages whose moves do not throw.
//   close()             Idempotent, callable from any thread, wakes every waiter on both sides.
//                       Each concurrent push is either delivered or refused, never both. Pops
//                       report the end only after every message whose push returned (or will
//                       return) true has been taken.
//   is_closed()         A snapshot; once true it stays true.
//   capacity()          The effective bound, after any rounding; `unbounded_capacity` if there is
//                       none.
//   size_approx()       A snapshot, 0 <= size <= capacity(). Exact when no call is in progress.
//
// Bound:       completed pushes - started pops <= capacity(), at every instant.
// Visibility:  what precedes push(v) happens before what follows the pop that returns v, and a pop
//              happens before the push that reuses its slot.
// Exceptions:  a throwing move of T leaves a locked queue unchanged, and the `out` of a pop empty;
//              rings require a nothrow move.
// Destruction: no call may be in progress (popping the last message does not mean that its push has
//              returned: join first). Messages left are destroyed exactly once.
// Fairness:    FIFO is the order of messages, not of waiters; freedom from starvation is not
//              promised.
#pragma once

#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

/// Version of the labels below. The regression gate compiles the harness with earlier ones, too.
#define BQ_LABELS 2

namespace bq {

/// Outcome of a call that does not wait for ever.
enum class Status : std::uint8_t {
  done,    ///< the message was delivered or taken
  full,    ///< try_push only: capacity() messages were inside at some instant of the call
  empty,   ///< try_pop only: no message was inside at some instant of the call
  closed,  ///< push: refused, the value stays with the caller; pop: closed and drained
  /// Neither done nor provably full or empty (a slot claimed, not yet published): try again.
  busy,
  timeout,  ///< timed calls only: the deadline passed
};

/// An absolute time for the timed calls. Policies may run it on a virtual clock (see sync.h).
using Deadline = std::chrono::steady_clock::time_point;

inline constexpr std::size_t unbounded_capacity = std::numeric_limits<std::size_t>::max();

/// How many threads may use one side at the same time.
enum class Endpoints : std::uint8_t { one, many };
/// Which capacities can be asked for, all within [min_capacity, max_capacity].
enum class Capacities : std::uint8_t { any, power_of_two, range, unbounded };
/// How capacity() relates to the request.
enum class Bound : std::uint8_t { exact, rounded, none };
/// What T must be; each is movable at least. Copyable: a message may be copied, in or out, where
/// others would be moved. Default-constructible: that, and assignable.
enum class Element : std::uint8_t {
  any,
  nothrow_movable,
  copyable,
  default_constructible,
  trivial
};
/// The scope of the order.
enum class Fifo : std::uint8_t { global, per_producer };
/// Emulated: the adapter waits on behalf of a non-blocking queue.
enum class Blocking : std::uint8_t { native, emulated };
/// Whether the timed calls exist.
enum class Timed : std::uint8_t { yes, none };
/// Whether try_push and try_pop exist.
enum class Tries : std::uint8_t { yes, none };
/// Quiescent: exact only while no push runs. End of stream: to be called after the last push has
/// returned; pops report the end, pushes are neither refused nor woken (see blocking_adapter.h).
enum class Close : std::uint8_t { exact, quiescent, end_of_stream };
/// Which threads a thread stopped inside a call blocks. One slot: capacity shrinks by one, and the
/// others proceed.
enum class Stall : std::uint8_t { nobody, one_slot, everyone };
/// Written for this suite (house), or an adapter of a third-party library (peer).
enum class Origin : std::uint8_t { house, peer };

/// How a queue describes itself. Tests and scenarios decide by it what to skip, and tables print
/// it.
struct Traits {
  Endpoints producers = Endpoints::many;
  Endpoints consumers = Endpoints::many;
  Capacities capacities = Capacities::any;
  std::size_t min_capacity = 1;
  std::size_t max_capacity = unbounded_capacity;  ///< by default limited by memory only
  Bound bound = Bound::exact;
  Element element = Element::any;
  Fifo fifo = Fifo::global;
  Blocking blocking = Blocking::native;
  Timed timed = Timed::none;
  Tries tries = Tries::yes;
  Close close = Close::exact;
  Stall stall = Stall::everyone;
  Origin origin = Origin::house;
  /// How a blocked call waits, in two or three words: "condvar", "spin, then condvar".
  std::string_view waiting = {};
  /// What the labels do not tell a reader of a table; mostly empty.
  std::string_view note = {};
  /// A known fault that is too rare to exclude the queue; mostly empty.
  std::string_view defect = {};
};

/// A queue of this suite. Thread-safety: every member may be called from any thread, within
/// traits.producers and traits.consumers.
template <class Q>
concept BoundedQueue = std::constructible_from<Q, std::size_t> &&
    requires(Q queue, const Q& snapshot, typename Q::value_type value) {
  { Q::traits } -> std::convertible_to<Traits>;
  { queue.push(std::move(value)) } -> std::same_as<bool>;
  { queue.pop() } -> std::same_as<std::optional<typename Q::value_type>>;
  { queue.close() } -> std::same_as<void>;
  { snapshot.is_closed() } -> std::same_as<bool>;
  { snapshot.capacity() } -> std::same_as<std::size_t>;
  { snapshot.size_approx() } -> std::same_as<std::size_t>;
};

/// A queue that also has the calls that do not wait. One without them says so: Tries::none.
template <class Q>
concept TryingBoundedQueue = BoundedQueue<Q> &&
    requires(Q queue, typename Q::value_type value, std::optional<typename Q::value_type> out) {
  { queue.try_push(std::move(value)) } -> std::same_as<Status>;
  { queue.try_pop(out) } -> std::same_as<Status>;
};

/// A queue that also has the timed calls.
template <class Q>
concept TimedBoundedQueue = BoundedQueue<Q> &&
    requires(Q queue, typename Q::value_type value, std::optional<typename Q::value_type> out,
             Deadline deadline) {
  { queue.try_push_until(std::move(value), deadline) } -> std::same_as<Status>;
  { queue.try_pop_until(out, deadline) } -> std::same_as<Status>;
};

/// A queue that also has the calls for several messages at once.
template <class Q>
concept BatchedBoundedQueue = BoundedQueue<Q> &&
    requires(Q queue, std::span<typename Q::value_type> messages,
             std::span<std::optional<typename Q::value_type>> out) {
  { queue.push_batch(messages) } -> std::same_as<std::size_t>;
  { queue.pop_batch(out) } -> std::same_as<std::size_t>;
};

/// pop() into the caller's optional. Returns false at the end of the stream, and the optional is
/// empty then. This form is faster where many messages pass: a small optional is returned in
/// registers, and compilers (GCC 12) load it as a whole from where the queue has just written its
/// parts, which must wait until all earlier writes have left the core.
template <BoundedQueue Q>
bool pop_into(Q& queue, std::optional<typename Q::value_type>& out) {
  if constexpr (requires {
                  { queue.pop(out) } -> std::same_as<Status>;
                }) {
    return queue.pop(out) == Status::done;
  } else {
    std::optional<typename Q::value_type> message = queue.pop();
    out.reset();
    if (message) out.emplace(std::move(*message));
    return out.has_value();
  }
}

/// Now plus `timeout`, or Deadline::max() if the sum is beyond it.
template <class Rep, class Period>
Deadline deadline_after(std::chrono::duration<Rep, Period> timeout) {
  using Seconds = std::chrono::duration<long double>;
  const Deadline now = Deadline::clock::now();
  if (Seconds(timeout) <= Seconds::zero()) return now;
  if (Seconds(timeout) >= Seconds(Deadline::max() - now)) return Deadline::max();
  return now + std::chrono::ceil<Deadline::duration>(timeout);
}

/// try_push_until with a duration from now, as users of the standard library expect it.
template <TimedBoundedQueue Q, class Rep, class Period>
Status try_push_for(Q& queue, typename Q::value_type&& value,
                    std::chrono::duration<Rep, Period> timeout) {
  return queue.try_push_until(std::move(value), deadline_after(timeout));
}

/// try_pop_until with a duration from now.
template <TimedBoundedQueue Q, class Rep, class Period>
Status try_pop_for(Q& queue, std::optional<typename Q::value_type>& out,
                   std::chrono::duration<Rep, Period> timeout) {
  return queue.try_pop_until(out, deadline_after(timeout));
}

/// Returns `capacity`; throws std::invalid_argument if it is outside [1, max].
inline std::size_t checked_capacity(std::size_t capacity, std::size_t max = unbounded_capacity) {
  if (capacity == 0)
    throw std::invalid_argument("capacity 0: a bounded queue holds at least one message");
  if (capacity > max) {
    throw std::invalid_argument("capacity " + std::to_string(capacity) + ": this queue ends at " +
                                std::to_string(max));
  }
  return capacity;
}

/// Returns `capacity`; throws std::invalid_argument if the labels exclude it.
inline std::size_t checked_capacity(const Traits& traits, std::size_t capacity) {
  if (capacity < traits.min_capacity) {
    throw std::invalid_argument("capacity " + std::to_string(capacity) + ": this queue begins at " +
                                std::to_string(traits.min_capacity));
  }
  if (traits.capacities == Capacities::power_of_two && !std::has_single_bit(capacity)) {
    throw std::invalid_argument("capacity " + std::to_string(capacity) +
                                ": this queue takes powers of two");
  }
  return checked_capacity(capacity, traits.max_capacity);
}

}  // namespace bq

/// BQ_QUEUE(my::MyQueue, my_queue) in a header from outside this tree, at namespace scope, makes
/// the class template known as `my_queue` to `./scripts/bench --with HEADER` and `./scripts/test
/// --with HEADER`, which define the macro themselves. Everywhere else it only checks the interface.
/// See docs/your_own_queue.md.
#ifndef BQ_QUEUE
#define BQ_QUEUE(Class, name)                   \
  static_assert(::bq::BoundedQueue<Class<int>>, \
                #name " does not offer what queues/bounded_queue.h asks of a queue");
#endif
