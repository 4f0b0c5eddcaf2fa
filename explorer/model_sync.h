// ModelSync: the synchronisation policy (see queues/sync.h) whose primitives are models. The
// explorer runs a queue's own source over it. Each operation is a step of the execution. Where the
// real primitive may behave in more than one way, the model makes a choice.
//
//   mutex               lock waits. unlock is no decision of its own: a thread that could run just
//                       before it could run just after it as well
//   condition_variable  releasing the mutex and falling asleep are one step; a signal wakes any
//                       sleeper; spurious wake-ups
//   semaphore           counts permits; any waiter may get one
//   atomic              every memory order; compare_exchange_weak may fail spuriously; in weak mode
//                       a load may return any value that C++20 allows, except what is listed below
//   futex, atomic::wait compare with the newest value and fall asleep in one step; who was woken
//                       does not report a time-out, even if it runs after its deadline
//   slot                no step: the queue's protocol must order the accesses to it. Overwriting a
//                       message, taking from an empty slot, and data races are failures.
//                       (Messages elsewhere: model_message.h)
//   fences              as sync.h promises them, and no stronger: a heavy and a light one order,
//                       two light ones do not
//   now                 virtual time. It passes when a timed wait ends, or at any reading of the
//                       clock, but never beyond the deadline of a call in progress
//   relax, yield        the thread continues when an object that it has read has changed
//
// Weak mode follows the operational reading of the C++20 model with vector clocks: a load returns
// the newest store that happens before it, or any later one in the modification order. The model is
// stronger than C++20 in three ways. The modification order is the order of execution (no load
// buffering: a value is never read before it is written). Sequentially consistent operations take
// effect in the order of execution. Read-modify-writes and failed compare-exchanges see the newest
// value (the latter need not).
#pragma once

#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <string>

#include "explorer/execution.h"
#include "explorer/model_atomic.h"
#include "explorer/model_locks.h"
#include "explorer/model_sleepers.h"
#include "explorer/model_slot.h"
#include "queues/bounded_queue.h"

namespace bq::explorer {

struct ModelSync {
  using mutex = ModelMutex;
  using condition_variable = ModelConditionVariable;
  using semaphore = ModelSemaphore;
  using posix_semaphore = ModelSemaphore;
  template <class T>
  using atomic = ModelAtomic<T>;
  template <class T>
  using slot = ModelSlot<T>;

  static void futex_wait(const atomic<std::uint32_t>& word, std::uint32_t expected) {
    sleep_at_futex(word, expected, detail::no_deadline);
  }
  static bool futex_wait_until(const atomic<std::uint32_t>& word, std::uint32_t expected,
                               Deadline deadline) {
    return sleep_at_futex(word, expected, detail::instant(deadline));
  }
  static void futex_wake(atomic<std::uint32_t>& word, int count = INT_MAX) {
    word.wake("futex_wake", static_cast<std::size_t>(count));
  }

  static void fence_light() {
    Execution& run = detail::run();
    run.step("fence_light", run.fences(), false);
    join(run.known().visible, run.heavy_fences);
    join(run.light_fences, run.known().visible);
    run.note_read(run.fences());  // the order of light fences among themselves does not matter
  }
  static void fence_heavy() {
    Execution& run = detail::run();
    run.step("fence_heavy", run.fences());
    join(run.known(), run.acquired());
    join(run.known().visible, run.light_fences);
    join(run.known().visible, run.heavy_fences);
    join(run.known().visible, run.total_order);
    run.heavy_fences = run.total_order = run.known().visible;
    run.released() = run.known();
    std::uint64_t met = 0;
    for (const std::uint32_t steps : run.light_fences) met = met * 1'000'003 + steps;
    run.note_write(run.fences(), met);
  }
  /// std::atomic_thread_fence.
  static void fence(std::memory_order order) {
    Execution& run = detail::run();
    run.step("fence", run.fences());
    if (detail::is_acquire(order)) join(run.known(), run.acquired());
    if (order == std::memory_order_seq_cst) {
      join(run.known().visible, run.total_order);
      run.total_order = run.known().visible;
    }
    if (detail::is_release(order)) run.released() = run.known();
    run.note_write(run.fences());
  }

  static void relax() { detail::run().spin("relax"); }
  static void yield() { detail::run().spin("yield"); }

  static Deadline now() {
    Execution& run = detail::run();
    const std::int64_t deadline = run.horizon();
    if (deadline != never && deadline > run.now && run.choose(2, 1) == 1) {
      run.remark([] { return "finds that the deadline has passed"; });
      run.pass_time_until(deadline);
    }
    run.note_read(run.time());
    return Deadline(std::chrono::nanoseconds(run.now));
  }

  // Short, so that the explorer reaches the sleeps.
  static constexpr unsigned spin_limit = 1;
  static constexpr unsigned yield_limit = 1;

  static void event(const char* text) {
    detail::run().remark([text] { return std::string(text); });
  }

 private:
  static bool sleep_at_futex(const atomic<std::uint32_t>& word, std::uint32_t expected,
                             std::int64_t deadline) {
    auto& self = const_cast<atomic<std::uint32_t>&>(word);
    detail::run().step("futex_wait", self);
    detail::run().note_write(self);
    if (self.stores_.back().value != expected) {
      detail::run().trace([] { return ": the value has changed"; });
      return true;
    }
    return self.sleepers_.sleep("sleep at", self, deadline);
  }
};

}  // namespace bq::explorer
