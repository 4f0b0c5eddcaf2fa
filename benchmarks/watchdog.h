// Notices a trial that has stopped making progress, or that will never end, says where, and ends the process.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "benchmarks/trial.h"

namespace bq::bench {

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
