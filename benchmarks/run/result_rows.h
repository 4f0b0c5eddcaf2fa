// The row kinds of trials.jsonl and of the two files beside it, with their fields: the one list
// that the writer is held to, `queue_bench --schema` prints, and the results page is made from.
#pragma once

#include <string_view>
#include <vector>

#include "benchmarks/util/json.h"

namespace bq::bench {

/// The version of the files' format.
inline constexpr int schema_version = 1;

struct RowField {
  std::string_view name;
  std::string_view meaning;
  bool required = true;
};

struct RowKind {
  std::string_view kind;  ///< the value of `kind`; of the files beside: the file's name
  std::string_view when;  ///< how many there are, and when they are written
  std::vector<RowField> fields;
};

/// Of trials.jsonl, in the order of first appearance; then those of histograms.jsonl and
/// timelines.jsonl, whose rows have no `kind`.
const std::vector<RowKind>& row_kinds();

/// Throws std::logic_error if a row has a field that its kind lacks, or lacks one that is required.
/// `kind`: of RowKind::kind.
void check_row(std::string_view kind, const Json& row);

}  // namespace bq::bench
