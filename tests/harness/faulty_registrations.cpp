#include "benchmarks/register_queue.h"
#include "tests/harness/faulty_queues.h"

namespace {

using bq::bench::LineUp;
using bq::bench::register_queue;

[[maybe_unused]] const bool registered =
    register_queue<bq::test::DroppingQueue>("dropping", LineUp::extra) &&
    register_queue<bq::test::DuplicatingQueue>("duplicating", LineUp::extra) &&
    register_queue<bq::test::ReorderingQueue>("reordering", LineUp::extra) &&
    register_queue<bq::test::OverfullQueue>("overfull", LineUp::extra) &&
    register_queue<bq::test::SlyOverfullQueue>("sly_overfull", LineUp::extra) &&
    register_queue<bq::test::HangingQueue>("hanging", LineUp::named) &&
    register_queue<bq::test::NeverEndingQueue>("never_ending", LineUp::named) &&
    register_queue<bq::test::CrashingQueue>("crashing", LineUp::named) &&
    register_queue<bq::test::RefusingQueue>("refusing", LineUp::named) &&
    register_queue<bq::test::SlowlyFillingQueue>("slowly_filling", LineUp::named) &&
    register_queue<bq::test::StickingQueue>("sticking", LineUp::named);

}  // namespace
