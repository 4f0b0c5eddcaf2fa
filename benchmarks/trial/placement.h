// Which cores the threads of a point run on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "benchmarks/scenario/point.h"

namespace bq::bench {

/// From which end a point's threads are dealt its cores. On two cores the other order exchanges
/// those of producer and consumer; which cores are used stays the same.
enum class CoreOrder : std::uint8_t { ascending, descending };

/// Core for each thread of a point, consumers first (of a pipeline the last stage first); empty
/// with Placement::free.
std::vector<int> cores_for(const Point& point, CoreOrder order);

/// The distinct cores that a point's threads share, ascending; with Placement::free, as many as the
/// threads can use at once.
std::vector<int> used_cores(const Point& point);

/// The number of used_cores().
std::size_t core_count(const Point& point);

}  // namespace bq::bench
