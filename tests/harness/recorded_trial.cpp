// recorded_trial: a trial of the harness over a recorded queue. Writes the recording,
// and prints what the harness's own stamps say of the service times, a line of JSON a message.
// Driven by tests/python/test_recorder.py.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

#include "benchmarks/run/calibration.h"
#include "benchmarks/trial/queue_trial.h"
#include "benchmarks/util/json.h"
#include "benchmarks/util/program.h"
#include "queues/recorded_queue.h"
#include "queues/two_condvar.h"

namespace {

using namespace bq::bench;

/// It says that it is unbounded, so that no probe of its capacity passes through the recorder.
class Queue : public bq::RecordedQueue<bq::TwoCondvarQueue<Message>> {
 public:
  using RecordedQueue::RecordedQueue;
  std::size_t capacity() const { return bq::unbounded_capacity; }
};

/// From the end of a call to the begin of the thread's next one.
template <class Stamps>
Json services(const Stamps& stamps) {
  Json ns = Json::array();
  for (std::size_t i = 1; i < stamps.size(); ++i)
    ns.push_back(ns_between(stamps[i - 1].done, stamps[i].call));
  return ns;
}

}  // namespace

int main(int argc, char** argv) {
  std::string file;
  std::uint64_t messages = 20'000, seed = 1;
  double producer_ns = 5'000, consumer_ns = 10'000;
  CLI::App app{"Records a trial, and prints the service times by the harness's own stamps."};
  app.add_option("file", file)->required();
  app.add_option("--messages", messages);
  app.add_option("--seed", seed);
  app.add_option("--producer-ns", producer_ns);
  app.add_option("--consumer-ns", consumer_ns);
  return run_program(app, argc, argv, [&] {
    setenv("BQ_RECORDING", file.c_str(), 1);
    ns_per_tick();  // measured now, not inside the trial
    Watchdog watchdog(std::chrono::seconds(60), static_cast<int>(ExitStatus::hung),
                      [](const std::string& sentence) { std::cerr << sentence << '\n'; });
    Point point;
    point.scenario = point.name = "recorded_trial";
    point.capacity = 16;
    point.producer = {{Distribution::exponential, producer_ns}, Work::Kind::spin};
    point.consumer = {{Distribution::exponential, consumer_ns}, Work::Kind::spin};
    Demands demands;
    draw_demands(point, seed, 1, probe_cores(point).step_costs, messages, demands);
    const TrialPlan plan{point, Level::timestamped, 1, messages, demands, false};
    TrialRecord record;
    run_trial<Queue>(plan, record, watchdog);
    const auto& pops = record.consumers[0].stamps;
    Json consumer = services(pops);
    consumer.push_back(ns_between(pops.back().done, record.consumers[0].end_call));
    std::cout << Json{{"producer_ns", services(record.producers[0].stamps)},
                      {"consumer_ns", consumer}}
                     .dump()
              << '\n';
    return ExitStatus::ok;
  });
}
