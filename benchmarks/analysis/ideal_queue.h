// The ideal queue: costs nothing, delivers at once, holds at most K messages. A trial's own service
// times are replayed through it, so that every result is an overhead against what is possible.
//
// One producer, one consumer, from an empty start, this is
//   enter[i] = max(enter[i-1] + produce[i], start[i-K])
//   start[i] = max(enter[i], start[i-1] + consume[i-1])
// In an open loop message i arrives at arrive[i], waits until the one before it is inside, and then
// for as long as its producer pauses before the push:
//   enter[i] = max(max(arrive[i], enter[i-1]) + pause[i], start[i-K])
//
// In general messages enter in the order in which producers are ready, and each goes to the
// consumer that is free first (the recursion of Kiefer and Wolfowitz for a FIFO queue with several
// servers). With several producers or consumers this is a work-conserving reference, not a proven
// optimum: another order of the same jobs can be a little faster.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "benchmarks/util/histogram.h"

namespace bq::bench {

/// Service times in ns, [producer][sequence]. A message's consumption is its own, whoever consumes
/// it.
struct ServiceTimes {
  std::vector<std::vector<float>> produce;
  std::vector<std::vector<float>> consume;
  /// Open loop: when each message arrives, in place of `produce`.
  std::vector<std::vector<double>> arrive = {};
  /// Open loop: how long the producer, free and with the message at hand, pauses before it pushes.
  /// Empty: it never does.
  std::vector<std::vector<float>> pause = {};
};

/// Where a window opens: times are counted from there.
struct InitialState {
  struct Producer {
    std::size_t next;  ///< the first of its messages that has not entered
    double ready_ns;   ///< when that message is ready to be pushed
  };
  struct Waiting {
    std::uint32_t producer;
    std::size_t sequence;
  };
  std::vector<Producer> producers;
  std::vector<double> consumer_free_ns;
  /// Inside the queue, first in first; may exceed the capacity by one message per idle consumer.
  std::vector<Waiting> waiting;
};

struct IdealQueue {
  std::size_t capacity;  ///< may be unbounded_capacity
  /// Until one side sees what the other did: 0 for the ideal, the transfer of a cache line for the
  /// floor.
  double handoff_ns = 0;
  bool drops = false;  ///< what finds it full is lost, and its producer goes on
};

struct Replay {
  double window_ns = 0;   ///< from the initial state until the last of `messages` has entered
  double end_ns = 0;      ///< until the work on the last of them is done
  double blocked_ns = 0;  ///< that producers waited for room, in all
  Histogram sojourn;      ///< ready (open loop: arrived) to start of consumption, of those messages
};

/// Gets the sojourn of each message that enters, in turn.
using SojournVisitor =
    std::function<void(std::uint32_t producer, std::size_t sequence, double sojourn_ns)>;

/// Replays until `messages` more have entered or been dropped. The streams must hold enough
/// messages.
Replay replay(const ServiceTimes& times, const InitialState& state, const IdealQueue& queue,
              std::size_t messages, const SojournVisitor& visit = {});

}  // namespace bq::bench
