#include "benchmarks/run/machine_baselines.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "benchmarks/platform/affinity.h"
#include "benchmarks/platform/clock.h"
#include "benchmarks/util/statistics.h"
#include "queues/spsc_ring.h"
#include "queues/sync.h"

namespace bq::bench {

namespace {

constexpr std::size_t most_round_trips = 500;
constexpr double most_parking_ns = 40e6;
constexpr double ring_run_ns = 6e6;
constexpr std::size_t most_ring_runs = 7;
constexpr double most_ring_ns = 60e6;
constexpr std::uint64_t first_ring_messages = 50'000;
constexpr int timestamps_a_series = 1'000;
constexpr int timestamp_series = 21;

// As the threads of a trial: consumers first.
int consumer_core() {
  return allowed_cores().front();
}
int producer_core() {
  return allowed_cores()[allowed_cores().size() > 1 ? 1 : 0];
}

double measure_park_round_trip_ns() {
  using Word = StdSync::atomic<std::uint32_t>;
  constexpr std::uint32_t end_word = 0;
  alignas(cache_line_bytes) Word word{end_word};
  const auto publish = [&](std::uint32_t value) {
    word.store(value, std::memory_order_release);
    StdSync::futex_wake(word, 1);
  };
  // What the word holds once it is no longer `own`.
  const auto wait_for_answer_to = [&](std::uint32_t own) {
    std::uint32_t seen;
    while ((seen = word.load(std::memory_order_acquire)) == own) StdSync::futex_wait(word, own);
    return seen;
  };
  // The caller publishes odd numbers, the echo answers each with the next even one, until
  // `end_word`.
  std::jthread echo([&] {
    pin_to(consumer_core());
    std::uint32_t own = end_word;
    for (std::uint32_t answer; (answer = wait_for_answer_to(own)) != end_word; publish(own))
      own = answer + 1;
  });
  std::vector<double> round_trips;
  std::jthread([&] {
    pin_to(producer_core());
    const Ticks begin = now_ticks();
    std::uint32_t own = 1;
    for (Ticks from = begin;
         round_trips.size() < most_round_trips && ns_between(begin, from) < most_parking_ns;
         own += 2) {
      publish(own);
      wait_for_answer_to(own);
      const Ticks back = now_ticks();
      round_trips.push_back(ns_between(std::exchange(from, back), back));
    }
    publish(end_word);
  }).join();
  return median(round_trips);
}

// From the first message taken to the last.
double ring_ns(std::uint64_t messages) {
  SpscRingSpin<std::uint64_t> ring(1024);
  std::barrier start(2);
  double ns = 0;
  std::jthread consumer([&] {
    pin_to(consumer_core());
    start.arrive_and_wait();
    std::optional<std::uint64_t> message;
    ring.pop(message);
    const Ticks first = now_ticks();
    for (std::uint64_t i = 1; i < messages; ++i) ring.pop(message);
    ns = ns_between(first, now_ticks());
  });
  std::jthread producer([&] {
    pin_to(producer_core());
    start.arrive_and_wait();
    for (std::uint64_t i = 0; i < messages; ++i) ring.push(std::uint64_t{i});
  });
  producer.join();
  consumer.join();
  return ns;
}

double measure_spsc_msgs_per_s() {
  const double share_of_a_run = ring_run_ns / ring_ns(first_ring_messages);
  const auto messages = static_cast<std::uint64_t>(
      std::clamp(share_of_a_run * first_ring_messages, 1'000.0, 100.0 * first_ring_messages));
  std::vector<double> rates;
  const Ticks begin = now_ticks();
  do {
    rates.push_back(static_cast<double>(messages) / ring_ns(messages) * 1e9);
  } while (rates.size() < most_ring_runs && ns_between(begin, now_ticks()) < most_ring_ns);
  return median(rates);
}

double measure_timestamp_ns() {
  std::vector<double> each_ns;
  std::jthread([&] {
    pin_to(producer_core());
    for (int series = 0; series < timestamp_series; ++series) {
      const Ticks first = now_ticks();
      Ticks last = first;
      for (int i = 0; i < timestamps_a_series; ++i) last = now_ticks();
      each_ns.push_back(ns_between(first, last) / timestamps_a_series);
    }
  }).join();
  return median(each_ns);
}

}  // namespace

MachineBaselines measure_machine_baselines() {
  MachineBaselines limits{measure_park_round_trip_ns(), std::nullopt, measure_timestamp_ns()};
  if (allowed_cores().size() > 1) limits.spsc_msgs_per_s = measure_spsc_msgs_per_s();
  return limits;
}

}  // namespace bq::bench
