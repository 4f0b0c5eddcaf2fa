// Where a test steps into a queue: before and after each primitive of a queue over HookedSync
// (tests/contract/hooked_sync.h), and within each move and each destruction of a test message
// (messages.h), which needs no policy.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "queues/sync.h"

namespace bq::checking {

/// Steps into the calling thread at these points, while an object of this class is on its stack.
class Hook {
 public:
  Hook() { current() = this; }
  virtual ~Hook() { current() = nullptr; }
  Hook(const Hook&) = delete;
  Hook& operator=(const Hook&) = delete;

  enum class Place { primitive, message };
  static void point(Place place = Place::primitive) {
    if (Hook* hook = current()) hook->at_point(place);
  }
  /// How many mutexes of HookedSync the thread has locked.
  static int& locks() {
    thread_local int count = 0;
    return count;
  }
  /// Whether the waits of this thread end early, as if woken for no reason.
  static bool wakes_for_no_reason() {
    const Hook* hook = current();
    return hook != nullptr && hook->ends_waits();
  }

 protected:
  virtual void at_point(Place /*place*/) {}
  virtual bool ends_waits() const { return false; }

 private:
  static Hook*& current() {
    thread_local Hook* hook = nullptr;
    return hook;
  }
};

/// Delays at random: mostly not at all, sometimes for a few instructions, a turn of the scheduler
/// or a short sleep. The schedules that a race needs become likely.
class RandomDelays : public Hook {
 public:
  explicit RandomDelays(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}

 private:
  void at_point(Place /*place*/) override {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    if (state_ % 1024 == 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    } else if (state_ % 64 == 0) {
      std::this_thread::yield();
    } else if (state_ % 8 == 0) {
      for (std::uint64_t i = state_ >> 8 & 127; i > 0; --i) StdSync::relax();
    }
  }
  std::uint64_t state_;
};

/// Stops the thread at its n-th point, counted from 0, until it is released.
class StallAt : public Hook {
 public:
  /// For another thread to look at and to release.
  struct Gate {
    std::atomic<bool> stalled{false};
    std::atomic<bool> released{false};
    /// Whether others may have to wait for a lock of the thread. Valid once it is stalled.
    bool may_hold_a_lock = false;
  };
  StallAt(int point, Gate& gate) : points_left_(point), gate_(gate) {}

 private:
  void at_point(Place place) override {
    if (points_left_-- != 0) return;
    gate_.may_hold_a_lock = place == Place::message || locks() > 0;
    gate_.stalled.store(true);
    gate_.stalled.notify_all();
    gate_.released.wait(false);
  }
  int points_left_;
  Gate& gate_;
};

/// Ends each wait of the thread after a moment, as if woken for no reason. Counts these wake-ups.
class SpuriousWakeUps : public Hook {
 public:
  explicit SpuriousWakeUps(std::atomic<int>& count) : count_(count) {}

 private:
  bool ends_waits() const override {
    ++count_;
    return true;
  }
  std::atomic<int>& count_;
};

}  // namespace bq::checking
