// The timestamps of a chain of queues by thread and message, and what follows from them for the
// replay.
#pragma once

#include <cstddef>
#include <vector>

#include "benchmarks/analysis/ideal_pipeline.h"
#include "benchmarks/analysis/service_times.h"
#include "benchmarks/trial/trial.h"

namespace bq::bench {

/// Keeps references to the plan and the record of a verified trial.
class ChainTimestamps {
 public:
  ChainTimestamps(const TrialPlan& plan, const ChainRecord& record)
      : point_(plan.point), record_(record) {}

  bool pushes(std::size_t stage) const { return stage < record_.queues.size(); }
  const PushStamp& push(std::size_t stage, std::size_t i) const {
    return record_.queues[stage].producers[0].stamps[i];
  }
  /// Of the client of a ping-pong: the replies.
  const PopStamp& pop(std::size_t stage, std::size_t i) const { return popped(stage).stamps[i]; }

  Ticks work_begins(std::size_t stage, std::size_t i) const;
  Ticks work_ends(std::size_t stage, std::size_t i) const;

 private:
  const ConsumerRecord& popped(std::size_t stage) const {
    return record_.queues[(stage == 0 ? record_.queues.size() : stage) - 1].consumers[0];
  }
  const Point& point_;
  const ChainRecord& record_;
};

WorkTimes<StageTimes> work_times(const TrialPlan& plan, const ChainTimestamps& timestamps);

/// The state of each stage at time t.
std::vector<StageState> stage_states_at(Ticks t, const TrialPlan& plan,
                                        const ChainTimestamps& timestamps);

}  // namespace bq::bench
