// Queues with one slip each, of those kinds that need the explorer's forms of calls, its exact
// time, or its messages to be found.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "queues/detail/blocking_calls.h"

namespace bq::explorer {

enum class Slip {
  none,                    ///< the others' base: it passes
  pop_into_wakes_if_full,  ///< wakes a producer only if the queue was full, in this form alone
  restarts_its_deadline,   ///< a fruitless wake-up gives it its whole time again
  sleeps_beyond_deadline,  ///< a timed call waits until it is woken
  pushes_take_turns,       ///< a try_push waits for the push before it
  takes_after_unlock,      ///< the place of a message is free before the message has left it
  moves_again,             ///< a push that had to wait moves from what it has moved from
  destroys_again,          ///< a message that was taken
  drains_silently,         ///< the last pop wakes who waits for the end, but not in this form
  keeps_its_reservation,   ///< a push that timed out has taken a place that it never gives back
  counts_refused,          ///< size_approx() counts pushes that were refused
  full_hides_closed,       ///< a push that does not wait says full of a queue that is closed, too
  forgets_timed_pops,      ///< a push wakes only who waits without a deadline
};

/// One mutex, a condition variable for each side, messages in plain storage.
template <class T, class Sync, Slip slip>
class SlippingQueue : public bq::detail::Calls<SlippingQueue<T, Sync, slip>, T, Sync> {
  using Base = bq::detail::Calls<SlippingQueue, T, Sync>;
  friend Base;
  static constexpr bool has(Slip s) { return s == slip; }

 public:
  static constexpr Traits traits{.timed = Timed::yes, .waiting = "condvar"};

  explicit SlippingQueue(std::size_t capacity) : places_(checked_capacity(capacity)) {}

  using Base::pop;
  Status pop(std::optional<T>& out) {
    const Status status = pop_with(out, WaitInto{});
    if (status != Status::done) out.reset();
    return status;
  }

  void close() {
    const Lock lock(mutex_);
    closed_ = true;
    not_full_.notify_all();
    if (!has(Slip::drains_silently) || size_ == 0) not_empty_.notify_all();
  }
  bool is_closed() const {
    const Lock lock(mutex_);
    return closed_;
  }
  std::size_t capacity() const { return places_.size(); }
  std::size_t size_approx() const {
    const Lock lock(mutex_);
    return size_ + refused_;
  }

 private:
  using Lock = std::unique_lock<typename Sync::mutex>;
  struct WaitInto : bq::detail::WaitForever {};

  bool is_full() const { return size_ + reserved_ >= places_.size(); }

  static Deadline::duration time_left(const auto& timeout) {
    if constexpr (has(Slip::restarts_its_deadline) && requires { timeout.deadline; })
      return timeout.deadline - Sync::now();
    return {};
  }
  /// False: the time was up. `whole`: the time that the call had.
  bool sleep(auto& signal, Lock& lock, const auto& timeout, Deadline::duration whole) {
    if constexpr (requires { timeout.deadline; }) {
      if (!timeout.has_time_left()) return false;
      if (has(Slip::forgets_timed_pops) && &signal == &not_empty_)
        return timeout.sleep(forgotten_, lock);
      if (has(Slip::restarts_its_deadline)) return signal.wait_until(lock, Sync::now() + whole);
      if (has(Slip::sleeps_beyond_deadline)) {
        signal.wait(lock);
        return true;
      }
    }
    return timeout.sleep(signal, lock);
  }

  Status push_with(T&& value, const auto& timeout) {
    Lock lock(mutex_);
    const std::size_t turn = next_turn_++;
    while (has(Slip::pushes_take_turns) && turn != turn_ && !closed_) turns_.wait(lock);
    const Status status = push_in_turn(std::move(value), lock, timeout);
    ++turn_;
    if (has(Slip::pushes_take_turns)) turns_.notify_all();
    lock.unlock();
    if (status == Status::done) not_empty_.notify_one();
    return status;
  }
  Status push_in_turn(T&& value, Lock& lock, const auto& timeout) {
    const Deadline::duration whole = time_left(timeout);
    if (has(Slip::full_hides_closed) && is_full() && !timeout.has_time_left())
      return Status::timeout;
    if (has(Slip::moves_again) && is_full() && timeout.waits) T held(std::move(value));
    while (is_full() && !closed_) {
      if (sleep(not_full_, lock, timeout, whole)) continue;
      if (has(Slip::keeps_its_reservation) && timeout.waits) ++reserved_;
      if (has(Slip::counts_refused)) ++refused_;
      return Status::timeout;
    }
    if (closed_) return Status::closed;
    places_[(first_ + size_) % places_.size()].emplace(std::move(value));
    ++size_;
    return Status::done;
  }

