// The input of a trial (plan) and its raw output (record). Plain data.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/platform/clock.h"
#include "benchmarks/platform/cpu_usage.h"
#include "benchmarks/scenario/message.h"
#include "benchmarks/scenario/point.h"
#include "benchmarks/trial/placement.h"
#include "benchmarks/trial/workload.h"
#include "queues/bounded_queue.h"

namespace bq::bench {

struct TrialPlan {
  std::uint64_t total_messages() const { return messages_per_producer * point.producers; }
  /// A consumer is warm once it has popped a message from after its producer's warm-up. Behind an
  /// unbounded queue it may never catch up with those: there a consumer is warm after its first
  /// message.
  std::uint64_t consumer_warm_from() const { return bounded ? warmup_per_producer : 0; }

  const Point& point;
  Level level;
  std::size_t warmup_per_producer;    ///< messages before a producer counts as warm
  std::size_t messages_per_producer;  ///< all of them, the warm-up included
  const Demands& demands;             ///< covers messages_per_producer
  bool bounded = true;                ///< whether the queue is bounded
  bool counts_syscalls = false;       ///< counting makes system calls slower
  CoreOrder core_order = CoreOrder::ascending;
};

/// The constructor of the trial's queue threw this.
struct CannotBeMade : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Timestamps of one call. The work of a message lies between the calls.
struct PushStamp {
  Ticks call, done;
};
struct PopStamp {
  Ticks call, done;
  std::uint64_t id;
};

/// What the watchdog reads of a worker while the trial runs. Only the worker writes it; it has a
/// cache line of its own.
struct alignas(64) WorkerStatus {
  enum class State : std::uint8_t { not_started, probing, running, finished };
  std::atomic<State> state{State::not_started};
  std::atomic<bool> in_work{false};  ///< the watchdog expects no progress
  /// In a chain, where a thread pops and pushes: it is in push.
  std::atomic<bool> in_push{false};
  std::atomic<std::uint64_t> messages{0};  ///< handled so far
  std::atomic<std::uint64_t> probed{0};    ///< calls that the capacity probe has begun
};

struct ProducerRecord {
  Ticks warm = 0;  ///< the warm-up's last push returned
  Ticks done = 0;  ///< the last push returned
  CpuUsage usage;  ///< from warm to done
  /// Open loop: spent reading the clock until arrivals, from warm to done.
  Ticks clock_wait = 0;
  std::vector<PushStamp> stamps;  ///< timestamped: one a message, warm-up included
  /// Untimed: after every TrialRecord::stride messages from warm on.
  std::vector<Ticks> strides;
  std::uint64_t refused = 0;  ///< pushes that found the queue closed: always a fault
  std::vector<bool> dropped;  ///< WhenFull::drop: [sequence]: the queue refused it
};

struct ConsumerRecord {
  /// The first message after a producer's warm-up arrived; absent if none did.
  std::optional<Ticks> warm;
  /// From warm (the start, if never warm) to the end of the stream.
  CpuUsage usage;
  std::uint64_t messages = 0;       ///< popped, all
  std::uint64_t warm_messages = 0;  ///< popped before `usage` begins
  std::vector<PopStamp> stamps;     ///< timestamped: one a message
  Ticks end_call = 0;               ///< timestamped: the call that returned the end of the stream
  std::uint64_t checksum = 0;       ///< untimed: sum of mix64(id)
  std::uint64_t out_of_order = 0;   ///< untimed: messages behind a later one of their producer
};

/// Result of the capacity probe: before the trial starts, one thread fills the queue until it
/// refuses and drains it.
struct CapacityProbe {
  std::size_t accepted = 0;
  bool drained_in_order = true;
};

struct TrialRecord {
  bool dropped(std::size_t producer, std::size_t sequence) const {
    const std::vector<bool>& of_producer = producers[producer].dropped;
    return !of_producer.empty() && of_producer[sequence];
  }

  std::size_t capacity = 0;  ///< as the queue reports it
  Ticks start = 0;           ///< all threads are at the barrier; arrival times count from here
  std::size_t stride = 1;
  std::optional<CapacityProbe> fill;  ///< absent for an unbounded queue
  std::vector<ProducerRecord> producers;
  std::vector<ConsumerRecord> consumers;
};

/// One thread of a chain.
struct StageRecord {
  Ticks warm = 0;              ///< end of the warm-up
  Ticks done = 0;              ///< end of the last message
  CpuUsage usage;              ///< from warm to done
  std::uint64_t messages = 0;  ///< in that time
};

/// Record of a pipeline or a ping-pong. Each queue has the record of a trial with one producer and
/// one consumer.
struct ChainRecord {
  std::vector<TrialRecord> queues;  ///< [q]: from stage q to the next one; requests, replies
  std::vector<StageRecord> stages;  ///< from the first to the last; client, server
};

}  // namespace bq::bench
