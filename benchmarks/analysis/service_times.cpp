#include "benchmarks/analysis/service_times.h"

#include <algorithm>
#include <utility>

#include "benchmarks/analysis/role_metrics.h"

namespace bq::bench {

WorkTimes<ServiceTimes> work_times(const TrialPlan& plan, const TrialMessages& messages) {
  const std::size_t producers = plan.point.producers;
  const std::size_t each = plan.messages_per_producer;
  WorkTimes<ServiceTimes> times;
  auto& [realised, nominal, planned] = times;
  for (ServiceTimes* part : {&realised, &nominal, &planned}) {
    part->produce.assign(producers, std::vector<float>(each));
    part->consume.assign(producers, std::vector<float>(each));
  }
  realised.arrive = plan.demands.arrivals_ns;
  const Point& point = plan.point;
  const StepCosts& step_costs = plan.demands.step_costs;
  const bool produces = point.producer.kind != WorkKind::none;
  const bool consumes = point.consumer.kind != WorkKind::none;
  for (std::size_t p = 0; p < producers; ++p) {
    for (std::size_t i = 0; i < each; ++i) {
      const MessageTimes& message = messages.of(plan, p, i);
      const Ticks before = i == 0 ? message.push_call : messages.of(plan, p, i - 1).push_done;
      realised.produce[p][i] = static_cast<float>(ns_between(before, message.push_call));
      if (produces) {
        nominal.produce[p][i] = static_cast<float>(
            nominal_ns(point.producer, plan.demands.producer[p][i], step_costs.producer_ns));
      }
      if (consumes) {
        nominal.consume[p][i] = static_cast<float>(
            nominal_ns(point.consumer, plan.demands.consumer[p][i], step_costs.consumer_ns));
      }
      // A dropped message has no realised work: it counts as it was drawn.
      realised.consume[p][i] =
          message.dropped ? nominal.consume[p][i]
                          : static_cast<float>(ns_between(message.pop_done, message.work_done));
      const auto with_preemption = [](float took, float drawn) {
        return drawn + preempted_ns(took, drawn);
      };
      planned.produce[p][i] = with_preemption(realised.produce[p][i], nominal.produce[p][i]);
      planned.consume[p][i] = with_preemption(realised.consume[p][i], nominal.consume[p][i]);
    }
  }
  return times;
}

InitialState state_at(Ticks t, const TrialPlan& plan, const TrialMessages& messages) {
  InitialState state;
  const std::size_t each = plan.messages_per_producer;
  std::vector<std::pair<Ticks, InitialState::Waiting>> waiting;
  state.consumer_free_ns.assign(plan.point.consumers, 0);
  for (std::uint32_t p = 0; p < plan.point.producers; ++p) {
    std::size_t i = 0;
    for (; i < each && entered_by(messages.of(plan, p, i), t); ++i) {
      const MessageTimes& message = messages.of(plan, p, i);
      if (message.pop_done > t) {
        waiting.push_back({message.push_done, {p, i}});
      } else if (message.work_done > t) {
        state.consumer_free_ns[message.consumer] = ns_between(t, message.work_done);
      }
    }
    const Ticks call = i < each ? messages.of(plan, p, i).push_call : t;
    state.producers.push_back({i, call > t ? ns_between(t, call) : 0});
  }
  std::sort(waiting.begin(), waiting.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& entry : waiting) state.waiting.push_back(entry.second);
  return state;
}

InitialState state_at_start(const ServiceTimes& times, std::size_t consumers) {
  InitialState state;
  state.consumer_free_ns.assign(consumers, 0);
  for (std::size_t p = 0; p < times.arrive.size(); ++p) {
    const double pause_ns = times.pause.empty() ? 0 : double{times.pause[p].front()};
    state.producers.push_back({0, times.arrive[p].front() + pause_ns});
  }
  return state;
}

}  // namespace bq::bench
