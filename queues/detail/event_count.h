// An event count: threads sleep until something has changed. A thread that makes a change pays one
// load while nobody sleeps.
//
// A waiter that finds nothing to do enlists, checks once more, and only then sleeps. A waker makes
// its change first and then looks for sleepers. So either the waker sees the enlisted waiter, or
// the waiter's second check sees the change.
//
// A wake-up is a *grant*: permission for one enlisted thread to check again. The waker moves one
// thread from the asleep to the granted. Further changes, made while that thread is still returning
// from the kernel, cost no system call. A thread that consumes a wake-up without making progress
// must wake another waiter.
//
// Source:   D. Vyukov, "Eventcounts", 2008 (and earlier D. Reed, R. Kanodia, CACM 22(2), 1979).
//           Unlike Vyukov's, it counts outstanding wake-ups, like semaphore permits.
// Progress: waking is lock-free; at most 65535 threads may be enlisted at once.
// Ordering: both sides put a fence between their write and their read (Dekker's pattern): a light
//           one in the waker, and the matching heavy one in the waiter (sync.h). Thread sanitizers
//           do not understand fences; no plain data depends on these, so they report nothing.
#pragma once

#include <algorithm>
#include <cstdint>

#include "queues/sync.h"

namespace bq {

template <class Sync>
class EventCount {
 public:
  explicit EventCount(const char* name) : state_(0, name) {}

  /// Whether any thread waits for a grant. Call it after the change that it might wait for, and
  /// after a fence.
  bool anybody_asleep() const {
    return (state_.load(std::memory_order_relaxed) & asleep_mask) != 0;
  }

  /// After a change: wakes one thread, if any sleeps.
  void wake_one() {
    Sync::fence_light();
    if (anybody_asleep()) grant(1);
  }
  void wake_all() {
    Sync::fence_light();
    if (anybody_asleep()) grant(asleep_mask);
  }

  /// Announces that the caller is about to sleep. It must check again, and then call sleep() or
  /// retire().
  void enlist() {
    state_.fetch_add(one_asleep, std::memory_order_relaxed);
    Sync::fence_heavy();
  }
  /// Withdraws the announcement. True if that consumed a grant.
  bool retire() {
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    // The waiters are interchangeable: take one off those asleep. If nobody is asleep, the caller
    // has been granted.
    while (!state_.compare_exchange_weak(
        state, state - ((state & asleep_mask) != 0 ? one_asleep : one_grant),
        std::memory_order_acq_rel, std::memory_order_relaxed)) {
    }
    return (state & asleep_mask) == 0;
  }
  /// Sleeps until granted, or until the timeout ends. True if it consumed a grant.
  bool sleep(const auto& timeout) {
    for (std::uint32_t state = state_.load(std::memory_order_relaxed);;) {
      if (state >= one_grant) {
        if (state_.compare_exchange_weak(state, state - one_grant, std::memory_order_acq_rel,
                                         std::memory_order_relaxed)) {
          return true;
        }
      } else if (timeout.template park<Sync>(state_, state)) {
        state = state_.load(std::memory_order_relaxed);
      } else {
        return retire();
      }
    }
  }

 private:
  // The futex word: the number of threads that are asleep (or about to be) without a grant, and the
  // number of grants that nobody has consumed yet. Their sum is the number of enlisted threads.
  static constexpr std::uint32_t one_asleep = 1;
  static constexpr std::uint32_t asleep_mask = 0xffff;
  static constexpr std::uint32_t one_grant = asleep_mask + 1;

  void grant(std::uint32_t most) {
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    std::uint32_t count;
    do {
      count = std::min(most, state & asleep_mask);
      if (count == 0) return;
    } while (!state_.compare_exchange_weak(state, state - count * one_asleep + count * one_grant,
                                           std::memory_order_acq_rel, std::memory_order_relaxed));
    Sync::futex_wake(state_, static_cast<int>(count));
  }

  alignas(cache_line_bytes) typename Sync::template atomic<std::uint32_t> state_;
};

}  // namespace bq
