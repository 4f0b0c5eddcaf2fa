// A point: one fully resolved combination of a scenario's parameters. Plain data.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "benchmarks/scenario/claim.h"
#include "benchmarks/scenario/message.h"
#include "benchmarks/scenario/rules.h"

namespace bq::bench {

struct Counter;

// The name functions below are the only place that knows how files spell a value: see
// util/enum_names.h.

/// Recorded times, in the order in which they were read.
struct Trace {
  std::string file;
  std::vector<double> ns;  ///< all >= 0, at least one > 0
  double mean_ns = 0;
  std::uint64_t hash = 0;  ///< of the times
};

/// How the times of a stream are distributed.
enum class Distribution : std::uint8_t { constant, exponential, lognormal, bursty, trace };
constexpr std::string_view name_of(Distribution value) {
  switch (value) {
    case Distribution::constant:
      return "constant";
    case Distribution::exponential:
      return "exponential";
    case Distribution::lognormal:
      return "lognormal";
    case Distribution::bursty:
      return "bursty";
    case Distribution::trace:
      return "trace";
  }
  return {};
}

/// A stream of times: how long each piece of work takes, or the gaps between arrivals.
struct Process {
  Distribution distribution = Distribution::constant;
  double mean_ns = 0;            ///< over everything, pauses between bursts included
  double cv = 0;                 ///< lognormal: standard deviation / mean
  std::uint64_t burst_msgs = 0;  ///< bursty: messages a burst
  /// Bursty: time between the messages of a burst; the pauses are exponential.
  double burst_gap_ns = 0;
  std::shared_ptr<const Trace> trace = nullptr;  ///< its times are scaled to `mean_ns`
};

/// How a thread spends the time of its work.
enum class WorkKind : std::uint8_t {
  none,
  spin,    ///< steps of one chain of multiplications, one after the other
  wide,    ///< steps of several independent chains, which fill the execution units
  memory,  ///< steps of a walk through a working set of the thread's own
  sleep,   ///< blocks
};
/// Whether its demand is a number of steps, which burn CPU; otherwise it is nanoseconds.
constexpr bool takes_steps(WorkKind kind) {
  return kind == WorkKind::spin || kind == WorkKind::wide || kind == WorkKind::memory;
}
constexpr std::string_view name_of(WorkKind value) {
  switch (value) {
    case WorkKind::none:
      return "none";
    case WorkKind::spin:
      return "spin";
    case WorkKind::wide:
      return "wide";
    case WorkKind::memory:
      return "memory";
    case WorkKind::sleep:
      return "sleep";
  }
  return {};
}

/// What one side does for each message.
struct Work : Process {
  using Kind = WorkKind;

  /// Whether a step of one takes as long as a step of the other.
  bool has_steps_of(const Work& other) const {
    return kind == other.kind && working_set_bytes == other.working_set_bytes;
  }

  Kind kind = Kind::none;
  std::size_t working_set_bytes = 0;  ///< memory: of each thread
  std::size_t working_set_line = 0;   ///< where the file gives it
};

/// How a producer waits for the next arrival.
enum class ArrivalWait : std::uint8_t {
  spin,   ///< the producer reads the clock until then
  sleep,  ///< it sleeps until shortly before, and then reads the clock
};
constexpr std::string_view name_of(ArrivalWait value) {
  switch (value) {
    case ArrivalWait::spin:
      return "spin";
    case ArrivalWait::sleep:
      return "sleep";
  }
  return {};
}

/// Open loop: messages arrive at given times, whether the queue has room or not. `mean_ns` is the
/// mean time between two of them, over all producers, each of which has a stream of its own.
struct Arrivals : Process {
  using Wait = ArrivalWait;
  /// A producer that sleeps until an arrival is up so long before, and reads the clock.
  static constexpr double up_before_ns = 100'000;

