// Holds rows to the types of result_rows.h: what is written, and what is read back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "benchmarks/util/json.h"

namespace bq::bench {

/// What is wrong with a row of this kind (RowKind::kind), naming the key: "key 'round' of the
/// 'trial' row: must be a whole number". Absent if nothing is. Thread-safe.
std::optional<std::string> row_error(std::string_view kind, const Json& row);

/// The values of the enumerations that the types of rows name, by name.
const Json& row_enumerations();

}  // namespace bq::bench
