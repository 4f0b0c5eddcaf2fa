// Scenario files: strict TOML, one question a file. See scenarios/README.md for every key.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "benchmarks/scenario/point.h"

namespace bq::bench {

/// Reads one file. Throws UsageError.
Scenario load_scenario(const std::filesystem::path& file);

/// The files below `root` and its folders, in any order; none, where `root` is no folder. Throws
/// std::filesystem::filesystem_error.
std::vector<std::filesystem::path> scenario_files(const std::filesystem::path& root);

/// What `--scenario` names: the name of a file or folder below `root`, or else a path; nothing:
/// root/curated. In the order given, folders alphabetically. Throws UsageError, also where two
/// scenarios share a name.
std::vector<Scenario> load_scenarios(const std::vector<std::string>& arguments,
                                     const std::filesystem::path& root);

}  // namespace bq::bench
