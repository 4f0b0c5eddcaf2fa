// Single points of scenarios, chosen by name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "benchmarks/scenario/point.h"

namespace bq::bench {

/// Files of the scenarios that the points are of, below `root`: each once, in the order of the
/// points. Throws UsageError.
std::vector<std::string> files_of_points(const std::vector<std::string>& names,
                                         const std::filesystem::path& root);

/// Takes out of the scenarios all points but those named (none are named: nothing), then scenarios
/// without a point, and claims about a point that is left out: about the others alone they would
/// be other claims. Throws UsageError where a name is no point's.
void keep_points(const std::vector<std::string>& names, std::vector<Scenario>& scenarios);

}  // namespace bq::bench
