// What a run measures: the scenarios, and each queue that can run at each of their points.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/registry/queue_registry.h"
#include "benchmarks/scenario/point.h"

namespace bq::bench {

struct SelectionOptions {
  /// Names, folders or files; empty: the scenarios of `points`, or else the curated ones.
  std::vector<std::string> scenarios;
  std::vector<std::string> points;      ///< by name; empty: all of the scenarios
  std::filesystem::path scenarios_dir;  ///< where names are looked up
  std::string queue_regex;              ///< empty: no filter
  bool all = false;                     ///< the extra queues too
};

/// One queue at one point.
struct Cell {
  const Point* point;
  const QueueEntry* queue;
  std::string name;  ///< scenario/queue/param:value/...
};

/// A cell that cannot run here.
struct SkippedCell {
  Cell cell;
  std::string reason;
};

struct Selection {
  std::vector<Scenario> scenarios;  ///< the cells point into them
  std::vector<Cell> cells;
  std::vector<SkippedCell> skipped;
};

/// Throws UsageError for an error in the options or the scenarios; for example where no
/// queue fits, or where full queues would not fit into memory.
Selection select(const SelectionOptions& options);

/// Names of the queues that run in a scenario.
std::vector<std::string> queues_of(const Scenario& scenario, const SelectionOptions& options);

}  // namespace bq::bench
