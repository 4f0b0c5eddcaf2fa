// What a run says about its machine and its build.
#pragma once

#include <cstdint>
#include <string>

#include "benchmarks/util/json.h"

namespace bq::bench {

Json context_json(std::uint64_t seed);

/// Identifies this very executable: 16 hexadecimal digits.
std::string binary_id();

}  // namespace bq::bench
