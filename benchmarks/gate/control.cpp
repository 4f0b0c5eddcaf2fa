#include "benchmarks/gate/control.h"

#include "benchmarks/registry/register_queue.h"

static const bool registered =
    bq::bench::register_queue<bq::bench::ControlQueue>("control", bq::bench::LineUp::named);
