// The tables of a scenario that describe a stream of times: [producer], [consumer], [stage] and
// [arrivals]. All functions throw UsageError.
#pragma once

#include <optional>
#include <string>

#include "benchmarks/scenario/combination.h"
#include "benchmarks/scenario/point.h"

namespace bq::bench {

/// `side`: "producer", "consumer" or "stage". The mean may be missing: `rho` may give it later.
Work read_work(const Combination& from, const std::string& side);

/// Absent without an [arrivals] table. The mean may be missing: `rho` may give it later.
std::optional<Arrivals> read_arrivals(const Combination& from);

/// Checks a complete side, its mean included.
void check_work(const Combination& from, const std::string& side, const Work& work);
void check_arrivals(const Combination& from, const Arrivals& arrivals);

/// The names of the distributions in [arrivals]: there the exponential one is called "poisson".
std::string arrival_name_of(Distribution distribution);

}  // namespace bq::bench
