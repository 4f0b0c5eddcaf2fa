// The folder that a run writes: trials.jsonl, and histograms and timelines beside it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "benchmarks/analysis/result.h"
#include "benchmarks/run/result_log.h"
#include "benchmarks/util/json.h"

namespace bq::bench {

/// Every row is held to run/result_rows.h, by row_check.h. append() is thread-safe.
class ResultFolder {
 public:
  /// The rows that earlier processes of the run wrote to trials.jsonl; a line that a kill cut short
  /// is skipped. Throws UsageError if there is no such folder, or for a row that is not as
  /// result_rows.h has it.
  static std::vector<Json> read(const std::filesystem::path& folder);

  /// Opens or creates the files. Throws IoError.
  explicit ResultFolder(const std::filesystem::path& folder);

  /// To trials.jsonl. Throws IoError.
  void append(const Json& row);
  /// The distributions and the timeline of a trial. `key`: its cell, round and level. Throws
  /// IoError.
  void append_details(const Json& key, const TrialResult& result);

 private:
  ResultLog trials_, histograms_, timelines_;
};

/// To six digits, of which noise leaves three: the others would be a third of the files. Counts
/// stay as they are.
double rounded(double value);

}  // namespace bq::bench
