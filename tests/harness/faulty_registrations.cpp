#include "benchmarks/register_queue.h"
#include "tests/harness/faulty_queues.h"

namespace {

using bq::bench::register_queue;

[[maybe_unused]] const bool registered = register_queue<bq::test::DroppingQueue>("dropping", "extra") &&
                                         register_queue<bq::test::DuplicatingQueue>("duplicating", "extra") &&
                                         register_queue<bq::test::ReorderingQueue>("reordering", "extra") &&
                                         register_queue<bq::test::OverfullQueue>("overfull", "extra") &&
                                         register_queue<bq::test::SlyOverfullQueue>("sly_overfull", "extra") &&
                                         register_queue<bq::test::HangingQueue>("hanging", "named") &&
                                         register_queue<bq::test::CrashingQueue>("crashing", "named") &&
                                         register_queue<bq::test::SpinRing>("spin_ring", "default");

}  // namespace
