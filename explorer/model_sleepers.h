// Threads asleep at a model object: what condition variables, futexes and atomic waits share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "explorer/execution.h"
#include "queues/bounded_queue.h"

namespace bq::explorer::detail {

inline Execution& run() {
  return Execution::current();
}

inline constexpr std::int64_t no_deadline = never;
inline std::int64_t instant(Deadline deadline) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count();
}

/// What a timed sleep says that was ended by a wake-up after its deadline.
enum class LateWakeUp : std::uint8_t {
  is_a_wake_up,     ///< of a futex: the kernel reports a time-out only to who was not woken
  may_be_a_timeout  ///< of a condition variable
};

/// Threads asleep at an object.
class Sleepers {
 public:
  /// False: the deadline has passed.
  bool sleep(const char* what, Object& at, std::int64_t deadline = no_deadline,
             LateWakeUp late = LateWakeUp::is_a_wake_up) {
    if (run().is_over()) throw Abandoned();
    bool is_woken = false;
    const bool is_spurious = run().choose(2, 1) == 1;
    if (is_spurious) run().trace([] { return " (will wake spuriously)"; });
    asleep_.push_back(&is_woken);
    if (deadline == no_deadline) run().forget_polls();
    run().note_write(at, is_spurious);
    const Leave leave{asleep_, &is_woken};
    const bool is_timed = deadline != no_deadline;
    run().step(
        what, at,
        [&] {
          if (is_woken || is_spurious || deadline <= run().now) return Readiness::yes;
          return is_timed ? Readiness::late : Readiness::no;
        },
        true, deadline);
    if (run().is_over()) throw Abandoned();
    bool in_time = is_woken || is_spurious;
    if (is_timed) {
      run().note_read(run().time());
      // Time has passed during a sleep that ends for no reason. A wait must not begin anew then.
      if (is_spurious && !is_woken) run().pass_time_until(run().half_way_to(deadline));
      const bool may_be_late = late == LateWakeUp::may_be_a_timeout &&
                               (deadline <= run().now || deadline <= run().horizon());
      if (in_time && may_be_late && run().choose(2, 1) == 1) in_time = false;
    }
    run().note_write(at, in_time ? 1 : 2);
    if (!in_time) {
      run().pass_time_until(deadline);
      if (run().call_of(run().running()).deadline == never) run().note_poll();
    }
    return in_time;
  }
  void wake(Object& at, std::size_t count) {
    for (; count > 0 && !asleep_.empty(); --count) {
      const int all = static_cast<int>(asleep_.size());
      const int picked = count >= asleep_.size() ? 0 : run().choose(all, all);
      *asleep_[picked] = true;
      asleep_.erase(asleep_.begin() + picked);
      run().note_write(at, static_cast<std::uint64_t>(picked));
    }
  }
  bool nobody() const { return asleep_.empty(); }

 private:
  struct Leave {
    std::vector<bool*>& asleep;
    bool* self;
    ~Leave() { std::erase(asleep, self); }
  };
  std::vector<bool*> asleep_;
};

}  // namespace bq::explorer::detail
