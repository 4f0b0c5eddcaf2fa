// What a queue costs whatever it is used for: while its threads wait, to close, in memory, to make. Measured once a run
// rather than once a point, and before any trial.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "benchmarks/any_queue.h"

namespace bq::bench {

/// One measurement; it gives several values.
struct Property {
  enum class Kind : std::uint8_t { idle_pop, idle_push, close, memory, construction };
  Kind kind;
  std::size_t parameter = 0;  ///< close: threads that wait in pop; memory, construction: the capacity; else unused

  /// As in the results: "close" and {"waiters": 8}.
  std::string name() const;
  nlohmann::ordered_json params() const;
};

/// Those that apply to a queue, in the order of measuring. Memory and construction: at the capacities that it can have.
std::vector<Property> properties_of(const Traits& traits);

/// Values by their names in the results, units included.
using PropertyValues = std::vector<std::pair<std::string, double>>;

/// The queue did what it must not: a pop returned from an empty queue, say.
struct PropertyFault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// At capacity 64, or the nearest that the queue can have, where the property names none. Takes from some 1 ms up to
/// 2 s (64 threads that spin). Throws PropertyFault. A queue whose close wakes nobody never returns. Empty if this
/// process cannot tell: the memory, where it does not come from malloc.
PropertyValues measure_property(const AnyQueueType& type, const Property& property);

/// Calls `expired` from a thread of its own if it lives longer than `limit`.
class TimeLimit {
 public:
  TimeLimit(std::chrono::milliseconds limit, std::function<void()> expired);

 private:
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace bq::bench
