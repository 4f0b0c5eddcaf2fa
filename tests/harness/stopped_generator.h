// What a stop of the generator does to a trial, without waiting for the machine to stop it: the
// stamps of a trial are replayed with a stop.
//
// Every thread does for each message what it did in the trial, and takes as long:
//   push_call[i] = max(arrival[i], push_done[i-1]) + pause[i]; the stop is part of one pause
//   push_done[i] = push_call[i] + push[i]
//   pop_call[i]  = pop_done[i-1] + work[i-1]
//   pop_done[i]  = pop_call[i] <= push_call[i] ? push_call[i] + wait : pop_call[i] + take
//
// A hand-off depends on what the consumer does when the message comes, and the stop changes that.
// So hand-offs are not those of the same message. `wait` (the consumer is inside pop, perhaps
// asleep) and `take` (the message lies in the queue already) are two lists of the trial's own
// delays. Each message takes the next one of its list; a list that ends starts over.
//
// A queue has room for a message once the pop of the one `capacity` before it returned. A push that
// finds no room waits for it and then lasts as long as it did after its room came, or it drops its
// message. It never pays for a wake-up that it did not pay for in the trial. A message that was
// dropped and now enters has the work that was drawn for it.
#pragma once

#include <cstddef>

#include "benchmarks/trial/trial.h"

namespace bq::bench::test {

struct GeneratorStop {
  std::size_t message;  ///< before the push of which the generator, free to push it, stops
  double length_ns;
};

/// The record of the same trial with a stop: an open loop, timestamped, with one producer and one
/// consumer on cores of their own. Resource usage stays as it was. Throws std::invalid_argument for
/// a trial with a fault and for a message that did not arrive inside the window.
TrialRecord with_stopped_generator(const TrialPlan& plan, const TrialRecord& record,
                                   const GeneratorStop& stop);

}  // namespace bq::bench::test
