// Resource usage of the threads of a trial of one queue, by role, over the intervals that the
// threads took it over (from warm to done).
#pragma once

#include "benchmarks/analysis/role_metrics.h"
#include "benchmarks/trial/trial.h"

namespace bq::bench {

RoleUsage producer_usage(const TrialPlan& plan, const TrialRecord& record);
RoleUsage consumer_usage(const TrialRecord& record);

/// CPU time that producers spent reading the clock until arrivals, ns. At most their whole CPU
/// time: a preempted producer used less than the time that passed.
double clock_wait_cpu_ns(const TrialRecord& record);

}  // namespace bq::bench
