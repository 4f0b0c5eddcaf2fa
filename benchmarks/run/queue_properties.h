// Workload-independent costs of a queue: CPU while blocked, shutdown latency, memory, construction
// time. Measured once a run, before any trial.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "benchmarks/registry/owned_queue.h"
#include "benchmarks/util/json.h"

namespace bq::bench {

enum class PropertyKind : std::uint8_t { idle_pop, idle_push, close, memory, construction };
constexpr std::string_view name_of(PropertyKind value) {
  switch (value) {
    case PropertyKind::idle_pop:
      return "idle_pop";
    case PropertyKind::idle_push:
      return "idle_push";
    case PropertyKind::close:
      return "close";
    case PropertyKind::memory:
      return "memory";
    case PropertyKind::construction:
      return "construction";
  }
  return {};
}

/// The vocabulary of one kind: `queue_bench --schema` prints it.
struct PropertyKindText {
  PropertyKind kind;
  std::string_view parameter;             ///< its name; empty without one
  std::array<std::size_t, 3> parameters;  ///< the values that are measured
  std::string_view values;                ///< names of the values, separated by spaces
  std::string_view meaning;
};

inline constexpr std::array property_kinds{
    PropertyKindText{PropertyKind::idle_pop,
                     "",
                     {},
                     "idle_pop_cpu_share idle_pop_switches_per_s idle_pop_yields_per_s",
                     "of one thread that waits in pop on an empty queue, over 200 ms, from 50 ms "
                     "after it began: "
                     "thread CPU / wall; context switches, voluntary and not; yields"},
    PropertyKindText{PropertyKind::idle_push,
                     "",
                     {},
                     "idle_push_cpu_share idle_push_switches_per_s idle_push_yields_per_s",
                     "the same of one thread that waits in push on a full queue"},
    PropertyKindText{PropertyKind::close,
                     "waiters",
                     {1, 8, 64},
                     "close_to_last_return_ns asleep_share repetitions",
                     "from the call of close until the last pop returned, median of `repetitions`; "
                     "in what share of "
                     "them all waiters slept when close was called (`/proc/self/task/*/stat`)"},
    PropertyKindText{PropertyKind::memory,
                     "capacity",
                     {1, 64, 4096},
                     "bytes full_bytes reported_capacity",
                     "of a new queue for 8-byte messages: `sizeof` and what it took from malloc; "
                     "the same with as many "
                     "messages in it; its own `capacity()`"},
    PropertyKindText{PropertyKind::construction,
                     "capacity",
                     {1, 64, 4096},
                     "construct_ns destroy_ns",
                     "median of 101, of 16 at a time, memory warm"},
};
constexpr const PropertyKindText& property_kind(PropertyKind kind) {
  return property_kinds[static_cast<std::size_t>(kind)];
}
static_assert(property_kind(PropertyKind::construction).kind == PropertyKind::construction);

/// One measurement; it gives several values.
struct Property {
  using Kind = PropertyKind;
  Kind kind;
  /// Close: threads that wait in pop; memory, construction: the capacity; else unused.
  std::size_t parameter = 0;

  /// As in the results: "close" and {"waiters": 8}.
  std::string name() const;
  Json params() const;
};

/// The properties that apply to a queue, in the order of measuring. Memory and construction: at the
/// capacities that the queue can have.
std::vector<Property> properties_of(const Traits& traits);

/// Values by their names in the results, units included.
using PropertyValues = std::vector<std::pair<std::string, double>>;

/// At capacity 64, or the nearest that the queue can have, where the property names none. Takes
/// from about 1 ms up to 2 s (64 threads that spin). Throws QueueFault. Never returns if close()
/// does not wake the waiters. Empty if the value is unknown: the memory, where it does not come
/// from malloc.
PropertyValues measure_property(const AnyQueueType& type, const Property& property);

}  // namespace bq::bench
