#include "benchmarks/analysis/chain_times.h"

#include <algorithm>

#include "benchmarks/analysis/role_metrics.h"

namespace bq::bench {

Ticks ChainTimestamps::work_begins(std::size_t stage, std::size_t i) const {
  if (stage > 0) return pop(stage, i).done;
  if (i == 0) return push(0, 0).call;  // the begin of the first message's work is not known
  return point_.topology == Topology::ping_pong ? pop(0, i - 1).done : push(0, i - 1).done;
}

Ticks ChainTimestamps::work_ends(std::size_t stage, std::size_t i) const {
  if (pushes(stage)) return push(stage, i).call;
  return i + 1 < popped(stage).messages ? pop(stage, i + 1).call : popped(stage).end_call;
}

WorkTimes<StageTimes> work_times(const TrialPlan& plan, const ChainTimestamps& timestamps) {
  WorkTimes<StageTimes> times;
  auto& [realised, nominal, planned] = times;
  for (std::size_t k = 0; k < plan.point.threads(); ++k) {
    const Work& work = plan.point.work_of(k);
    const DemandStream& demand = plan.demands.of_stage(plan.point, k);
    const double step_ns = plan.demands.step_costs.of_stage(plan.point, k);
    for (StageTimes* part : {&realised, &nominal, &planned})
      part->emplace_back(plan.messages_per_producer, 0.0f);
    for (std::size_t i = 0; i < plan.messages_per_producer; ++i) {
      realised[k][i] =
          static_cast<float>(ns_between(timestamps.work_begins(k, i), timestamps.work_ends(k, i)));
      if (work.kind != WorkKind::none) {
        nominal[k][i] = static_cast<float>(nominal_ns(work, demand[i], step_ns));
      }
      planned[k][i] = nominal[k][i] + preempted_ns(realised[k][i], nominal[k][i]);
    }
  }
  return times;
}

std::vector<StageState> stage_states_at(Ticks t, const TrialPlan& plan,
                                        const ChainTimestamps& timestamps) {
  const std::size_t messages = plan.messages_per_producer;
  std::vector<StageState> states(plan.point.threads());
  // What the next stage has taken has entered, even if the push has not returned.
  std::size_t taken_behind = 0;
  for (std::size_t k = states.size(); k-- > 0;) {
    const auto passed = [&](auto&& when) {
      std::size_t low = 0;
      for (std::size_t high = messages; low < high;) {
        const std::size_t middle = low + (high - low) / 2;
        if (when(middle) <= t) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    };
    StageState& state = states[k];
    state.entered = std::max(taken_behind, passed([&](std::size_t i) {
                               return timestamps.pushes(k) ? timestamps.push(k, i).done
                                                           : timestamps.work_ends(k, i);
                             }));
    state.taken = std::min(messages, state.entered + 1);  // the first stage always has one in hand
    if (k > 0) state.taken = passed([&](std::size_t i) { return timestamps.pop(k, i).done; });
    taken_behind = state.taken;
    if (state.taken > state.entered) {
      state.ready_ns = std::max(0.0, ns_between(t, timestamps.work_ends(k, state.entered)));
    }
  }
  return states;
}

}  // namespace bq::bench
