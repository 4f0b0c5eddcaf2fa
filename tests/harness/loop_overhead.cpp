// What the handles and the harness's counted loops add to a queue, for callgrind to count:
//   loop_overhead direct|handles|harness reference|two_condvar N     N uncontended pushes and pops, in batches of 64
#include <cstdio>
#include <cstdlib>
#include <string>

#include "benchmarks/run_trial.h"
#include "queues/reference.h"
#include "queues/two_condvar.h"

namespace {

using namespace bq::bench;

constexpr std::size_t batch = 64;

// What a trial must do at the least, by hand: send numbered messages, check that they arrive in order, and sum them up.
template <class Producer, class Consumer>
[[gnu::noinline]] std::uint64_t by_hand(Producer& producer, Consumer& consumer, std::size_t count) {
  detail::ArrivalCheck check(1);
  for (std::size_t first = 0; first < count; first += batch) {
    for (std::size_t i = first; i < first + batch; ++i) {
      if (!producer.push(Message::of(0, i))) std::abort();
    }
    for (std::size_t i = first; i < first + batch; ++i) {
      const std::optional<Message> message = consumer.pop();
      if (!message) std::abort();
      check(*message);
    }
  }
  return check.checksum();
}

template <class Producer, class Consumer>
[[gnu::noinline]] std::uint64_t by_harness(Producer& producer, Consumer& consumer, std::size_t count) {
  const Point point;
  Demands demands;
  ProducerRecord sent;
  ConsumerRecord received;
  WorkerStatus status;
  detail::ArrivalCheck check(1);
  for (std::size_t first = 0; first < count; first += batch) {
    const TrialPlan plan{point, Level::counted, first + batch - 1, count,
                         demands};  // the last of the batch ends pop_range
    detail::push_range<Level::counted, false>(producer, 0, first, first + batch, plan, sent, status);
    detail::pop_range<Level::counted, false, true>(consumer, plan, received, check, status);
  }
  return check.checksum();
}

template <class Q>
std::uint64_t run(const std::string& way, std::size_t count) {
  if (way == "direct") {
    Q queue(batch);
    return by_hand(queue, queue, count);
  }
  auto [producer, consumer] = bq::make_handles<Q>(batch);
  return way == "handles" ? by_hand(producer, consumer, count) : by_harness(producer, consumer, count);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::size_t count = std::strtoul(argv[3], nullptr, 10) / batch * batch;
  const std::uint64_t checksum = std::string(argv[2]) == "reference"
                                     ? run<bq::ReferenceQueue<Message>>(argv[1], count)
                                     : run<bq::TwoCondvarQueue<Message>>(argv[1], count);
  std::printf("%016llx\n", static_cast<unsigned long long>(checksum));
}
