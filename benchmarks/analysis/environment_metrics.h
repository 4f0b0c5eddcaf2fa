// Counters of what a trial's environment did: throttling by a quota, the background load's share.
#pragma once

#include "benchmarks/analysis/result.h"
#include "benchmarks/trial/trial_environment.h"

namespace bq::bench {

/// Adds the environment's counters to the result of its trial, if that has numbers.
/// `spin_step_ns`: of a step of spin work, by the block's calibration. After environment.end().
void add_environment_metrics(const TrialEnvironment& environment, double spin_step_ns,
                             TrialResult& out);

}  // namespace bq::bench
