// One trial from its request to its result: draws the work, sets up the environment, runs the
// measured loop, analyses the record.
#pragma once

#include <cstdint>
#include <optional>

#include "benchmarks/analysis/result.h"
#include "benchmarks/registry/queue_registry.h"
#include "benchmarks/run/trial_size.h"
#include "benchmarks/trial/trial.h"
#include "benchmarks/trial/watchdog.h"

namespace bq::bench {

struct TrialRequest {
  const Point& point;
  const QueueEntry& queue;
  Level level;
  TrialSize size;
  std::uint64_t seed = 1;
  std::uint64_t round = 0;
  StepCosts step_costs = {};                        ///< of the block's calibration
  std::optional<double> handoff_ns = std::nullopt;  ///< of the block
  bool counts_syscalls = false;                     ///< which makes them slower
  double extra_work_ns = 0;                         ///< added to each message's work, on both sides
  CoreOrder core_order = CoreOrder::ascending;
};

/// Keeps the memory of the records warm between trials. Not thread-safe.
class TrialRunner {
 public:
  explicit TrialRunner(Watchdog& watchdog) : watchdog_(watchdog) {}

  /// A queue that refuses the point's capacity has a fault. A trial that hangs never returns: the
  /// watchdog ends the process. Throws ResourceError where the environment cannot be set up.
  TrialResult run(const TrialRequest& request);

 private:
  Watchdog& watchdog_;
  TrialRecord record_;
  ChainRecord chain_record_;
  Demands demands_;
};

}  // namespace bq::bench
