#include "benchmarks/scenario/point_parser.h"

#include <initializer_list>
#include <utility>

#include "benchmarks/scenario/keys.h"
#include "benchmarks/scenario/process_reader.h"

namespace bq::bench {

namespace {

void name_point(const Combination& from, const std::string& case_name, Point& point) {
  point.case_name = case_name;
  if (!case_name.empty()) point.params.emplace_back("case", case_name);
  for (auto& param : from.params()) point.params.push_back(std::move(param));
  point.name = point.scenario;
  for (const auto& [key, value] : point.params) point.name += "/" + key + ":" + text_of(value);
}

// A chain has one thread at each end of each queue.
void check_chain(const Combination& from, const Point& point) {
  if (!point.is_chain()) return;
  const std::initializer_list<std::pair<const char*, bool>> keys_of_one_queue{
      {"producers", point.producers != 1},
      {"consumers", point.consumers != 1},
      {"payload", point.payload != Payload::in_queue},
      {"message_bytes", point.message_bytes != Point{}.message_bytes},
      {"when_full", point.when_full != WhenFull::wait},
      {"batch", point.batch != 1},
      {"rho", point.rho.has_value()},
      {"cpu_quota_pct", point.cpu_quota_pct.has_value()},
      {"arrivals.process", point.arrivals.has_value()},
  };
  const std::string shape(name_of(point.topology));
  for (const auto& [key, given] : keys_of_one_queue) {
    if (given) from.fail(key, "needs shape = \"queue\"; with \"" + shape + "\" leave it out");
  }
}

void check_batch(const Combination& from, const Point& point) {
  if (point.batch == 1) return;
  const Process& offer =
      point.arrivals ? static_cast<const Process&>(*point.arrivals) : point.producer;
  const std::string table = point.arrivals ? "arrivals" : "producer";
  if (!point.arrivals && point.producer.kind == WorkKind::none) {
    from.fail("batch", "needs work of the producer, or [arrivals]");
  }
  if (offer.distribution == Distribution::bursty || offer.distribution == Distribution::trace) {
    from.fail("batch", "needs another " + table +
                           ".process: a bursty one and a trace have batches of their own");
  }
  if (point.batch > point.capacity) {
    from.fail("batch", "a batch of " + std::to_string(point.batch) + " never fits a capacity of " +
                           std::to_string(point.capacity) + ": smaller batches, or more capacity");
  }
}

void check_environment(const Combination& from, const Point& point) {
  if (point.neighbour == Neighbour::none) return;
  if (point.cpu_quota_pct) {
    from.fail("cpu_quota_pct",
              "goes with neighbour = \"none\" only: the background load would use the quota up");
  }
  if (point.arrivals) {
    from.fail(
        "neighbour",
        "needs a closed loop: producers that read the clock until arrivals take the cores, too");
  }
}

// rho is the offered load over what the consumers can do. Given, it sets the producers' mean or
// that of the gaps; otherwise it follows from the means.
void resolve_rho(const Combination& from, Point& point) {
  const bool offers = point.arrivals || point.producer.kind != WorkKind::none;
  const bool both = offers && point.consumer.kind != WorkKind::none;
  const double consume_ns = point.consumer.mean_ns / static_cast<double>(point.consumers);
  const double producers = point.arrivals ? 1 : static_cast<double>(point.producers);
  double& offer_ns = point.arrivals ? point.arrivals->mean_ns : point.producer.mean_ns;
  if (point.rho) {
    if (!both) from.fail("rho", "needs work on both sides, or arrivals and work of the consumer");
    for (const char* key : {"producer.mean_ns", "arrivals.mean_gap_ns", "arrivals.rate_per_s"}) {
      if (from.gives(key)) from.fail(key, "give either this or rho, not both");
    }
    offer_ns = consume_ns * producers / *point.rho;
  }
  check_work(from, "producer", point.producer);
  if (point.arrivals) check_arrivals(from, *point.arrivals);
  if (both && !point.is_chain()) point.rho = consume_ns * producers / offer_ns;
}

}  // namespace

Point read_point(const Combination& from, const std::string& scenario,
                 const std::string& case_name) {
  Point point;
  point.scenario = scenario;
  name_point(from, case_name, point);
  for (const Key& key : keys()) {
    if (key.read) key.read(from, point);
  }
  check_environment(from, point);
  check_batch(from, point);
  check_chain(from, point);
  if (point.when_full == WhenFull::drop && !point.arrivals)
    from.fail("when_full", "\"drop\" needs [arrivals]");
  check_work(from, "stage", point.stage);
  check_work(from, "consumer", point.consumer);
  resolve_rho(from, point);
  return point;
}

}  // namespace bq::bench
