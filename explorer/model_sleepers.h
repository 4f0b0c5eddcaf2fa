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

inline constexpr std::int64_t no_deadline = INT64_MAX;
inline std::int64_t instant(Deadline deadline) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count();
}

/// Threads asleep at an object.
class Sleepers {
 public:
  /// False: the deadline has passed.
  bool sleep(const char* what, Object& at, std::int64_t deadline = no_deadline) {
    bool is_woken = false;
    const bool is_spurious = run().choose(2, 1) == 1;
    if (is_spurious) run().trace([] { return " (will wake spuriously)"; });
    asleep_.push_back(&is_woken);
    run().note_write(at, is_spurious);
    ++run().sleeps();
    const Leave leave{asleep_, &is_woken};
    Readiness readiness = run().step(what, at, [&] {
      if (is_woken || is_spurious) return Readiness::yes;
      return deadline != no_deadline ? Readiness::late : Readiness::no;
    });
    // Woken, but after the deadline.
    if (readiness == Readiness::yes && deadline != no_deadline && run().choose(2, 1) == 1)
      readiness = Readiness::late;
    run().note_write(at, static_cast<std::uint64_t>(readiness));
    if (readiness == Readiness::late) run().pass_time_until(deadline);
    return readiness == Readiness::yes;
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
