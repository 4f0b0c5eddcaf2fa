// register_queue<Queue>(name, line_up): makes a queue known to the harness. Call it from a
// translation unit of its own.
#pragma once

#include "benchmarks/registry/queue_registry.h"
#include "benchmarks/trial/chain_trial.h"
#include "benchmarks/trial/queue_trial.h"

namespace bq::bench {

/// `Queue` is a class template over the message type.
template <template <class...> class Queue>
bool register_queue(const char* name, LineUp line_up) {
  using Q = Queue<Message>;
  static_assert(BoundedQueue<Q>, "see queues/bounded_queue.h for what a queue must offer");
  static_assert((Q::traits.timed == Timed::yes) == TimedBoundedQueue<Q>,
                "the label `timed` must tell the truth");
  TrialLoops loops;
  loops.in_queue = []<class... Ms>(MessageTypes<Ms...>) {
    return std::array<RunTrial, sizeof...(Ms)>{&run_trial<Queue<Ms>>...};
  }(InQueueMessages{});
  loops.chain = &run_chain<Q>;
  if constexpr (Q::traits.element != Element::trivial)
    loops.on_heap = &run_trial<Queue<HeapMessage>>;
  return add_queue({name, line_up, Q::traits, loops, any_queue_type<Q>});
}

}  // namespace bq::bench
