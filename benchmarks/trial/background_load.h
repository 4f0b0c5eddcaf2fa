// A background load: on each core a thread of idle priority, which runs only while no other thread
// wants the core. It shows how much of the cores the waiting of a queue leaves to others.
#pragma once

#include <atomic>
#include <cstdint>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "benchmarks/platform/clock.h"
#include "benchmarks/scenario/point.h"

namespace bq::bench {

/// The progress of a steady worker over time. All memory is allocated at construction: a thread
/// that hardly ever runs must never be preempted while it holds a lock of the allocator or of the
/// address space.
class WorkLog {
 public:
  WorkLog() { entries_.reserve(most_entries); }

  /// `steps`: total at time `now`. Both ascend. Ignored if the last entry is too recent.
  void add(Ticks now, std::uint64_t steps) {
    if (!entries_.empty() && ns_between(entries_.back().when, now) < least_ns_) return;
    if (entries_.size() == most_entries) thin_out();
    entries_.push_back({now, steps});
  }
  /// Total at a time, interpolated linearly between two entries.
  double at(Ticks when) const;
  double between(Ticks from, Ticks to) const { return at(to) - at(from); }

 private:
  static constexpr std::size_t most_entries = 4096;
  struct Entry {
    Ticks when;
    std::uint64_t steps;
  };
  void thin_out();

  double least_ns_ = 100'000;
  std::vector<Entry> entries_;
};

/// One thread for each core that a point's threads use (each allowed core with Placement::free),
/// from construction to stop(). The threads are bound, run under SCHED_IDLE, and always spin. Not
/// thread-safe.
class BackgroundLoad {
 public:
  /// Returns when all threads have idle priority. Throws std::system_error if the kernel refuses
  /// it.
  explicit BackgroundLoad(const Point& point);
  ~BackgroundLoad() { stop(); }
  BackgroundLoad(const BackgroundLoad&) = delete;
  BackgroundLoad& operator=(const BackgroundLoad&) = delete;

  void stop();
  std::size_t count() const { return threads_.size(); }
  /// Spin steps of all threads. Requires stop().
  double steps_between(Ticks from, Ticks to) const;

 private:
  struct alignas(64) IdleThread {
    int core = 0;
    WorkLog log;
    std::jthread thread;
  };
  void run(IdleThread& thread, const std::stop_token& stop);

  std::latch ready_;
  /// Errno of a thread that could not get idle priority.
  std::atomic<int> error_{0};
  /// Last, so destroyed first: they use the other members.
  std::vector<std::unique_ptr<IdleThread>> threads_;
};

/// Why this machine cannot run a background load, in words; absent if it can.
std::optional<std::string> no_background_load_reason();

/// Shares of the cores' time in a window.
struct BackgroundLoadShares {
  double work = 0;  ///< share that the background load got
  /// Share of the time left over by the messages' own work that the background load did not get.
  /// Absent where less than 2 % was left over.
  std::optional<double> lost;
};
/// All in nanoseconds; `load_ns`: CPU time of the background load; `cores_ns`: the window times the
/// cores; `work_ns`: CPU time of the messages' own work in the window.
BackgroundLoadShares background_load_shares(double load_ns, double cores_ns, double work_ns);

}  // namespace bq::bench
