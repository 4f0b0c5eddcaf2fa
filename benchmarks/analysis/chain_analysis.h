// From the record of a chain of queues, a pipeline or a ping-pong, to its verdict and its numbers.
//
// The ideal pipeline is that of ideal_pipeline.h. The ideal ping-pong delivers at once: a round
// trip takes as long as the server works.
#pragma once

#include <cstddef>
#include <optional>

#include "benchmarks/analysis/result.h"
#include "benchmarks/trial/trial.h"

namespace bq::bench {

/// Parameters as of analyse_queue(). A fault names the queue in which it showed.
TrialResult analyse_chain(const TrialPlan& plan, const ChainRecord& record, const Traits& traits,
                          std::optional<double> handoff_ns, std::size_t cores);

}  // namespace bq::bench
