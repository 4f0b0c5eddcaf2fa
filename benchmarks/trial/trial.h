// What a trial is made of and what it leaves, before anybody computes anything from it. Plain data.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/platform/clock.h"
#include "benchmarks/platform/cpu_usage.h"
#include "benchmarks/scenario/message.h"
#include "benchmarks/scenario/point.h"
#include "benchmarks/trial/workload.h"
#include "queues/bounded_queue.h"

namespace bq::bench {

struct TrialPlan {
  std::uint64_t total_messages() const { return messages_per_producer * point.producers; }
  /// A consumer is warm once it has a message from after its producer's warm-up. Behind a queue without a bound it may
  /// never catch up with that: there the first message does.
  std::uint64_t consumer_warm_from() const { return bounded ? warmup_per_producer : 0; }

  const Point& point;
  Level level;
  std::size_t warmup_per_producer;    ///< messages before a producer counts as warm
  std::size_t messages_per_producer;  ///< all of them, the warm-up included
  const Demands& demands;             ///< covers messages_per_producer
  bool bounded = true;                ///< the queue is
  bool counts_syscalls = false;       ///< which makes them slower
};

/// Stamps of one call. The work of a message lies between the calls.
struct PushStamp {
  Ticks call, done;
};
struct PopStamp {
  Ticks call, done;
  std::uint64_t id;
};

/// What the watchdog reads of a worker while the trial runs. One cache line each: only its worker writes it.
struct alignas(64) WorkerStatus {
  enum class State : std::uint8_t { not_started, probing, running, finished };
  std::atomic<State> state{State::not_started};
  std::atomic<bool> in_work{false};
  std::atomic<bool> in_push{false};        ///< of one that also pops, in a chain: which of the two it calls
  std::atomic<std::uint64_t> messages{0};  ///< how many it is done with
  std::atomic<std::uint64_t> probed{0};    ///< calls that the capacity probe has begun
};

struct ProducerRecord {
  Ticks warm = 0;                 ///< the warm-up's last push returned
  Ticks done = 0;                 ///< the last push returned
  CpuUsage usage;                 ///< from warm to done
  Ticks clock_wait = 0;           ///< open loop: spent reading the clock until arrivals, from warm to done
  std::vector<PushStamp> stamps;  ///< traced: one a message, warm-up included
  std::vector<Ticks> strides;     ///< counted: after every TrialRecord::stride messages from warm on
  std::uint64_t refused = 0;      ///< pushes that found it closed: none may
  std::vector<bool> dropped;      ///< WhenFull::drop: [sequence]: it was not taken
};

struct ConsumerRecord {
  std::optional<Ticks> warm;        ///< the first message after a producer's warm-up arrived; absent if none did
  CpuUsage usage;                   ///< from warm (the start, if never warm) to the end of the stream
  std::uint64_t messages = 0;       ///< popped, all
  std::uint64_t warm_messages = 0;  ///< popped before `usage` begins
  std::vector<PopStamp> stamps;     ///< traced: one a message
  Ticks end_call = 0;               ///< traced: the call that brought the end of the stream
  std::uint64_t checksum = 0;       ///< counted: sum of mix64(id)
  std::uint64_t out_of_order = 0;   ///< counted: messages that did not rise within their producer
};

/// The bound, tried on the very object before the clock: pushed until refused, then taken out again.
struct FillProbe {
  std::size_t accepted = 0;
  bool drained_in_order = true;
};

struct TrialRecord {
  bool dropped(std::size_t producer, std::size_t sequence) const {
    const std::vector<bool>& of_producer = producers[producer].dropped;
    return !of_producer.empty() && of_producer[sequence];
  }

  std::size_t capacity = 0;  ///< the queue's own word
  Ticks start = 0;           ///< what the arrivals count from: all threads are there
  std::size_t stride = 1;
  std::optional<FillProbe> fill;  ///< absent for an unbounded queue
  std::vector<ProducerRecord> producers;
  std::vector<ConsumerRecord> consumers;
};

/// What a thread of a chain used.
struct StageRecord {
  Ticks warm = 0;              ///< it is done with the warm-up
  Ticks done = 0;              ///< and with everything
  CpuUsage usage;              ///< from warm to done
  std::uint64_t messages = 0;  ///< in that time
};

/// A pipeline's or a ping-pong's. Each queue's record is that of a trial with one producer and one consumer.
struct ChainRecord {
  std::vector<TrialRecord> queues;  ///< [q]: from stage q to the next one; requests, replies
  std::vector<StageRecord> stages;  ///< from the first to the last; client, server
};

}  // namespace bq::bench
