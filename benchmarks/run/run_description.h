// What a run says about its machine and its build.
#pragma once

#include <cstddef>
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

/// Which of the programs that were linked from the same objects, with their code at other places,
/// this one is; 0: the first, or the only one.
std::size_t layout();

/// Identifies this executable, whatever its layout: 16 hexadecimal digits, of the program in layout
/// 0. Throws UsageError where that is gone.
std::string binary_id();

}  // namespace bq::bench
