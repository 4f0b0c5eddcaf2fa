// The ideal pipeline: between each two stages a queue that costs nothing, delivers at once and
// holds at most K messages. A stage takes a message once that message is in the queue before it and
// the stage has passed the previous one on. When it is done with a message and the queue behind it
// is full, it keeps the message and waits (blocking after service). With stages 0..n and their
// realised service times,
//   start_k[i] = max(enter_{k-1}[i], enter_k[i-1])
//     (stage k takes message i; the first one finds it at once)
//   enter_k[i] = max(start_k[i] + service_k[i], start_{k+1}[i-K])
//     (and has it in the queue behind it)
// where the last stage's enter is the end of its work. For n = 1 this is the recursion of
// ideal_queue.h.
#pragma once

#include <cstddef>
#include <vector>

namespace bq::bench {

/// Service times in ns, [stage][sequence].
using StageTimes = std::vector<std::vector<float>>;

/// Where a stage is when the window opens; times are counted from there. By default nothing has
/// begun.
struct StageState {
  std::size_t taken = 0;    ///< messages that the stage has taken
  std::size_t entered = 0;  ///< messages that it has passed on: one less, or as many
  double ready_ns = 0;      ///< when its work on the message at hand ends
};

struct PipelineReplay {
  std::vector<double> ready_ns;  ///< [sequence]: the first stage had it ready to push
  /// [sequence]: the last stage took it; 0 for what was before the window
  std::vector<double> depart_ns;
};

/// Replays all messages from the states on. `capacity` may be unbounded_capacity; `handoff_ns` as
/// in ideal_queue.h.
PipelineReplay replay_pipeline(const StageTimes& service, const std::vector<StageState>& states,
                               std::size_t capacity, double handoff_ns = 0);

}  // namespace bq::bench
