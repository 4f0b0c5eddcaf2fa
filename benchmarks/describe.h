// Everything that a run says about itself, as JSON: machine, build, scenarios, queues. See results/README.md.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "benchmarks/point.h"
#include "benchmarks/registry.h"

namespace bq::bench {

nlohmann::ordered_json describe_context(std::uint64_t seed);
nlohmann::ordered_json describe_point(const Point& point);
/// `queues`: the names that run in it.
nlohmann::ordered_json describe_scenario(const Scenario& scenario, const std::vector<std::string>& queues);
nlohmann::ordered_json describe_queue(const QueueEntry& queue);

/// Identifies this very executable.
std::string binary_id();

}  // namespace bq::bench
