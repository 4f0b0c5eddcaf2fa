// How long the work of each message took, and how long it was drawn to take: the input of the
// ideal queue's replay.
#pragma once

#include <cstdint>
#include <vector>

#include "benchmarks/analysis/ideal_queue.h"
#include "benchmarks/analysis/verification.h"
#include "benchmarks/trial/trial.h"

namespace bq::bench {

/// The same work in three ways. `Times`: ServiceTimes of a queue, StageTimes of a chain; ns.
///
/// Where threads share cores, a realised service time contains the turns of other threads. There
/// only the nominal times are work, and both replays take those.
template <class Times>
struct WorkTimes {
  Times realised;               ///< as it took
  Times nominal;                ///< as it was drawn
  Times nominal_and_preempted;  ///< as it was drawn, plus the preemptions

  const Times& for_ideal(bool cores_shared) const { return cores_shared ? nominal : realised; }
  const Times& for_nominal(bool cores_shared) const {
    return cores_shared ? nominal : nominal_and_preempted;
  }
};

/// Of a timestamped trial of one queue.
WorkTimes<ServiceTimes> work_times(const TrialPlan& plan, const TrialMessages& messages);

/// Whether a message has entered the queue at time t.
inline bool entered_by(const MessageTimes& message, Ticks t) {
  return message.push_done <= t || message.pop_done <= t;
}

/// The state of a trial at time t: what is inside, and when each thread is ready next.
InitialState state_at(Ticks t, const TrialPlan& plan, const TrialMessages& messages);

/// Open loop: the state at the start of the trial, with all threads free and no message arrived.
/// Each producer has at least one message.
InitialState state_at_start(const ServiceTimes& times, std::size_t consumers);

}  // namespace bq::bench
