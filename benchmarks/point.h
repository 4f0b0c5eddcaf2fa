// What is asked: a point is one fully resolved combination of a scenario's parameters. Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace bq::bench {

/// What one side does for each message.
struct Work {
  enum class Kind : std::uint8_t { none, spin, sleep };
  enum class Process : std::uint8_t { constant, exponential, bursty };

  Kind kind = Kind::none;
  Process process = Process::constant;
  double mean_ns = 0;            ///< over everything, pauses between bursts included
  std::uint64_t burst_msgs = 0;  ///< bursty: messages a burst
  double burst_gap_ns = 0;       ///< bursty: time between the messages of a burst; the pauses are exponential
};

enum class Placement : std::uint8_t {
  spread,    ///< thread i on allowed core i mod n, consumers first
  free,      ///< wherever the kernel puts it
  one_core,  ///< all on the first allowed core
};

enum class Level : std::uint8_t {
  traced,   ///< a stamp before and after every call
  counted,  ///< no stamps in the loop
};

struct Point {
  using Value = std::variant<std::int64_t, double, std::string>;

  std::string scenario;
  std::string name;                                   ///< scenario/param:value/...
  std::vector<std::pair<std::string, Value>> params;  ///< what the scenario sweeps
  std::string case_name;                              ///< empty without cases

  std::size_t producers = 1;
  std::size_t consumers = 1;
  std::size_t capacity = 1;
  std::size_t message_bytes = 8;
  Placement placement = Placement::spread;
  Work producer;
  Work consumer;
  std::optional<double> rho;  ///< offered load over service capacity; absent without work on both sides
  double window_ms = 0;       ///< least length of the measured window, if the scenario asks for more than the usual

  std::size_t threads() const { return producers + consumers; }
  bool works() const { return producer.kind != Work::Kind::none || consumer.kind != Work::Kind::none; }
  /// The level that gives the number: stamps would distort a race without work.
  Level level() const { return works() ? Level::traced : Level::counted; }
  /// Least time between messages that the work allows, ns.
  double ideal_ns_per_msg() const {
    const double produce = producer.mean_ns / static_cast<double>(producers);
    const double consume = consumer.mean_ns / static_cast<double>(consumers);
    return produce > consume ? produce : consume;
  }
  /// Threads that want a core while they work.
  std::size_t spinning_threads() const {
    return (producer.kind == Work::Kind::sleep ? 0 : producers) + (consumer.kind == Work::Kind::sleep ? 0 : consumers);
  }
};

struct Scenario {
  std::string name;
  std::string file;
  std::string question;
  std::string expect;
  bool rank = true;
  std::size_t rounds = 12;
  std::vector<std::string> queues;  ///< empty: the default line-up
  std::size_t queues_line = 0;      ///< where the file names them
  std::vector<Point> points;
};

}  // namespace bq::bench
