#include "benchmarks/trial/trial_environment.h"

#include "benchmarks/platform/clock.h"
#include "benchmarks/scenario/rules.h"
#include "benchmarks/trial/placement.h"

namespace bq::bench {

TrialEnvironment::TrialEnvironment(const Point& point) : cores_(core_count(point)) {
  if (point.cpu_quota_pct) quota_.emplace(point.quota_cores(cores_));
  if (point.neighbour == Neighbour::idle_priority) background_load_.emplace(point);
  begin_ = now_ticks();
}

void TrialEnvironment::end() {
  if (quota_) {
    const double core_ns = ns_between(begin_, now_ticks()) * static_cast<double>(cores_);
    throttled_share_ = quota_->throttled_ns() / core_ns;
    quota_->leave();
  }
  if (background_load_) background_load_->stop();
}

std::optional<std::string> unavailable_reason(const Point& point) {
  if (const std::size_t most = max_threads_per_core * core_count(point); point.threads() > most) {
    return "has " + std::to_string(point.threads()) + " threads, more than " +
           std::to_string(max_threads_per_core) + " for each core that it may use here (" +
           std::to_string(most) + " in all): fewer producers and consumers, or more cores";
  }
  if (point.cpu_quota_pct) {
    if (auto reason = no_quota_reason(point.quota_cores(core_count(point)))) return reason;
  }
  return point.neighbour == Neighbour::idle_priority ? no_background_load_reason() : std::nullopt;
}

}  // namespace bq::bench
