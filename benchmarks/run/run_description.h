// What a run says about its machine and its build.
#pragma once

#include <cstdint>
#include <string>

#include "benchmarks/util/json.h"

namespace bq::bench {

/// The machine: the fields of the `context` that say what it is and what it does now.
Json machine_json();

/// The machine, the build and the seed.
Json context_json(std::uint64_t seed);

/// Adds `busy_cores` to either: what other processes use of the cores that this one may run on.
/// Sleeps for half a second, so it is no part of the two above, which every process of a run calls.
void add_busy_cores(Json& context);

/// Identifies this very executable: 16 hexadecimal digits.
std::string binary_id();

}  // namespace bq::bench
