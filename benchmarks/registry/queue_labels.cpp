#include "benchmarks/registry/queue_labels.h"

#include "benchmarks/util/enum_names.h"

namespace bq::bench {

Json queue_labels(const QueueEntry& queue) {
  const Traits& traits = queue.traits;
  return {{"line_up", name_of(queue.line_up)},
          {"origin", name_of(traits.origin)},
          {"producers", name_of(traits.producers)},
          {"consumers", name_of(traits.consumers)},
          {"capacities", name_of(traits.capacities)},
          {"bound", name_of(traits.bound)},
          {"element", name_of(traits.element)},
          {"fifo", name_of(traits.fifo)},
          {"blocking", name_of(traits.blocking)},
          {"timed", name_of(traits.timed)},
#ifdef BQ_LABELS
          {"tries", name_of(traits.tries)},
#endif
          {"batches", queue.has_batches ? "yes" : "none"},
          {"close", name_of(traits.close)},
          {"stall", name_of(traits.stall)},
          {"waiting", traits.waiting},
          {"note", traits.note},
          {"defect", traits.defect}};
}

Json label_vocabulary() {
  return {{"line_up", names_of<LineUp>()},
          {"origin", names_of<Origin>()},
          {"producers", names_of<Endpoints>()},
          {"consumers", names_of<Endpoints>()},
          {"capacities", names_of<Capacities>()},
          {"bound", names_of<Bound>()},
          {"element", names_of<Element>()},
          {"fifo", names_of<Fifo>()},
          {"blocking", names_of<Blocking>()},
          {"timed", names_of<Timed>()},
#ifdef BQ_LABELS
          {"tries", names_of<Tries>()},
#endif
          {"batches", {"yes", "none"}},
          {"close", names_of<Close>()},
          {"stall", names_of<Stall>()},
          {"waiting", Json::array()},
          {"note", Json::array()},
          {"defect", Json::array()}};
}

}  // namespace bq::bench
