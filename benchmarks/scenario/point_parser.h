// From one combination of a scenario's keys to a point.
#pragma once

#include <string>

#include "benchmarks/scenario/combination.h"
#include "benchmarks/scenario/point.h"

namespace bq::bench {

/// Reads every key through the table of keys.h, then applies the rules that join keys. Throws
/// UsageError.
Point read_point(const Combination& from, const std::string& scenario,
                 const std::string& case_name);

}  // namespace bq::bench
