// What the handles and the harness's counted loops add to a queue, for callgrind to count:
//   loop_overhead direct|handles|harness QUEUE N     N uncontended pushes, then N pops and the end
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>

#include "benchmarks/trial/queue_trial.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/program.h"
#include "queues/mpmc_ring.h"
#include "queues/reference.h"
#include "queues/spsc_ring.h"
#include "queues/two_condvar.h"

namespace {

using namespace bq::bench;

// What a trial must do at the least, by hand: send numbered messages, check that they arrive in
// order, and sum them up. They are taken by pop(out) where there is one, as in a trial.
template <class Producer, class Consumer>
[[gnu::noinline]] std::uint64_t by_hand(Producer& producer, Consumer& consumer, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!producer.push(Message::of(0, i))) std::abort();
  }
  producer.close();
  detail::ArrivalCheck check(1);
  if constexpr (requires(std::optional<Message> message) { consumer.pop(message); }) {
    std::optional<Message> message;
    while (consumer.pop(message) == bq::Status::done) check(*message);
  } else {
    while (const std::optional<Message> message = consumer.pop()) check(*message);
  }
  return check.checksum();
}

template <class Q>
[[gnu::noinline]] std::uint64_t by_harness(Q& queue, std::size_t count) {
  const Point point;
  const Demands demands;
  const TrialPlan plan{point, Level::untimed, 0, count, demands};
  const TrialRecord trial;
  ProducerRecord sent;
  ConsumerRecord received;
  Worker work(point.producer);
  WorkerStatus status;
  detail::push_range<Level::untimed, detail::Pace::nothing, WhenFull::wait>(
      queue, 0, 0, count, plan, trial, sent, work, status);
  queue.close();
  detail::ArrivalCheck check(1);
  detail::pop_range<Level::untimed, false, false>(queue, plan, received, check, work, status);
  return check.checksum();
}

// A producer handle that can be told to go away, as by_hand wants it.
template <class Q>
struct ClosingProducer {
  bq::Producer<Q> handle;
  bool push(Message&& message) { return handle.push(std::move(message)); }
  void close() { handle.queue().close(); }
};

template <class Q>
std::uint64_t run(const std::string& way, std::size_t count) {
  if (way == "handles") {
    auto [producer, consumer] = bq::make_handles<Q>(count);
    ClosingProducer<Q> closing{std::move(producer)};
    return by_hand(closing, consumer, count);
  }
  Q queue(count);
  return way == "direct" ? by_hand(queue, queue, count) : by_harness(queue, count);
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, std::uint64_t (*)(const std::string&, std::size_t)> queues{
      {"reference", run<bq::ReferenceQueue<Message>>},
      {"two_condvar", run<bq::TwoCondvarQueue<Message>>},
      {"mpmc_spin_yield_park", run<bq::MpmcRingSpinYieldPark<Message>>},
      {"spsc_spin_yield_park", run<bq::SpscRingSpinYieldPark<Message>>},
  };
  return run_program([&] {
    const auto entry = argc == 4 ? queues.find(argv[2]) : queues.end();
    const std::string way = argc == 4 ? argv[1] : "";
    if (entry == queues.end() || (way != "direct" && way != "handles" && way != "harness")) {
      throw UsageError(
          "usage: loop_overhead direct|handles|harness QUEUE N; QUEUE is reference, two_condvar, "
          "mpmc_spin_yield_park or spsc_spin_yield_park");
    }
    const std::size_t count = parse_number("N", argv[3], 1, 10'000'000);
    std::printf("%016llx\n", static_cast<unsigned long long>(entry->second(way, count)));
    return ExitStatus::ok;
  });
}
