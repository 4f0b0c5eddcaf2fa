// What the queue's waiting leaves to others: a victim thread on each core that runs only where nothing else wants to.
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

/// How far a steady worker had come at which time. Its memory is all there from the start: a thread that hardly ever
/// runs must never be stopped while it holds a lock of the allocator or of the address space.
class WorkLog {
 public:
  WorkLog() { entries_.reserve(most_entries); }

  /// `steps` in all by now; ascending, as `now` is. Dropped if the last entry is too recent.
  void add(Ticks now, std::uint64_t steps) {
    if (!entries_.empty() && ns_between(entries_.back().when, now) < least_ns_) return;
    if (entries_.size() == most_entries) thin_out();
    entries_.push_back({now, steps});
  }
  /// Steps at a time, in proportion between two entries.
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

/// Victims on the cores that a point's threads use (on all allowed ones with Placement::free), from construction to
/// stop(): bound, under SCHED_IDLE, always busy with the spin work. To be used by one thread.
class BackgroundLoad {
 public:
  /// Returns when all of them are idle threads. Throws std::system_error where that cannot be had.
  explicit BackgroundLoad(const Point& point);
  ~BackgroundLoad() { stop(); }
  BackgroundLoad(const BackgroundLoad&) = delete;
  BackgroundLoad& operator=(const BackgroundLoad&) = delete;

  void stop();
  std::size_t count() const { return victims_.size(); }
  /// Of all victims. Requires stop().
  double steps_between(Ticks from, Ticks to) const;

 private:
  struct alignas(64) Victim {
    int core = 0;
    WorkLog log;
    std::jthread thread;
  };
  void run(Victim& victim, const std::stop_token& stop);

  std::latch ready_;
  std::atomic<int> trouble_{0};                   ///< errno of a victim that could not become one
  std::vector<std::unique_ptr<Victim>> victims_;  ///< the first to go: they use the rest
};

/// Why there can be no neighbours, in words; absent if there can.
std::optional<std::string> no_background_load_reason();

/// Shares of the cores' time in a window, of what victims got and of what an ideal queue would have left to them.
struct BackgroundLoadShares {
  double work = 0;  ///< what the victims got, of all there is
  std::optional<double>
      lost;  ///< what they did not get, of all that the work left; absent where it left next to nothing
};
/// All in nanoseconds; `cores_ns`: the window on every core; `work_ns`: CPU of the messages' own spin work in it.
BackgroundLoadShares background_load_shares(double victims_ns, double cores_ns, double work_ns);

}  // namespace bq::bench
