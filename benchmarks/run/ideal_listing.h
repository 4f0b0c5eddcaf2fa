// What `queue_bench --ideal` prints: each point's drawn work in the ideal queue, by capacity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "benchmarks/scenario/point.h"

namespace bq::bench {

/// Reads "1,16,64". Throws UsageError.
std::vector<std::size_t> parse_capacities(const std::string& text);

/// One JSON object a line for each point, in the order of the scenarios. `capacity` is null where
/// there is no bound; a quantile is absent where fewer than 100 messages lie beyond it. Throws
/// UsageError for a point with more than one queue.
void print_ideals(const std::vector<Scenario>& scenarios, std::uint64_t seed,
                  std::vector<std::size_t> capacities, std::ostream& out);

}  // namespace bq::bench
