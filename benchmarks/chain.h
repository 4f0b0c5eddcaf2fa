// From the stamps of a chain of queues, a pipeline or a ping-pong, to its verdict and its numbers.
//
// The ideal pipeline: between each two stages a queue that costs nothing, delivers at once and holds at most K messages.
// A stage takes a message once that is in the queue before it and the stage has got rid of the one before; when it is done
// with it and the queue behind it is full, it keeps it and waits (blocking after service). With stages 0..n and their
// realised service times,
//   start_k[i] = max(enter_{k-1}[i], enter_k[i-1])          stage k takes message i; the first one finds it at once
//   enter_k[i] = max(start_k[i] + service_k[i], start_{k+1}[i-K])      and has it in the queue behind it
// where the last stage's enter is the end of its work. For n = 1 this is the recursion of ideal.h.
//
// The ideal ping-pong delivers at once: a round trip takes as long as the server works.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "benchmarks/measurement.h"
#include "benchmarks/trial.h"

namespace bq::bench {

/// Service times in ns, [stage][sequence].
using StageTimes = std::vector<std::vector<float>>;

/// Where a window opens, for each stage; times are counted from there. By default nobody has begun.
struct StageOpening {
  std::size_t taken = 0;    ///< messages it has taken
  std::size_t entered = 0;  ///< and got rid of: one less, or as many
  double ready_ns = 0;      ///< when its work on the one in hand ends
};

struct PipelineReplay {
  std::vector<double> ready_ns;   ///< [sequence]: the first stage had it ready to push
  std::vector<double> depart_ns;  ///< [sequence]: the last stage took it; 0 for what was before the opening
};

/// Replays all messages from the opening on. `capacity` may be unbounded_capacity; `handoff_ns` as in ideal.h.
PipelineReplay replay_pipeline(const StageTimes& service, const std::vector<StageOpening>& opening,
                               std::size_t capacity, double handoff_ns = 0);

/// Parameters as of measure(). A fault says in which of the queues it showed.
Measurement measure_chain(const TrialPlan& plan, const ChainRecord& record, const Traits& traits,
                          std::optional<double> handoff_ns, std::size_t cores);

}  // namespace bq::bench
