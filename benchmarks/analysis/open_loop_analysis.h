// Numbers of open loops: the latency from a message's arrival on, the excess over the ideal queue,
// and what the generator's own pauses did.
//
// A thread of the generator that is free and has a message at hand may still not push it: the
// machine took its core, or a timer was late. That is a pause, and no queue can help it:
//   pause[i] = push_call[i] - max(arrival[i], push_done[i-1])
// So the ideal queue is replayed twice: from the arrivals, and with the same pauses. The excess of
// a message is counted against the second replay wherever each thread has a core of its own. Where
// threads share cores, a queue that spins may itself have taken the generator's core: there the
// excess is counted against the first replay, and the pauses are charged to the queue.
//
// One pause delays every message behind it. A generator that never pauses could have called push at
//   ready[i] = max(arrival[i], ready[i-1] + push_done[i-1] - push_call[i-1])
// and lateness is push_call - ready.
#pragma once

#include <optional>

#include "benchmarks/analysis/metric_writer.h"
#include "benchmarks/analysis/service_times.h"
#include "benchmarks/analysis/window.h"
#include "benchmarks/trial/trial.h"
#include "benchmarks/util/histogram.h"

namespace bq::bench {

/// `sojourn` gets the messages that arrived inside the window; at least one must have.
/// `handoff_ns`: one-way transfer of a cache line, for the floor; absent on one core. `cores`: that
/// the threads of the trial run on.
void analyse_open_loop(const TrialPlan& plan, const TrialRecord& record,
                       const TrialMessages& messages, const ServiceTimes& service,
                       const Window& window, std::optional<double> handoff_ns, std::size_t cores,
                       Histogram& sojourn, MetricWriter& metrics);

}  // namespace bq::bench
