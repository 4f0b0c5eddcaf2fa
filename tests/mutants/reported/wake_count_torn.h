// Whoever changes the queue adds one to the number that waiters sleep on, in two steps: a read and
// a write. Of two such additions at once, the later write can bring back the number that a waiter
// has just seen. It falls asleep beside a message.
//
// Source: after llvm/llvm-project#201615, the count of a futex that was incremented without an
// atomic operation. The ring does not synchronise through Sync, so that the explorer has fewer
// schedules.
#pragma once

#include <cstdint>
#include <string_view>

#include "queues/mpmc_ring.h"

namespace bq::test::reported {

template <class Sync, bool is_faulty>
class TornCount {
 public:
  static constexpr std::string_view label = "std::atomic::wait";
  static constexpr Timed timed = Timed::none;

  explicit TornCount(const char* name) : changes_(0, name) {}
  Status await(const auto& /*ready*/, const auto& attempt, const auto& /*timeout*/) {
    for (;;) {
      const std::uint32_t seen = changes_.load(std::memory_order_acquire);
      const Status status = attempt();
      if (bq::detail::is_decided(status)) return status;
      changes_.wait(seen, std::memory_order_relaxed);
    }
  }
  void wake_one() { wake_all(); }
  void wake_all() {
    if constexpr (is_faulty) {
      changes_.store(changes_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    } else {
      changes_.fetch_add(1, std::memory_order_release);
    }
    changes_.notify_all();
  }
  void wake_another(const auto& /*ready*/) {}

 private:
  typename Sync::template atomic<std::uint32_t> changes_;
};

template <class T, class Sync = StdSync, bool is_faulty = true>
using WakeCountTorn = BlockingQueue<T, MpmcRing<T, StdSync>, TornCount<Sync, is_faulty>, Sync>;

}  // namespace bq::test::reported
