// An event count: threads sleep until something has changed, and who changes it pays one load while nobody sleeps.
//
// A waiter that has looked in vain enlists, looks once more, and only then sleeps; a waker makes its change first and
// then looks for sleepers. Either the waker sees the enlisted waiter, or the waiter's second look sees the change.
//
// A wake-up is a *grant*: permission for one enlisted thread to look again. The waker moves one thread from the asleep
// to the granted, so that further changes, made while the first thread is still on its way out of the kernel, cost no
// system call. Who is granted a look and leaves without what it came for must wake another one.
//
// Source:   the idea is Dmitry Vyukov's, "Eventcounts", 2008 (and, older, D. Reed, R. Kanodia, CACM 22(2), 1979).
//           Counting grants as a semaphore counts permits is what it has of its own.
// Progress: waking is lock-free; at most 65535 threads may be enlisted at once.
// Ordering: both sides put a fence between their write and their read (Dekker's pattern), the waker a light one, the
//           waiter the heavy one that goes with it (sync.h). Thread sanitizers do not know fences; no plain data
//           depends on these, so they have nothing to say.
#pragma once

#include <algorithm>
#include <cstdint>

#include "queues/sync.h"

namespace bq {

template <class Sync>
class EventCount {
 public:
  explicit EventCount(const char* name) : state_(0, name) {}

  /// Whether any thread waits for a grant. To be asked after the change it might wait for, and a fence.
  bool anybody_asleep() const { return (state_.load(std::memory_order_relaxed) & asleep_mask) != 0; }

  /// After a change: wakes one thread, if any sleeps.
  void wake_one() {
    Sync::fence_light();
    if (anybody_asleep()) grant(1);
  }
  void wake_all() {
    Sync::fence_light();
    if (anybody_asleep()) grant(asleep_mask);
  }

  /// Announces that the caller is about to sleep. It must look again afterwards, and then sleep() or retire().
  void enlist() {
    state_.fetch_add(one_asleep, std::memory_order_relaxed);
    Sync::fence_heavy();
  }
  /// Withdraws the announcement. True if that used up a grant.
  bool retire() {
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    // Whoever is asleep stands for the caller as well as any; if nobody is, a grant was meant for it.
    while (!state_.compare_exchange_weak(state, state - ((state & asleep_mask) != 0 ? one_asleep : one_grant),
                                         std::memory_order_acq_rel, std::memory_order_relaxed)) {
    }
    return (state & asleep_mask) == 0;
  }
  /// Sleeps until granted a look, or for as long as the patience lasts. True if it used up a grant.
  bool sleep(const auto& patience) {
    for (std::uint32_t state = state_.load(std::memory_order_relaxed);;) {
      if (state >= one_grant) {
        if (state_.compare_exchange_weak(state, state - one_grant, std::memory_order_acq_rel,
                                         std::memory_order_relaxed)) {
          return true;
        }
      } else if (patience.template park<Sync>(state_, state)) {
        state = state_.load(std::memory_order_relaxed);
      } else {
        return retire();
      }
    }
  }

 private:
  // The futex word: how many are asleep (or about to be) without a grant, and how many grants nobody has taken yet.
  // Their sum is the number of enlisted threads.
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
