// Waiting policies: how a thread waits for storage that cannot wait by itself. blocking_queue.h
// combines the two.
//
//   policy         waits by                         while it waits
//   Spin           checking again, for ever         burns its core
//   SpinYield      a short spin, then yields        burns an otherwise idle core
//   Park           sleeping at once                 costs nothing; waking is a system call
//   SpinPark       a short spin, then sleeping
//   SpinYieldPark  a short spin, a few yields, then sleeping
//   AtomicWait     std::atomic::wait at once        depends on the standard library
//
// A policy object serves the waiters of one side of one queue. All offer:
//   await(ready, attempt, timeout)  Repeats `attempt` until it is done or closed, or the timeout
//                                   ends; returns its last outcome. An attempt does not throw.
//                                   `ready` is a cheap hint whether an attempt is worth while. It
//                                   may be wrongly false only until the thread that makes it true
//                                   has called wake_one(), or if another thread calls wake_one()
//                                   after `ready` began: whom that wakes checks again.
//   wake_one(), wake_all()          To be called after the change that the waiters wait for.
//   wake_another(ready)             To be called after an attempt of the same side was done, and
//                                   after the other side's wake_one(), whose fence serves both.
//                                   Wakes one more waiter if `ready`.
//
// Why wake_another: a waiter that is woken for a change may be unable to use it. Of two messages in
// a ring, the second may be complete while the first is still being written. The consumer that was
// woken finds the first one missing and sleeps again; when the first one is complete, one consumer
// is woken, for two messages. So a thread that takes one checks for the next. Otherwise the second
// wake-up would be lost, a bug found in more than one ring with an event count around it.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "queues/detail/blocking_calls.h"
#include "queues/detail/event_count.h"

namespace bq {

namespace detail {

inline bool is_decided(Status status) {
  return status == Status::done || status == Status::closed;
}

/// How long a waiter spins: `briefly` is for Sync::spin_limit rounds.
enum class Spinning : std::uint8_t { not_at_all, briefly, for_ever };

/// Yields of a waiter that never sleeps.
inline constexpr unsigned yields_for_ever = std::numeric_limits<unsigned>::max();

/// What a waiter does between two checks: first some rounds of relax, then some yields.
template <class Sync, Spinning spinning, unsigned yields>
class Pause {
 public:
  /// False once it is time to sleep.
  bool operator()() {
    if (spinning == Spinning::for_ever || round_ < relaxes_) {
      Sync::relax();
    } else if (yields > 0 && round_ - relaxes_ < yields) {
      Sync::yield();
    } else {
      return false;
    }
    if (spinning != Spinning::for_ever && (yields != yields_for_ever || round_ < relaxes_))
      ++round_;
    return true;
  }

 private:
  // Read once a wait: a program may set another limit while threads wait.
  const unsigned relaxes_ = spinning == Spinning::briefly ? unsigned{Sync::spin_limit} : 0;
  unsigned round_ = 0;
};

/// Attempts whenever `ready`, until an attempt decides, the timeout ends, or `pause` returns false
/// (then Status::busy).
Status attempt_with_pauses(auto& pause, const auto& ready, const auto& attempt,
                           const auto& timeout) {
  do {
    const bool last_look = !timeout.has_time_left();
    if (last_look || ready()) {
      const Status status = attempt();
      if (last_look || is_decided(status)) return status;
    }
  } while (pause());
  return Status::busy;
}

/// Never sleeps, so that no waiter needs to be woken.
template <class Sync, Spinning spinning, unsigned yields>
class Polling {
 public:
  static constexpr Timed timed = Timed::yes;

  explicit Polling(const char* /*name*/) {}
  Status await(const auto& ready, const auto& attempt, const auto& timeout) {
    Pause<Sync, spinning, yields> pause;
    return attempt_with_pauses(pause, ready, attempt, timeout);
  }
  void wake_one() {}
  void wake_all() {}
  void wake_another(const auto& /*ready*/) {}
};

/// Sleeps on an event count after a while.
template <class Sync, Spinning spinning, unsigned yields>
class Parking {
 public:
  static constexpr Timed timed = Timed::yes;

  explicit Parking(const char* name) : changes_(name) {}
  Status await(const auto& ready, const auto& attempt, const auto& timeout) {
    for (bool granted = false;;) {
      Pause<Sync, spinning, yields> pause;
      while (timeout.has_time_left() && pause()) {
        if (!ready()) continue;
        const Status status = attempt();
        if (is_decided(status)) return status;
      }
      if (!timeout.has_time_left()) {
        const Status status = attempt();
        if (granted && !is_decided(status)) changes_.wake_one();  // pass the grant on
        return status;
      }
      changes_.enlist();
      const Status status = attempt();
      if (is_decided(status)) {
        changes_.retire();
        return status;
      }
      granted = changes_.sleep(timeout);
    }
  }
  void wake_one() { changes_.wake_one(); }
  void wake_all() { changes_.wake_all(); }
  void wake_another(const auto& ready) {
    if (changes_.anybody_asleep() && ready()) changes_.wake_one();
  }

 private:
  EventCount<Sync> changes_;
};

}  // namespace detail

template <class Sync>
struct Spin : detail::Polling<Sync, detail::Spinning::for_ever, 0> {
  static constexpr std::string_view label = "spin";
  using Spin::Polling::Polling;
};

template <class Sync>
struct SpinYield : detail::Polling<Sync, detail::Spinning::briefly, detail::yields_for_ever> {
  static constexpr std::string_view label = "spin, then yield";
  using SpinYield::Polling::Polling;
};

template <class Sync>
struct Park : detail::Parking<Sync, detail::Spinning::not_at_all, 0> {
  static constexpr std::string_view label = "park";
  using Park::Parking::Parking;
};

template <class Sync>
struct SpinPark : detail::Parking<Sync, detail::Spinning::briefly, 0> {
  static constexpr std::string_view label = "spin, then park";
  using SpinPark::Parking::Parking;
};

template <class Sync>
struct SpinYieldPark : detail::Parking<Sync, detail::Spinning::briefly, Sync::yield_limit> {
  static constexpr std::string_view label = "spin, yield, park";
  using SpinYieldPark::Parking::Parking;
};

/// What a program writes that leaves waiting to the standard library: a count of changes, with
/// notify_all after each. C++20 has no timed std::atomic::wait.
template <class Sync>
class AtomicWait {
 public:
  static constexpr std::string_view label = "std::atomic::wait";
  static constexpr Timed timed = Timed::none;

  explicit AtomicWait(const char* name) : changes_(0, name) {}
  Status await(const auto& /*ready*/, const auto& attempt, const auto& /*timeout*/) {
    for (;;) {
      const std::uint32_t seen = changes_.load(std::memory_order_acquire);
      const Status status = attempt();
      if (detail::is_decided(status)) return status;
      changes_.wait(seen, std::memory_order_relaxed);
    }
  }
  void wake_one() { wake_all(); }
  void wake_all() {
    changes_.fetch_add(1, std::memory_order_release);
    changes_.notify_all();
  }
  void wake_another(const auto& /*ready*/) {}

 private:
  alignas(cache_line_bytes) typename Sync::template atomic<std::uint32_t> changes_;
};

}  // namespace bq
