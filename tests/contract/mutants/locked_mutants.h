// Queues with one lock and one fault each, all of them faults that have been made.
#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "queues/detail/blocking_calls.h"

namespace bq::test {

enum class Fault {
  none,                     ///< the others' base: it passes every test
  consumers_not_woken,      ///< a push wakes nobody
  producers_not_woken,      ///< a pop wakes nobody
  wakes_on_first_only,      ///< a push wakes a consumer only if the queue was empty
  trusts_its_wake_up,       ///< `if` in the place of `while`: whoever is woken does not look again
  sleeps_after_a_gap,       ///< gives up the lock between the look and the sleep
  one_too_many,             ///< holds capacity + 1
  close_wakes_one,          ///< of each side
  close_forgets_producers,  ///< wakes the consumers only
  ends_before_drained,      ///< a closed queue has no messages any more
  moves_before_it_looks,    ///< a refused value is gone
  last_in_first_out,        ///< a stack
  leaks,                    ///< does not destroy what is left
  early_timeout,            ///< gives up half way to its deadline
  moves_before_timeout,     ///< a value whose push times out is gone
  past_deadline_waits,      ///< a moment, though the time is over
  counts_before_moving,     ///< a move that throws leaves a message that is not there
  throws_its_wake_up_away,  ///< a waiter that throws was the only one to be woken
  adds_to_positions,        ///< compares tail with head + capacity, which overflows
  misaligned,               ///< storage of bytes, aligned as bytes
  unlocked_size,            ///< size_approx() reads without the lock
  frees_in_batches,         ///< from capacity 256 on a slot is free when 16 of them are
  counts_in_few_bits,       ///< positions of 16 bits modulo a number that is no power of two
  pop_into_wakes_if_full,   ///< pop(out) wakes a producer only if the queue was full
  try_pop_wakes_nobody,     ///< nor does try_pop_until with a past deadline
  try_push_wakes_nobody,
  counts_a_sleeper_once,      ///< a thread that is woken in vain is not counted as asleep again
  deadline_starts_again,      ///< at each wake-up
  try_calls_queue_up,         ///< a waiting call keeps its turn while it sleeps, others wait for it
  timed_calls_queue_up,       ///< the same, of the calls with a deadline
  timeout_takes_a_wake_up,    ///< a call that is woken too late says timeout, and wakes nobody
  leaves_the_lock_too_early,  ///< the slot is free while its message is being moved out
  shows_it_too_early,         ///< the message is there while it is being moved in
  destroys_refused,           ///< the value of a try_push that finds the queue full
  keeps_what_was_taken,       ///< the shell of the last message
  closes_without_the_lock,    ///< between the look and the sleep of a waiter
  end_is_for_waiting_pops,    ///< the last message taken by a try_pop leaves the others asleep
  counts_ms_in_int,           ///< of the time that is left: negative from 25 days on
  counts_us_in_few_bits,      ///< of the time that is left: little from 72 minutes on
  has_room_for_few_sleepers,  ///< 32: a later one is woken by nobody
  knows_ends_by_address,      ///< a thread that has seen the end of a queue knows it by its address
  takes_minus_one_for_empty,  ///< a slot is empty if its number is -1
  counts_room_in_few_bits,    ///< the capacity, modulo 2^16
  /// A thread stopped inside the lock holds up others, the label says it does not.
  lies_about_stalls,
};

/// One mutex, two condition variables, a ring of positions that only grow; and a fault.
template <class T, class Sync, Fault fault>
class FaultyLockedQueue : public bq::detail::Calls<FaultyLockedQueue<T, Sync, fault>, T, Sync> {
  friend bq::detail::Calls<FaultyLockedQueue, T, Sync>;
  static constexpr bool has(Fault f) { return f == fault; }

 public:
  static constexpr Traits traits{
      .timed = Timed::yes,
      .stall = has(Fault::lies_about_stalls) ? Stall::nobody : Stall::everyone,
      .waiting = "condvar"};

  explicit FaultyLockedQueue(std::size_t capacity, std::uint64_t first_turn = 0)
      : capacity_(has(Fault::counts_room_in_few_bits)
                      ? std::max<std::uint16_t>(1, static_cast<std::uint16_t>(capacity))
                      : checked_capacity(capacity)),
        slot_count_(has(Fault::counts_in_few_bits) ? capacity + 1 : std::bit_ceil(capacity + 1)),
        bytes_(new std::byte[(slot_count_ + 1) * sizeof(Slot) + alignof(Slot)]),
        head_(first_turn * capacity),
        tail_(head_),
        freed_(head_) {
    void* first = bytes_.get();
    std::size_t space = (slot_count_ + 1) * sizeof(Slot) + alignof(Slot);
    slots_ =
        static_cast<Slot*>(std::align(alignof(Slot), slot_count_ * sizeof(Slot), first, space));
    if (has(Fault::misaligned))
      slots_ = reinterpret_cast<Slot*>(reinterpret_cast<std::byte*>(slots_) + 8);
    std::uninitialized_default_construct_n(slots_, slot_count_);
  }
  FaultyLockedQueue(const FaultyLockedQueue&) = delete;
  FaultyLockedQueue& operator=(const FaultyLockedQueue&) = delete;
  ~FaultyLockedQueue() {
    if (has(Fault::leaks)) return;
    while (head_ != tail_) slot(head_++).destroy();
    std::destroy_n(slots_, slot_count_);
  }

