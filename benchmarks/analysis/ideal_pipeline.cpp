#include "benchmarks/analysis/ideal_pipeline.h"

#include <algorithm>
#include <utility>

namespace bq::bench {

PipelineReplay replay_pipeline(const StageTimes& service, const std::vector<StageState>& states,
                               std::size_t capacity, double handoff_ns) {
  const std::size_t stages = service.size();
  const std::size_t messages = service[0].size();
  PipelineReplay result{std::vector<double>(messages, 0), {}};
  std::vector<std::vector<double>> start(stages, std::vector<double>(messages, 0));
  std::vector<double> enter(stages, 0);  // of the message before
  for (std::size_t i = 0; i < messages; ++i) {
    for (std::size_t k = 0; k < stages; ++k) {
      const StageState& past = states[k];
      if (i < past.entered) continue;
      double ready = past.ready_ns;
      if (i >= past.taken) {
        start[k][i] = k == 0 ? enter[0] : std::max(enter[k - 1] + handoff_ns, enter[k]);
        ready = start[k][i] + service[k][i];
      }
      if (k == 0) result.ready_ns[i] = ready;
      const bool may_be_full = k + 1 < stages && i >= capacity;
      enter[k] = may_be_full ? std::max(ready, start[k + 1][i - capacity] + handoff_ns) : ready;
    }
  }
  result.depart_ns = std::move(start.back());
  return result;
}

}  // namespace bq::bench
