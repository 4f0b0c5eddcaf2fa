// From the record of a trial of one queue to its verdict and its numbers.
#pragma once

#include <cstddef>
#include <optional>

#include "benchmarks/analysis/result.h"
#include "benchmarks/trial/trial.h"

namespace bq::bench {

/// Verifies the trial, then analyses it. `handoff_ns`: one-way transfer of a cache line, for the
/// floor; absent on one core. `cores`: how many the point's threads share.
TrialResult analyse_queue(const TrialPlan& plan, const TrialRecord& record, const Traits& traits,
                          std::optional<double> handoff_ns, std::size_t cores);

}  // namespace bq::bench
