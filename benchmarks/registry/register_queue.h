// register_queue<Queue>(name, line_up): makes a queue known to the harness. Call it from a
// translation unit of its own.
#pragma once

#include "benchmarks/registry/queue_registry.h"
#include "benchmarks/trial/chain_trial.h"
#include "benchmarks/trial/queue_trial.h"

namespace bq::bench {

constexpr bool carries_what_can_only_be_moved(Element element) {
#ifdef BQ_LABELS
  if (element == Element::copyable) return false;
#endif
  return element != Element::trivial;
}

/// `Queue` is a class template over the message type.
template <template <class...> class Queue>
bool register_queue(const char* name, LineUp line_up) {
  using Q = Queue<Message>;
  static_assert(BoundedQueue<Q>, "see queues/bounded_queue.h for what a queue must offer");
  static_assert((Q::traits.timed == Timed::yes) == TimedBoundedQueue<Q>,
                "the label `timed` must tell the truth");
#ifdef BQ_LABELS
  static_assert((Q::traits.tries == Tries::yes) == TryingBoundedQueue<Q>,
                "the label `tries` must tell the truth: see queues/bounded_queue.h for try_push "
                "and try_pop");
#endif
  TrialLoops loops;
  loops.in_queue = []<class... Ms>(MessageTypes<Ms...>) {
    return std::array<RunTrial, sizeof...(Ms)>{&run_trial<Queue<Ms>>...};
  }(InQueueMessages{});
  loops.chain = &run_chain<Q>;
  if constexpr (carries_what_can_only_be_moved(Q::traits.element))
    loops.on_heap = &run_trial<Queue<HeapMessage>>;
  return add_queue({name, line_up, Q::traits, loops, any_queue_type<Q>, detail::Batches<Q>});
}

}  // namespace bq::bench
