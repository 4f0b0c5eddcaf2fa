// What a point sets up around each of its trials: a background load on the cores, a CPU quota.
// Neither, for most points.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "benchmarks/platform/cgroup.h"
#include "benchmarks/platform/clock.h"
#include "benchmarks/scenario/point.h"
#include "benchmarks/trial/background_load.h"

namespace bq::bench {

/// Around one trial, from construction to end(): includes the start of the threads, the capacity
/// probe and the warm-up. Not thread-safe.
class TrialEnvironment {
 public:
  /// Throws ResourceError where the environment cannot be set up (any more).
  explicit TrialEnvironment(const Point& point);

  /// To be called as soon as the trial's threads are joined.
  void end();

  /// Share of the used cores' time for which the kernel throttled the trial; absent without a
  /// quota. After end().
  std::optional<double> throttled_share() const { return throttled_share_; }
  /// Nullptr without one. After end().
  const BackgroundLoad* background_load() const {
    return background_load_ ? &*background_load_ : nullptr;
  }

 private:
  std::size_t cores_;
  std::optional<CpuQuota> quota_;
  std::optional<BackgroundLoad> background_load_;
  Ticks begin_;
  std::optional<double> throttled_share_;
};

/// Why this machine cannot provide a point's environment, enough cores for its threads among it, in
/// words; absent if it can.
std::optional<std::string> unavailable_reason(const Point& point);

}  // namespace bq::bench
