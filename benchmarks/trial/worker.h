// What one thread does for each message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "benchmarks/scenario/point.h"
#include "benchmarks/trial/workload.h"
#include "queues/sync.h"

namespace bq::bench {

/// In each step, three random number generators (xorshift, Marsaglia, 2003) go on by one number.
/// None waits for another, so a core executes about four instructions in each cycle, and a thread
/// on the other half of the core takes units that they would use.
inline void wide_steps(std::uint32_t steps) noexcept {
  std::uint64_t a = 1, b = 2, c = 3;
  // In an ordinary register each: in one vector they would be one chain again.
  const auto keep_apart = [&] { asm volatile("" : "+r"(a), "+r"(b), "+r"(c)); };
  for (; steps != 0; --steps) {
    a ^= a << 13, b ^= b << 13, c ^= c << 13;
    keep_apart();
    a ^= a >> 7, b ^= b >> 7, c ^= c >> 7;
    keep_apart();
    a ^= a << 17, b ^= b << 17, c ^= c << 17;
    keep_apart();
  }
}

/// Memory of one thread, which walks it in a cycle through all its cache lines. The order is
/// random, so that no prefetcher knows the next line, and the same in each trial. A step loads a
/// line and stores to it: while the set fits a cache, the line is there.
class WorkingSet {
 public:
  struct alignas(cache_line_bytes) Line {
    Line* next;
    std::uint64_t visits;
  };

  /// Takes the memory, touches it, and walks it once, so that it lies in the caches as it will
  /// between two messages. To be called by the thread that will walk: on a machine with several
  /// memories the pages then lie in its own. `bytes`: a multiple of 64; 0: no memory. Ends the
  /// process where the memory cannot be had: other threads wait for this one.
  explicit WorkingSet(std::size_t bytes);
  ~WorkingSet();
  WorkingSet(const WorkingSet&) = delete;
  WorkingSet& operator=(const WorkingSet&) = delete;

  void walk(std::uint32_t steps) noexcept {
    Line* at = at_;
    for (; steps != 0; --steps) {
      ++at->visits;
      at = at->next;
    }
    at_ = at;
  }
  std::span<const Line> lines() const { return lines_; }

 private:
  std::span<Line> lines_;
  Line* at_ = nullptr;
};

/// To be made by the thread that works, before anything is timed. Not thread-safe.
class Worker {
 public:
  explicit Worker(const Work& work) : kind_(work.kind), set_(work.working_set_bytes) {}

  /// `demand`: steps, or nanoseconds of sleep.
  void operator()(std::uint32_t demand) noexcept {
    switch (kind_) {
      case WorkKind::none:
        return;
      case WorkKind::spin:
        spin_steps(demand);
        return;
      case WorkKind::wide:
        return wide_steps(demand);
      case WorkKind::memory:
        return set_.walk(demand);
      case WorkKind::sleep:
        return sleep_ns(demand);
    }
  }

 private:
  WorkKind kind_;
  WorkingSet set_;
};

}  // namespace bq::bench
