// The text form of a queue's labels (its traits), for results and listings.
#pragma once

#include <string_view>

#include "benchmarks/registry/queue_registry.h"
#include "benchmarks/util/json.h"

namespace bq {

// Here rather than beside the enumerations, since the regression gate compiles the harness with the
// queues/ of earlier commits. A forgotten enumerator is a compile error: see util/enum_names.h.
constexpr std::string_view name_of(Origin value) {
  switch (value) {
    case Origin::house:
      return "house";
    case Origin::peer:
      return "peer";
  }
  return {};
}
constexpr std::string_view name_of(Endpoints value) {
  switch (value) {
    case Endpoints::one:
      return "one";
    case Endpoints::many:
      return "many";
  }
  return {};
}
constexpr std::string_view name_of(Capacities value) {
  switch (value) {
    case Capacities::any:
      return "any";
    case Capacities::power_of_two:
      return "power of two";
    case Capacities::range:
      return "range";
    case Capacities::unbounded:
      return "unbounded";
  }
  return {};
}
constexpr std::string_view name_of(Bound value) {
  switch (value) {
    case Bound::exact:
      return "exact";
    case Bound::rounded:
      return "rounded";
    case Bound::none:
      return "none";
  }
  return {};
}
constexpr std::string_view name_of(Element value) {
  switch (value) {
    case Element::any:
      return "any";
    case Element::nothrow_movable:
      return "nothrow movable";
#ifdef BQ_LABELS
    case Element::copyable:
      return "copyable";
#endif
    case Element::default_constructible:
      return "default constructible";
    case Element::trivial:
      return "trivial";
  }
  return {};
}
constexpr std::string_view name_of(Fifo value) {
  switch (value) {
    case Fifo::global:
      return "global";
    case Fifo::per_producer:
      return "per producer";
  }
  return {};
}
constexpr std::string_view name_of(Blocking value) {
  switch (value) {
    case Blocking::native:
      return "native";
    case Blocking::emulated:
      return "emulated";
  }
  return {};
}
constexpr std::string_view name_of(Timed value) {
  switch (value) {
    case Timed::yes:
      return "yes";
    case Timed::none:
      return "none";
  }
  return {};
}
#ifdef BQ_LABELS
constexpr std::string_view name_of(Tries value) {
  switch (value) {
    case Tries::yes:
      return "yes";
    case Tries::none:
      return "none";
  }
  return {};
}
#endif
constexpr std::string_view name_of(Close value) {
  switch (value) {
    case Close::exact:
      return "exact";
    case Close::quiescent:
      return "quiescent";
#ifdef BQ_LABELS
    case Close::end_of_stream:
      return "end of stream";
#endif
  }
  return {};
}
constexpr std::string_view name_of(Stall value) {
  switch (value) {
    case Stall::nobody:
      return "nobody";
    case Stall::one_slot:
      return "one slot";
    case Stall::everyone:
      return "everyone";
  }
  return {};
}

}  // namespace bq

namespace bq::bench {

/// Labels by name, in the order of the results page.
Json queue_labels(const QueueEntry& queue);

/// Each label with the texts that it may have; an empty list for free text.
Json label_vocabulary();

}  // namespace bq::bench