  template <class Timeout>
  Status pop_with(std::optional<T>& out, const Timeout& timeout) {
    constexpr bool is_into = std::is_same_v<Timeout, WaitInto>;
    Lock lock(mutex_);
    const Deadline::duration whole = time_left(timeout);
    while (size_ == 0) {
      if (closed_) return Status::closed;
      if (!sleep(not_empty_, lock, timeout, whole)) return Status::timeout;
    }
    const bool was_full = is_full();
    std::optional<T>& place = places_[first_];
    first_ = (first_ + 1) % places_.size();
    --size_;
    const bool is_last = closed_ && size_ == 0;
    if (has(Slip::takes_after_unlock)) lock.unlock();
    out.emplace(std::move(*place));
    if (has(Slip::destroys_again)) std::destroy_at(&*place);
    place.reset();
    if (lock) lock.unlock();
    if (!has(Slip::pop_into_wakes_if_full) || !is_into || was_full) not_full_.notify_one();
    if (has(Slip::drains_silently) && is_last && !is_into) not_empty_.notify_all();
    return Status::done;
  }

  mutable typename Sync::mutex mutex_{"mutex"};
  typename Sync::condition_variable not_full_{"not_full"};
  typename Sync::condition_variable not_empty_{"not_empty"};
  typename Sync::condition_variable turns_{"turns"};
  typename Sync::condition_variable forgotten_{"forgotten"};
  std::vector<std::optional<T>> places_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  std::size_t reserved_ = 0;
  std::size_t refused_ = 0;
  std::size_t next_turn_ = 0;
  std::size_t turn_ = 0;
  bool closed_ = false;
};

enum class CellSlip {
  none,
  needs_a_stalled_thread,  ///< its label says that it does not, but it spins for a lock
  copies_after_unlock,
  keeps_what_was_taken,  ///< copies the message, and leaves it in its place
};

/// One message that needs a default constructor, behind a lock that spins.
template <class T, class Sync, CellSlip slip>
class SlippingCell {
  static constexpr bool has(CellSlip s) { return s == slip; }

 public:
  using value_type = T;
  static constexpr Traits traits{
      .max_capacity = 1,
      .element = Element::default_constructible,
      .stall = has(CellSlip::needs_a_stalled_thread) ? Stall::nobody : Stall::everyone,
      .waiting = "spin"};

  explicit SlippingCell(std::size_t capacity) { checked_capacity(capacity, 1); }

  bool push(T&& value) {
    for (;; Sync::relax()) {
      const Status status = try_push(std::move(value));
      if (status != Status::full) return status == Status::done;
    }
  }
  Status try_push(T&& value) {
    lock();
    const bool can = !is_full_ && !is_closed_;
    const Status status = can ? Status::done : is_closed_ ? Status::closed : Status::full;
    if (can) message_ = std::move(value);
    is_full_ = is_full_ || can;
    unlock();
    return status;
  }
  std::optional<T> pop() {
    std::optional<T> out;
    while (try_pop(out) == Status::empty) Sync::relax();
    return out;
  }
  Status try_pop(std::optional<T>& out) {
    lock();
    const bool can = is_full_;
    const Status status = can ? Status::done : is_closed_ ? Status::closed : Status::empty;
    is_full_ = false;
    if (can && !has(CellSlip::copies_after_unlock)) take(out);
    unlock();
    if (can && has(CellSlip::copies_after_unlock)) take(out);
    return status;
  }
  void close() {
    lock();
    is_closed_ = true;
    unlock();
  }
  bool is_closed() const { return is_closed_; }
  std::size_t capacity() const { return 1; }
  std::size_t size_approx() const { return is_full_ ? 1 : 0; }

 private:
  void take(std::optional<T>& out) {
    if (has(CellSlip::keeps_what_was_taken)) {
      out.emplace(message_);
    } else {
      out.emplace(std::move(message_));
    }
  }
  void lock() {
    while (is_locked_.exchange(true, std::memory_order_acquire)) Sync::relax();
  }
  void unlock() { is_locked_.store(false, std::memory_order_release); }

  typename Sync::template atomic<bool> is_locked_{false, "lock"};
  T message_{};
  bool is_full_ = false;
  bool is_closed_ = false;
};

}  // namespace bq::explorer
