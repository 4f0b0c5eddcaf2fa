// What a point puts around each of its trials: neighbours that take what the queue leaves, a quota that holds it back.
// Nothing, for most points.
#pragma once

#include <optional>
#include <string>

#include "benchmarks/cgroup.h"
#include "benchmarks/measurement.h"
#include "benchmarks/neighbours.h"
#include "benchmarks/point.h"

namespace bq::bench {

/// Around one trial, from construction to end().
class Surroundings {
 public:
  /// Throws std::runtime_error where they cannot be had (any more).
  explicit Surroundings(const Point& point);

  /// To be called as soon as the trial's threads are joined.
  void end();
  /// Adds what was seen to the measurement of that trial, if it has numbers. `ns_per_step`: the block's. After end().
  void add_counters(double ns_per_step, Measurement& out) const;

 private:
  std::size_t cores_;
  std::optional<CpuQuota> quota_;
  std::optional<Neighbours> neighbours_;
  Ticks begin_;
  double throttled_share_ = 0;
};

/// Why this machine cannot have a point's surroundings, in words; absent if it can.
std::optional<std::string> unavailable_reason(const Point& point);

}  // namespace bq::bench
