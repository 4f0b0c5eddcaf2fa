// The faulty queues, for messages of 8 bytes only: loops for the other messages would show the same
// faults and take the compiler four times as long.
#include "benchmarks/registry/register_queue.h"
#include "tests/harness/faulty_queues.h"

namespace {

using bq::bench::LineUp;

template <template <class> class Queue>
bool register_faulty(const char* name, LineUp line_up) {
  using Q = Queue<bq::bench::Message>;
  bq::bench::TrialLoops loops;
  loops.in_queue[0] = &bq::bench::run_trial<Q>;
  loops.chain = &bq::bench::run_chain<Q>;
  return bq::bench::add_queue({name, line_up, Q::traits, loops, bq::bench::any_queue_type<Q>});
}

[[maybe_unused]] const bool registered =
    register_faulty<bq::bench::test::DroppingQueue>("dropping", LineUp::extra) &&
    register_faulty<bq::bench::test::DuplicatingQueue>("duplicating", LineUp::extra) &&
    register_faulty<bq::bench::test::ReorderingQueue>("reordering", LineUp::extra) &&
    register_faulty<bq::bench::test::OverfullQueue>("overfull", LineUp::extra) &&
    register_faulty<bq::bench::test::SlyOverfullQueue>("sly_overfull", LineUp::extra) &&
    register_faulty<bq::bench::test::HangingQueue>("hanging", LineUp::named) &&
    register_faulty<bq::bench::test::NeverEndingQueue>("never_ending", LineUp::named) &&
    register_faulty<bq::bench::test::CrashingQueue>("crashing", LineUp::named) &&
    register_faulty<bq::bench::test::RefusingQueue>("refusing", LineUp::named) &&
    register_faulty<bq::bench::test::SlowlyFillingQueue>("slowly_filling", LineUp::named) &&
    register_faulty<bq::bench::test::StickingQueue>("sticking", LineUp::named);

}  // namespace
