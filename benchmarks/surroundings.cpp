#include "benchmarks/surroundings.h"

#include "benchmarks/clock.h"
#include "benchmarks/machine.h"

namespace bq::bench {

Surroundings::Surroundings(const Point& point) : cores_(core_count(point)) {
  if (point.cpu_quota_pct) quota_.emplace(point.quota_cores(cores_));
  if (point.neighbour == Neighbour::idle_priority) neighbours_.emplace(point);
  begin_ = now_ticks();
}

void Surroundings::end() {
  if (quota_) {
    throttled_share_ = quota_->throttled_ns() / (ns_between(begin_, now_ticks()) * static_cast<double>(cores_));
    quota_->leave();
  }
  if (neighbours_) neighbours_->stop();
}

void Surroundings::add_counters(double ns_per_step, Measurement& out) const {
  if (out.messages == 0 || out.window_ns <= 0) return;
  if (quota_) out.counters.emplace_back("throttled_share", throttled_share_);
  if (neighbours_) {
    const NeighbourShares shares =
        neighbour_shares(neighbours_->steps_between(out.window_open, out.window_close) * ns_per_step,
                         out.window_ns * static_cast<double>(neighbours_->count()), out.spin_work_ns);
    out.counters.emplace_back("neighbour_work_share", shares.work);
    if (shares.lost) out.counters.emplace_back("neighbour_lost_share", *shares.lost);
  }
}

std::optional<std::string> unavailable_reason(const Point& point) {
  if (point.cpu_quota_pct) {
    if (auto reason = no_quota_reason(point.quota_cores(core_count(point)))) return reason;
  }
  return point.neighbour == Neighbour::idle_priority ? no_neighbours_reason() : std::nullopt;
}

}  // namespace bq::bench
