// Notices a trial that has stopped making progress, or that will never end, says where, and ends the process.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "benchmarks/trial.h"

namespace bq::bench {

/// Decides from what the workers of a trial show, looked at now and then, whether it hangs.
class HangCheck {
 public:
  using Steady = std::chrono::steady_clock;

  explicit HangCheck(std::chrono::milliseconds patience) : patience_(patience) {}

  /// The sentence for the results if there was no progress for the patience, or if there is no end to it.
  std::optional<std::string> look(const TrialPlan& plan, std::span<const WorkerStatus> workers, Steady::time_point now);
  /// The trial is over.
  void forget() { watched_ = nullptr; }

 private:
  const std::chrono::milliseconds patience_;
  const void* watched_ = nullptr;
  std::uint64_t progress_ = 0;
  Steady::time_point since_;
};

/// One a process. A hung queue's threads cannot be joined, so the process ends: `report` gets the sentence that goes
/// into the results, and then the process exits with `exit_code`, without destructors.
class Watchdog {
 public:
  using Report = std::function<void(const std::string& what)>;

  Watchdog(std::chrono::milliseconds patience, int exit_code, Report report);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Watches the workers of a trial while it lives.
  class Guard {
   public:
    Guard(Watchdog& watchdog, const TrialPlan& plan, std::span<const WorkerStatus> workers);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Watchdog& watchdog_;
  };

 private:
  void run(const std::stop_token& stop);

  const std::chrono::milliseconds patience_;
  const int exit_code_;
  const Report report_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  const TrialPlan* plan_ = nullptr;
  std::span<const WorkerStatus> workers_;
  std::jthread thread_;
};

}  // namespace bq::bench