  using bq::detail::Calls<FaultyLockedQueue<T, Sync, fault>, T, Sync>::pop;
  Status pop(std::optional<T>& out) {
    const Status status = pop_with(out, WaitForeverInto{});
    if (status != Status::done) out.reset();
    return status;
  }

  void close() {
    Lock lock(mutex_, std::defer_lock);
    if (!has(Fault::closes_without_the_lock)) lock.lock();
    closed_ = true;
    if (has(Fault::end_is_for_waiting_pops) && size() > 0) {
      not_full_.notify_all();
      return;
    }
    if (has(Fault::close_wakes_one)) {
      not_full_.notify_one();
      not_empty_.notify_one();
      return;
    }
    if (!has(Fault::close_forgets_producers)) not_full_.notify_all();
    not_empty_.notify_all();
    late_.notify_all();
  }
  bool is_closed() const {
    const Lock lock(mutex_);
    return closed_;
  }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const {
    if (has(Fault::unlocked_size)) return size();
    const Lock lock(mutex_);
    return size();
  }

 private:
  using Slot = typename Sync::template slot<T>;
  using Lock = std::unique_lock<typename Sync::mutex>;
  struct WaitForeverInto : bq::detail::WaitForever {};
  template <class Timeout>
  static constexpr bool is_timed = requires(Timeout timeout) {
    timeout.deadline;
  };
  struct Signal {
    explicit Signal(const char* name) : condition(name) {}
    void notify_one() {
      if (!has(Fault::counts_a_sleeper_once)) return condition.notify_one();
      if (sleepers > 0) {
        --sleepers;
        condition.notify_one();
      }
    }
    void notify_all() {
      sleepers = 0;
      condition.notify_all();
    }
    typename Sync::condition_variable condition;
    int sleepers = 0;
  };

  std::size_t size() const { return tail_ - head_; }
  Slot& slot(std::uint64_t position) {
    if (has(Fault::counts_in_few_bits))
      return slots_[static_cast<std::uint16_t>(position) % slot_count_];
    return slots_[position & (slot_count_ - 1)];
  }
  bool is_full() const {
    if (has(Fault::one_too_many)) return size() > capacity_;
    if (has(Fault::adds_to_positions)) return tail_ >= head_ + capacity_;
    if (has(Fault::frees_in_batches) && capacity_ >= 256) return tail_ - freed_ >= capacity_;
    return size() >= capacity_;
  }
  bool has_ended() const { return closed_ && (has(Fault::ends_before_drained) || size() == 0); }

  /// Waits while `blocked`. False: the time was up.
  bool wait(Signal& signal, Lock& lock, const auto& timeout, auto blocked) {
    if (has(Fault::has_room_for_few_sleepers) && blocked() && ++signal.sleepers > 32) {
      while (!closed_) late_.wait(lock);
    }
    if (has(Fault::counts_a_sleeper_once) && blocked()) ++signal.sleepers;
    const Deadline begun = has(Fault::deadline_starts_again) ? Sync::now() : Deadline{};
    while (blocked()) {
      if (has(Fault::sleeps_after_a_gap)) {
        lock.unlock();
        lock.lock();
      }
      if (!sleep(signal.condition, lock, timeout, begun)) return false;
      if (has(Fault::early_timeout) && is_timed<std::decay_t<decltype(timeout)>> && blocked())
        return false;
      if (has(Fault::timeout_takes_a_wake_up) && !timeout.has_time_left()) return false;
      if (has(Fault::trusts_its_wake_up)) return true;
    }
    return true;
  }
  bool sleep(auto& condition, Lock& lock, const auto& timeout, Deadline begun) {
    if constexpr (is_timed<std::decay_t<decltype(timeout)>>) {
      using std::chrono::milliseconds;
      if (has(Fault::counts_us_in_few_bits)) {
        const auto left = timeout.deadline - Sync::now();
        auto near = timeout;
        near.deadline = Sync::now() + std::chrono::microseconds(static_cast<std::uint32_t>(
                                          left / std::chrono::microseconds(1)));
        return near.sleep(condition, lock) && near.has_time_left();
      }
      if (has(Fault::counts_ms_in_int) && timeout.deadline != Deadline::max() &&
          static_cast<std::int32_t>(
              std::chrono::ceil<milliseconds>(timeout.deadline - Sync::now()).count()) < 0)
        return false;
      auto wrong = timeout;
      if (has(Fault::early_timeout) && timeout.has_time_left())
        wrong.deadline -= (timeout.deadline - Sync::now()) / 2;
      if (has(Fault::past_deadline_waits))
        wrong.deadline = std::max(timeout.deadline, Sync::now() + std::chrono::hours(1));
      const auto time = timeout.deadline - begun;
      if (has(Fault::deadline_starts_again) && Deadline::duration{} < time &&
          time < std::chrono::minutes(1)) {
        return condition.wait_until(lock, Sync::now() + time);
      }
      return wrong.sleep(condition, lock);
    } else {
      return timeout.sleep(condition, lock);
    }
  }
  void change(auto& signal, auto change) {
    try {
      change();
    } catch (...) {
      if (!has(Fault::throws_its_wake_up_away)) signal.notify_one();
      throw;
    }
  }

