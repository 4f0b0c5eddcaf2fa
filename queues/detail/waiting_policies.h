// How a thread waits for a queue that cannot wait by itself: the policies that blocking_queue.h puts on storage.
//
//   policy         waits by                                         while it waits
//   Spin           looking again, for ever                          burns its core
//   SpinYield      a short spin, then giving the core away          burns its core if nobody else wants it
//   Park           sleeping at once                                 costs nothing; each wake-up is a system call
//   SpinPark       a short spin, then sleeping
//   SpinYieldPark  a short spin, a few yields, then sleeping
//   AtomicWait     std::atomic::wait at once                        as the standard library likes
//
// A policy object stands for the waiters of one side of one queue. All offer:
//   await(hopeful, attempt, patience)  Repeats `attempt` until it is done or closed, or patience ends; returns its last
//                                      outcome. An attempt does not throw. `hopeful` is a cheap look for whether one
//                                      is worth while; it may be wrongly false only until whoever makes it true has
//                                      called wake_one().
//   wake_one(), wake_all()             To be called after the change that the waiters wait for.
//   wake_another(hopeful)              To be called after an attempt of one's own side was done, and after the other
//                                      side's wake_one(), whose fence serves both: wakes one more waiter if there is
//                                      still something for it.
// Why wake_another: a waiter that is woken for a change can find it out of reach. Of two messages in a ring, the second
// may be complete while the first still has to be written: its consumer is woken, finds the first missing, and sleeps
// again; the first one's wake-up brings one consumer, for two messages. So whoever takes one looks for the next.
// Otherwise the wake-up would be lost, a bug found in more than one ring with an event count around it.
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

/// What a waiter does between two looks: some rounds of relax, then some yields, then no more.
template <class Sync, unsigned relaxes, unsigned yields>
class Pause {
 public:
  static constexpr unsigned for_ever = std::numeric_limits<unsigned>::max();

  /// False once it is time to sleep.
  bool operator()() {
    if (round_ < relaxes) {
      Sync::relax();
    } else if (yields > 0 && round_ - relaxes < yields) {
      Sync::yield();
    } else {
      return false;
    }
    if (relaxes != for_ever && (yields != for_ever || round_ < relaxes)) ++round_;
    return true;
  }

 private:
  unsigned round_ = 0;
};

/// Attempts whatever looks hopeful until an attempt decides, patience ends, or `pause` says so (then Status::busy).
Status attempt_with_pauses(auto& pause, const auto& hopeful, const auto& attempt, const auto& patience) {
  do {
    const bool last_look = !patience.lasts();
    if (last_look || hopeful()) {
      const Status status = attempt();
      if (last_look || is_decided(status)) return status;
    }
  } while (pause());
  return Status::busy;
}

/// Never sleeps, so nobody needs to be woken.
template <class Sync, unsigned relaxes, unsigned yields>
class Polling {
 public:
  static constexpr Timed timed = Timed::yes;

  explicit Polling(const char* /*name*/) {}
  Status await(const auto& hopeful, const auto& attempt, const auto& patience) {
    Pause<Sync, relaxes, yields> pause;
    return attempt_with_pauses(pause, hopeful, attempt, patience);
  }
  void wake_one() {}
  void wake_all() {}
  void wake_another(const auto& /*hopeful*/) {}
};

/// Sleeps on an event count after a while.
template <class Sync, unsigned relaxes, unsigned yields>
class Parking {
 public:
  static constexpr Timed timed = Timed::yes;

  explicit Parking(const char* name) : changes_(name) {}
  Status await(const auto& hopeful, const auto& attempt, const auto& patience) {
    for (bool granted = false;;) {
      Pause<Sync, relaxes, yields> pause;
      while (patience.lasts() && pause()) {
        if (!hopeful()) continue;
        const Status status = attempt();
        if (is_decided(status)) return status;
      }
      if (!patience.lasts()) {
        const Status status = attempt();
        if (granted && !is_decided(status)) changes_.wake_one();  // its grant is for somebody who stays
        return status;
      }
      changes_.enlist();
      const Status status = attempt();
      if (is_decided(status)) {
        changes_.retire();
        return status;
      }
      granted = changes_.sleep(patience);
    }
  }
  void wake_one() { changes_.wake_one(); }
  void wake_all() { changes_.wake_all(); }
  void wake_another(const auto& hopeful) {
    if (changes_.anybody_asleep() && hopeful()) changes_.wake_one();
  }

 private:
  EventCount<Sync> changes_;
};

}  // namespace detail

template <class Sync>
struct Spin : detail::Polling<Sync, detail::Pause<Sync, 0, 0>::for_ever, 0> {
  static constexpr std::string_view label = "spin";
  using Spin::Polling::Polling;
};

template <class Sync>
struct SpinYield : detail::Polling<Sync, Sync::spin_limit, detail::Pause<Sync, 0, 0>::for_ever> {
  static constexpr std::string_view label = "spin, then yield";
  using SpinYield::Polling::Polling;
};

template <class Sync>
struct Park : detail::Parking<Sync, 0, 0> {
  static constexpr std::string_view label = "park";
  using Park::Parking::Parking;
};

template <class Sync>
struct SpinPark : detail::Parking<Sync, Sync::spin_limit, 0> {
  static constexpr std::string_view label = "spin, then park";
  using SpinPark::Parking::Parking;
};

template <class Sync>
struct SpinYieldPark : detail::Parking<Sync, Sync::spin_limit, Sync::yield_limit> {
  static constexpr std::string_view label = "spin, yield, park";
  using SpinYieldPark::Parking::Parking;
};

/// What a program writes that leaves waiting to the standard library: a count of changes, and everybody is notified of
/// each. It has no timed wait in C++20.
template <class Sync>
class AtomicWait {
 public:
  static constexpr std::string_view label = "std::atomic::wait";
  static constexpr Timed timed = Timed::none;

  explicit AtomicWait(const char* name) : changes_(0, name) {}
  Status await(const auto& /*hopeful*/, const auto& attempt, const auto& /*patience*/) {
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
  void wake_another(const auto& /*hopeful*/) {}

 private:
  alignas(cache_line_bytes) typename Sync::template atomic<std::uint32_t> changes_;
};

}  // namespace bq
