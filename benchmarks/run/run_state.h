// What the processes of a run have done so far. Each round runs in a process of its own, and a
// killed run is resumed: the state is recalled from trials.jsonl.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "benchmarks/run/trial_size.h"
#include "benchmarks/scenario/point.h"
#include "benchmarks/util/json.h"

namespace bq::bench {

/// A trial that began and has no result.
struct UnfinishedTrial {
  std::string cell;
  Level level;
};

/// Cells, points and queues by name.
struct RunState {
  std::map<std::string, TrialSize> sizes;  ///< of cells that a pilot has been at
  std::set<std::string> skipped;           ///< cells that cannot be measured
  std::set<std::string> syscalls_counted;  ///< cells
  /// Cells of which a timestamped trial has passed.
  std::set<std::string> verified;
  std::set<std::string> failed;                    ///< cells whose queue was wrong, hung or crashed
  std::map<std::string, std::string> hung_queues;  ///< queue -> the cell in which it hung
  std::set<std::string> finished_points;           ///< points whose block of this round is written
  std::optional<UnfinishedTrial> unfinished;       ///< the last one

  /// Takes over what the rows of trials.jsonl say, for a process that runs `round`.
  void recall(const std::vector<Json>& rows, std::uint64_t round);
};

}  // namespace bq::bench
