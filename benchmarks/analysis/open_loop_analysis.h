// Numbers of open loops: the latency from a message's arrival on, the excess over the ideal queue,
// and whether the generator kept up.
#pragma once

#include <optional>

#include "benchmarks/analysis/metric_writer.h"
#include "benchmarks/analysis/service_times.h"
#include "benchmarks/analysis/window.h"
#include "benchmarks/trial/trial.h"
#include "benchmarks/util/histogram.h"

namespace bq::bench {

/// `sojourn` gets the messages that arrived inside the window; at least one must have.
/// `handoff_ns`: one-way transfer of a cache line, for the floor; absent on one core.
void analyse_open_loop(const TrialPlan& plan, const TrialRecord& record,
                       const TrialMessages& messages, const ServiceTimes& service,
                       const Window& window, std::optional<double> handoff_ns, Histogram& sojourn,
                       MetricWriter& metrics);

}  // namespace bq::bench