  Wait wait = Wait::spin;
};

/// Where a message's bytes are while it travels.
enum class Payload : std::uint8_t {
  in_queue,
  heap,  ///< the producer allocates them, the consumer frees them
};
constexpr std::string_view name_of(Payload value) {
  switch (value) {
    case Payload::in_queue:
      return "in_queue";
    case Payload::heap:
      return "heap";
  }
  return {};
}

/// What a producer does with a message for which there is no room. It drops in an open loop only.
enum class WhenFull : std::uint8_t { wait, drop };
constexpr std::string_view name_of(WhenFull value) {
  switch (value) {
    case WhenFull::wait:
      return "wait";
    case WhenFull::drop:
      return "drop";
  }
  return {};
}

enum class Placement : std::uint8_t {
  spread,    ///< thread i on allowed core i mod n, consumers first
  free,      ///< wherever the kernel puts it
  one_core,  ///< all on the first allowed core
};
constexpr std::string_view name_of(Placement value) {
  switch (value) {
    case Placement::spread:
      return "spread";
    case Placement::free:
      return "free";
    case Placement::one_core:
      return "one_core";
  }
  return {};
}

/// The background load on the cores during a trial.
enum class Neighbour : std::uint8_t {
  none,
  idle_priority,  ///< a thread on each core that runs where no other thread does
};
constexpr std::string_view name_of(Neighbour value) {
  switch (value) {
    case Neighbour::none:
      return "none";
    case Neighbour::idle_priority:
      return "idle_priority";
  }
  return {};
}

/// How many queues there are, and between whom.
enum class Topology : std::uint8_t {
  queue,  ///< one, between producers and consumers
  /// One between each two of a row of stages; the first is the producer, the last the consumer.
  pipeline,
  /// One for requests and one for replies, between a client (producer) and a server (consumer).
  ping_pong,
};
constexpr std::string_view name_of(Topology value) {
  switch (value) {
    case Topology::queue:
      return "queue";
    case Topology::pipeline:
      return "pipeline";
    case Topology::ping_pong:
      return "ping_pong";
  }
  return {};
}

/// How much a trial notes down. Result files say "traced" and "counted".
enum class Level : std::uint8_t {
  timestamped,  ///< a timestamp before and after every call
  untimed,      ///< no timestamps in the loop
};
constexpr std::string_view name_of(Level value) {
  switch (value) {
    case Level::timestamped:
      return "traced";
    case Level::untimed:
      return "counted";
  }
  return {};
}

struct Point {
  using Value = std::variant<std::int64_t, double, std::string>;

  std::string scenario;
  std::string name;                                   ///< scenario/param:value/...
  std::vector<std::pair<std::string, Value>> params;  ///< what the scenario sweeps
  std::string case_name;                              ///< empty without cases

  Topology topology = Topology::queue;
  std::size_t producers = 1;
  std::size_t consumers = 1;
  /// From the producer to the consumer, these included; over 2 in a pipeline only.
  std::size_t stages = 2;
  std::size_t capacity = 1;
  std::size_t capacity_line = 0;  ///< where the file gives it
  std::size_t message_bytes = 8;
  Payload payload = Payload::in_queue;
  WhenFull when_full = WhenFull::wait;
  Placement placement = Placement::spread;
  Neighbour neighbour = Neighbour::none;
  std::optional<double> cpu_quota_pct;  ///< of the used cores' time, in a CPU cgroup
  Work producer;                        ///< closed loop: before each push
  Work consumer;
  Work stage;                        ///< pipeline: what each of the stages in the middle does
  std::optional<Arrivals> arrivals;  ///< open loop; the producers do no work then
  /// Messages that a producer pushes after one piece of work, or that arrive at once.
  std::size_t batch = 1;
  /// Offered load over service capacity; absent without work (or arrivals) on both sides.
  std::optional<double> rho;
  /// Least length of the measured window, where the scenario gives it.
  std::optional<double> window_ms;

