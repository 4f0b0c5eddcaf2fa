// A spin limit that follows the machine: it is a number of pauses, and the pause instruction of
// CPUs differs by a factor of ten.
#pragma once

#include "benchmarks/util/json.h"

namespace bq::bench {

/// How many rounds of StdSync::relax() take as long as StdSync::reference_spin_limit do where one
/// takes StdSync::reference_relax_ns; from 10 to 5,000.
unsigned spin_limit_for(double relax_ns);

/// Measures what a round takes here, and sets the limit of this process. Takes less than 20 ms.
/// Returns what the context of a run says of it.
Json adapt_spin_limit();

}  // namespace bq::bench
