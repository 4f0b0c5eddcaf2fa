// The timestamps of a trial by message, and the verdict on the trial's correctness.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "benchmarks/platform/clock.h"
#include "benchmarks/trial/trial.h"

namespace bq::bench {

inline constexpr Ticks never = std::numeric_limits<Ticks>::max();

/// One message's way through the queue.
struct MessageTimes {
  Ticks offered = 0;  ///< open loop: its arrival; else the call of push
  Ticks push_call = 0, push_done = 0, pop_call = 0, pop_done = never;
  Ticks work_done = 0;  ///< the consumer's next call
  std::uint32_t consumer = 0;
  bool dropped = false;  ///< refused by a full queue: it never entered
};

/// Times at which messages entered and left, each sorted, as the check of the bound counts them: a
/// message enters when its push returns and leaves when its pop is called. Between the two it
/// certainly is inside, so a peak above the capacity is a fault. (entered_by() in service_times.h
/// has the other bound: a message has certainly entered once its pop returned.)
struct Flow {
  Flow() = default;
  explicit Flow(const std::vector<MessageTimes>& messages);

  /// Most messages inside at once in [from, to].
  std::size_t peak(Ticks from, Ticks to) const;

  std::vector<Ticks> entered, left;
};

/// The messages of a timestamped trial. [producer * messages_per_producer + sequence]
struct TrialMessages {
  std::vector<MessageTimes> times;
  Flow flow;

  const MessageTimes& of(const TrialPlan& plan, std::size_t producer, std::size_t sequence) const {
    return times[producer * plan.messages_per_producer + sequence];
  }
};

/// Verifies a timestamped trial: the bound, exactly once, the order that `traits` promises. Returns
/// the first fault in words, or an empty text; then `messages` is complete.
std::string verify_timestamped(const TrialPlan& plan, const TrialRecord& record,
                               const Traits& traits, TrialMessages& messages);

/// Verifies an untimed trial by what its threads counted: the bound, exactly once, each producer's
/// order. Returns the first fault in words, or an empty text.
std::string verify_untimed(const TrialPlan& plan, const TrialRecord& record);

}  // namespace bq::bench
