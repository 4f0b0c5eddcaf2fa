// Numbers of an untimed trial: throughput, fairness and resource usage.
#pragma once

#include "benchmarks/analysis/result.h"
#include "benchmarks/trial/trial.h"

namespace bq::bench {

/// Of a verified trial.
void analyse_untimed(const TrialPlan& plan, const TrialRecord& record, TrialResult& out);

/// The void reason of a trial whose window is empty or too short.
inline constexpr const char* short_window =
    "one producer was done before, or hardly after, every thread was warm";

}  // namespace bq::bench
