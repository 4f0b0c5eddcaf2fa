// The JSON form of scenarios, as the `run` row of trials.jsonl carries it.
#pragma once

#include <string>
#include <vector>

#include "benchmarks/scenario/point.h"
#include "benchmarks/util/json.h"

namespace bq::bench {

/// Every key that applies to the point, defaults included, through the table of keys.h.
Json point_json(const Point& point);

/// `queues`: the names of the queues that run in the scenario.
Json scenario_json(const Scenario& scenario, const std::vector<std::string>& queues);

}  // namespace bq::bench