  std::size_t threads() const { return producers + consumers + middle_stages(); }
  std::size_t middle_stages() const { return stages - 2; }
  bool is_chain() const { return topology != Topology::queue; }
  std::size_t queues() const { return topology == Topology::ping_pong ? 2 : stages - 1; }
  /// Memory of the messages that fill the queues, what they own on the heap included: the least
  /// that full queues take.
  std::uint64_t full_bytes() const {
    const std::size_t each = message_bytes + (payload == Payload::heap ? sizeof(HeapMessage) : 0);
    return std::uint64_t{queues()} * capacity * each;
  }
  /// Memory of the working sets of all threads.
  std::uint64_t working_sets_bytes() const {
    return std::uint64_t{producers} * producer.working_set_bytes +
           std::uint64_t{consumers} * consumer.working_set_bytes +
           std::uint64_t{middle_stages()} * stage.working_set_bytes;
  }
  /// What the i-th thread of a chain does for each message.
  const Work& work_of(std::size_t i) const {
    return i == 0 ? producer : i + 1 == stages ? consumer : stage;
  }
  bool works() const {
    return producer.kind != Work::Kind::none || consumer.kind != Work::Kind::none ||
           (middle_stages() > 0 && stage.kind != Work::Kind::none);
  }
  /// The different works among those of its sides that take steps.
  std::vector<const Work*> works_in_steps() const {
    std::vector<const Work*> works;
    for (const Work* work : {&producer, &consumer, &stage}) {
      const auto same = [&](const Work* known) { return work->has_steps_of(*known); };
      if (takes_steps(work->kind) && std::none_of(works.begin(), works.end(), same))
        works.push_back(work);
    }
    return works;
  }
  bool overloaded() const { return arrivals && rho && *rho >= 1; }
  /// The level that gives the number: timestamps would distort a race without work.
  Level level() const {
    const bool timestamped = works() || arrivals || when_full == WhenFull::drop || is_chain();
    return timestamped ? Level::timestamped : Level::untimed;
  }
  /// Whether an untimed trial says anything: an open loop runs at the pace of its arrivals, and the
  /// numbers of a chain come from its timestamps.
  bool can_be_untimed() const { return !arrivals && !is_chain(); }
  /// Least time between messages that the work and the arrivals allow, ns.
  double ideal_ns_per_msg() const {
    const double offer =
        arrivals ? arrivals->mean_ns : producer.mean_ns / static_cast<double>(producers);
    const double consume = consumer.mean_ns / static_cast<double>(consumers);
    if (topology == Topology::ping_pong) return offer + consume;
    return std::max({offer, consume, middle_stages() > 0 ? stage.mean_ns : 0});
  }
  /// What a trial on `used` cores may take of them.
  double quota_cores(std::size_t used) const {
    return static_cast<double>(used) * cpu_quota_pct.value_or(100) / 100;
  }
  /// Whether the producers want a core for a small part of their time only.
  bool producers_sleep() const {
    if (!arrivals) return producer.kind == Work::Kind::sleep;
    const double gap_ns = arrivals->mean_ns * static_cast<double>(producers);
    return arrivals->wait == Arrivals::Wait::sleep && gap_ns >= 5 * Arrivals::up_before_ns;
  }
  /// Threads that want a core while they work or watch the clock.
  std::size_t spinning_threads() const {
    return (producers_sleep() ? 0 : producers) +
           (consumer.kind == Work::Kind::sleep ? 0 : consumers) +
           (stage.kind == Work::Kind::sleep ? 0 : middle_stages());
  }
};

/// What a scenario's `expect` said until runs contradicted it: a prediction that failed is a
/// result.
struct EarlierExpect {
  std::string until;  ///< the day on which it was replaced: 2026-11-28
  std::string text;
  std::string why;  ///< what contradicts it
};

struct Scenario {
  std::string name;
  std::string file;
  std::string question;
  std::string expect;
  std::vector<EarlierExpect> earlier_expect;
  bool rank = true;
  /// The counter that ranks its queues; nullptr: lost time, or else throughput.
  const Counter* judged_by = nullptr;
  std::size_t rounds = default_rounds;
  std::vector<std::string> queues;  ///< empty: the default line-up
  std::size_t queues_line = 0;      ///< where the file names them
  std::vector<Point> points;
  std::vector<Claim> claims;
};

}  // namespace bq::bench
