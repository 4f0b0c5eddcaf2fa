// register_queue<Queue>(name, line_up): makes a queue known to the harness. Call it from a translation unit of its own.
#pragma once

#include "benchmarks/registry.h"
#include "benchmarks/run_trial.h"

namespace bq::bench {

/// `Queue` is a class template over the message type. `line_up`: "default", "extra" or "named".
template <template <class...> class Queue>
bool register_queue(const char* name, const char* line_up) {
  using Q = Queue<Message>;
  static_assert(BoundedQueue<Q>, "see queues/bounded_queue.h for what a queue must offer");
  static_assert((Q::traits.timed == Timed::yes) == TimedBoundedQueue<Q>, "the label `timed` must tell the truth");
  return add_queue({name, LineUp::standard, Q::traits, &run_trial<Q>}, line_up);
}

}  // namespace bq::bench
