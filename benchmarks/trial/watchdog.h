// Ends the process when a trial stops making progress or will never end, and reports where.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "benchmarks/trial/trial.h"

namespace bq::bench {

/// Decides whether a trial hangs, from looks at its workers at intervals.
class HangCheck {
 public:
  using Steady = std::chrono::steady_clock;

  explicit HangCheck(std::chrono::milliseconds time_limit) : time_limit_(time_limit) {}

  /// The sentence for the results if there was no progress for the time limit, or if the trial
  /// cannot end.
  std::optional<std::string> check(const TrialPlan& plan, std::span<const WorkerStatus> workers,
                                   Steady::time_point now);
  /// The trial is over.
  void reset() { workers_seen_ = nullptr; }

 private:
  const std::chrono::milliseconds time_limit_;
  const void* workers_seen_ = nullptr;
  std::uint64_t progress_ = 0;
  Steady::time_point since_;
};

/// One a process. Threads in a hung queue cannot be joined, so the process must end: `report` gets
/// the sentence for the results, and then the process exits with `exit_code`, without destructors.
class Watchdog {
 public:
  using Report = std::function<void(const std::string& sentence)>;

  Watchdog(std::chrono::milliseconds time_limit, int exit_code, Report report);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Watches one thing while it lives.
  class Guard {
   public:
    /// Watches the workers of a trial: they must make progress.
    Guard(Watchdog& watchdog, const TrialPlan& plan, std::span<const WorkerStatus> workers);
    /// Watches a measurement: it must end within the time limit.
    explicit Guard(Watchdog& watchdog);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Watchdog& watchdog_;
  };

 private:
  void run(const std::stop_token& stop);

  const std::chrono::milliseconds time_limit_;
  const int exit_code_;
  const Report report_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  const TrialPlan* plan_ = nullptr;
  std::span<const WorkerStatus> workers_;
  std::optional<HangCheck::Steady::time_point> deadline_;
  std::jthread thread_;
};

}  // namespace bq::bench