  /// The turn of a call among those of its side, where the fault has such.
  template <class Timeout>
  static std::optional<Lock> turn_of(const Timeout& /*timeout*/, typename Sync::mutex& turns) {
    if (has(Fault::try_calls_queue_up) || (has(Fault::timed_calls_queue_up) && Timeout::waits))
      return std::optional<Lock>(turns);
    return std::nullopt;
  }

  Status push_with(T&& value, const auto& timeout) {
    if (!has(Fault::moves_before_it_looks) && !has(Fault::moves_before_timeout)) {
      return push_message(std::move(value), timeout);
    }
    std::optional<T> taken(std::move(value));
    const Status status = push_message(std::move(*taken), timeout);
    const Status loses_it = has(Fault::moves_before_it_looks) ? Status::closed : Status::timeout;
    if (status != Status::done && status != loses_it) {
      std::destroy_at(&value);
      std::construct_at(&value, std::move(*taken));
    }
    return status;
  }
  template <class Timeout>
  Status push_message(T&& value, const Timeout& timeout) {
    const std::optional<Lock> turn = turn_of(timeout, push_turns_);
    Lock lock(mutex_);
    if (!wait(not_full_, lock, timeout, [&] { return is_full() && !closed_; })) {
      if (has(Fault::destroys_refused) && !Timeout::waits) std::destroy_at(&value);
      return Status::timeout;
    }
    if (closed_) return Status::closed;
    if constexpr (has(Fault::takes_minus_one_for_empty) && std::is_same_v<T, int>) {
      if (value == -1) return Status::done;
    }
    const bool was_empty = size() == 0;
    change(not_full_, [&] {
      if (has(Fault::counts_before_moving)) {
        slot(tail_++).put(std::move(value));
      } else if (has(Fault::shows_it_too_early)) {
        Slot& last = slot(tail_++);
        lock.unlock();
        last.put(std::move(value));
        lock.lock();
      } else {
        slot(tail_).put(std::move(value));
        ++tail_;
      }
    });
    const bool forgets = has(Fault::consumers_not_woken) ||
                         (has(Fault::wakes_on_first_only) && !was_empty) ||
                         (has(Fault::try_push_wakes_nobody) && !Timeout::waits);
    if (!forgets) not_empty_.notify_one();
    return Status::done;
  }

  template <class Timeout>
  Status pop_with(std::optional<T>& out, const Timeout& timeout) {
    static thread_local const void* ended = nullptr;
    if (has(Fault::knows_ends_by_address) && ended == this) return Status::closed;
    const std::optional<Lock> turn = turn_of(timeout, pop_turns_);
    Lock lock(mutex_);
    if (!wait(not_empty_, lock, timeout, [&] { return size() == 0 && !closed_; }))
      return Status::timeout;
    if (has_ended()) {
      ended = this;
      return Status::closed;
    }
    const bool was_full = size() == capacity_;
    change(not_empty_, [&] {
      if (has(Fault::last_in_first_out)) {
        slot(tail_ - 1).take(out);
        --tail_;
      } else if (has(Fault::leaves_the_lock_too_early)) {
        Slot& first = slot(head_++);
        lock.unlock();
        first.take(out);
        lock.lock();
      } else {
        slot(head_).take(out);
        ++head_;
      }
    });
    if (has(Fault::keeps_what_was_taken)) {
      kept_.emplace(std::move(*out));
      out.emplace(std::move(*kept_));
    }
    if (head_ - freed_ >= 16) freed_ = head_;
    if (has(Fault::end_is_for_waiting_pops) && closed_ && size() == 0 && Timeout::waits)
      not_empty_.notify_all();
    const bool forgets = has(Fault::producers_not_woken) ||
                         (has(Fault::pop_into_wakes_if_full) &&
                          std::is_same_v<Timeout, WaitForeverInto> && !was_full) ||
                         (has(Fault::try_pop_wakes_nobody) && !Timeout::waits);
    if (!forgets) not_full_.notify_one();
    return Status::done;
  }

  const std::size_t capacity_;
  const std::size_t slot_count_;
  const std::unique_ptr<std::byte[]> bytes_;
  Slot* slots_;
  mutable typename Sync::mutex mutex_{"mutex"};
  typename Sync::mutex push_turns_{"push_turns"};
  typename Sync::mutex pop_turns_{"pop_turns"};
  Signal not_full_{"not_full"};
  Signal not_empty_{"not_empty"};
  typename Sync::condition_variable late_{"late"};  ///< for the fault that has room for few
  std::uint64_t head_;
  std::uint64_t tail_;
  std::uint64_t freed_;    ///< up to here, for the fault that frees in batches
  std::optional<T> kept_;  ///< for the fault that keeps what was taken
  bool closed_ = false;
};

}  // namespace bq::test
