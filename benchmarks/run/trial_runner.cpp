#include "benchmarks/run/trial_runner.h"

#include <cmath>
#include <vector>

#include "benchmarks/analysis/chain_analysis.h"
#include "benchmarks/analysis/environment_metrics.h"
#include "benchmarks/analysis/queue_analysis.h"
#include "benchmarks/trial/capacities.h"
#include "benchmarks/trial/placement.h"
#include "benchmarks/trial/trial_environment.h"

namespace bq::bench {

namespace {

void add_extra_work(double ns, const Work& work, double step_ns,
                    std::vector<DemandStream>& streams) {
  const auto extra = static_cast<std::uint32_t>(std::llround(ns / unit_ns(work, step_ns)));
  for (DemandStream& stream : streams) {
    for (std::uint32_t& demand : stream) demand += extra;
  }
}

}  // namespace

TrialResult TrialRunner::run(const TrialRequest& request) {
  const Point& point = request.point;
  const Traits& traits = request.queue.traits;
  const auto [messages_per_producer, warmup_per_producer] = request.size;
  draw_demands(point, request.seed, request.round, request.step_costs, messages_per_producer,
               demands_);
  if (const double ns = request.extra_work_ns; ns > 0) {
    add_extra_work(ns, point.producer, request.step_costs.producer_ns, demands_.producer);
    add_extra_work(ns, point.consumer, request.step_costs.consumer_ns, demands_.consumer);
  }
  const TrialPlan plan{point,
                       request.level,
                       warmup_per_producer,
                       messages_per_producer,
                       demands_,
                       traits.bound != Bound::none,
                       request.counts_syscalls,
                       request.core_order};
  TrialEnvironment environment(point);
  try {
    if (point.is_chain()) {
      request.queue.loops.chain(plan, chain_record_, watchdog_);
    } else {
      request.queue.loops.for_point(point)(plan, record_, watchdog_);
    }
  } catch (const CannotBeMade& error) {  // before any thread started
    TrialResult result;
    result.fault = refused_capacity(nearest_capacity(traits, point.capacity).value(), error.what());
    return result;
  }
  environment.end();
  const std::size_t cores = core_count(point);
  TrialResult result = point.is_chain()
                           ? analyse_chain(plan, chain_record_, traits, request.handoff_ns, cores)
                           : analyse_queue(plan, record_, traits, request.handoff_ns, cores);
  add_environment_metrics(environment, request.step_costs.spin_ns, result);
  return result;
}

}  // namespace bq::bench
