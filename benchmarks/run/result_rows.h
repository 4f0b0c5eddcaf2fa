// The row kinds of trials.jsonl and of the two files beside it, with their fields: the one list
// that the writer is held to, `queue_bench --schema` prints, readers check rows against, and the
// results page is made from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bq::bench {

/// The version of the files' format. Raise it with every field, kind or value that is added: a
/// reader refuses what it does not list, and a run of a newer version by this number.
inline constexpr int schema_version = 4;

/// `type` is built of
///   [T]     a list of T
///   {T}     an object whose names are data: {counter: T}
///   T?      T or null
///   flag    true or false
///   count   a whole number from 0 to 2^64 - 1
///   number  a finite number, at most 1e18 in size
///   name    a text of 1 to 1,000 characters on one line, without control characters
///   text    a text of at most 10,000 characters; its only control characters are line breaks, tabs
///   bucket  [lower, upper, count], lower < upper
///   any     any value, at most 20 levels deep
/// and of the names of enumerations (schema.h) and objects (object_kinds()).
struct RowField {
  std::string_view name;
  std::string_view type;
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

/// Objects inside a `run` row: the names of types, and what `when` they occur.
const std::vector<RowKind>& object_kinds();

}  // namespace bq::bench
