// The whole vocabulary as JSON, for `queue_bench --schema`: the scripts' constants and the pages
// are made from it (scripts/generate), and tests hold everything else to it.
#pragma once

#include "benchmarks/util/json.h"

namespace bq::bench {

Json schema_json();

}  // namespace bq::bench
