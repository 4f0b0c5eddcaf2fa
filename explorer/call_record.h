// What the threads of a run have called, what was answered, and whether a bounded queue may have
// answered so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "checking/history.h"
#include "queues/bounded_queue.h"

namespace bq::explorer {

inline constexpr int messages_per_producer = 100;  ///< numbers: producer * this + sequence

/// From the first call on. Times are counts of the begins and ends of calls.
struct CallRecord {
  struct Interval {
    std::int64_t call;
    std::int64_t returned;
  };
  std::int64_t ticks = 0;
  checking::History history;
  std::vector<int> delivered;     ///< messages whose push has said that they are
  std::vector<Interval> refused;  ///< pushes that were answered closed
  std::vector<Interval> ends;     ///< pops that were answered closed
  std::optional<Interval> close;
  int taken = 0;  ///< number of messages

  std::size_t inside() const { return delivered.size() - static_cast<std::size_t>(taken); }
};

/// Hashes of histories that have passed the check. Most runs have one of a few histories.
using CheckedHistories = std::unordered_set<std::uint64_t>;

/// Describes the first fault in the record of a finished run. `traits` say what the queue promises.
std::optional<std::string> fault_in(const CallRecord& record, const Traits& traits,
                                    std::size_t capacity, int producers, CheckedHistories& checked);

}  // namespace bq::explorer
