#include "benchmarks/analysis/ideal_queue.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <deque>
#include <functional>
#include <queue>
#include <vector>

#include "benchmarks/trial/workload.h"
#include "queues/bounded_queue.h"

namespace bq::bench {
namespace {

ServiceTimes draw(std::size_t producers, std::size_t each, double produce_ns, double consume_ns,
                  std::uint64_t seed) {
  Point point;
  point.name = "test";
  point.producers = producers;
  // Sleep: demands are nanoseconds.
  point.producer = {{Distribution::exponential, produce_ns}, Work::Kind::sleep};
  point.consumer = {{Distribution::exponential, consume_ns}, Work::Kind::sleep};
  Demands demands;
  draw_demands(point, seed, 1, StepCosts{}, each, demands);
  ServiceTimes times;
  for (std::size_t p = 0; p < producers; ++p) {
    times.produce.emplace_back(demands.producer[p].begin(), demands.producer[p].end());
    times.consume.emplace_back(demands.consumer[p].begin(), demands.consumer[p].end());
  }
  return times;
}

InitialState empty_start(const ServiceTimes& times, std::size_t consumers) {
  InitialState state;
  for (const auto& stream : times.produce) state.producers.push_back({0, stream[0]});
  state.consumer_free_ns.assign(consumers, 0);
  return state;
}

// One producer and one consumer with exponential times are a birth-death chain on 0..K+2: up while
// the producer is not blocked, down while the consumer has work. X = lambda (1 - rho^(K+2)) / (1 -
// rho^(K+3)).
double closed_form_per_ns(double produce_ns, double consume_ns, std::size_t capacity) {
  const double lambda = 1 / produce_ns;
  const double rho = consume_ns / produce_ns;
  const double k = static_cast<double>(capacity);
  if (rho == 1) return lambda * (k + 2) / (k + 3);
  return lambda * (1 - std::pow(rho, k + 2)) / (1 - std::pow(rho, k + 3));
}

TEST(Ideal, AgreesWithTheClosedFormForExponentialTimes) {
  constexpr std::size_t messages = 1'000'000;
  for (const std::size_t capacity : {1u, 2u, 8u}) {
    for (const double rho : {0.8, 1.0, 1.25}) {
      const ServiceTimes times = draw(1, messages, 100'000, 100'000 * rho, capacity);
      const Replay result = replay(times, empty_start(times, 1), {capacity}, messages);
      const double measured = messages / result.window_ns;
      const double ratio = measured / closed_form_per_ns(100'000, 100'000 * rho, capacity);
      std::printf("K %zu, rho %.2f: replay / closed form = %.4f\n", capacity, rho, ratio);
      EXPECT_NEAR(ratio, 1, 0.01) << "K " << capacity << " rho " << rho;
    }
  }
}

// The same queue told as events in time, independently of the recursion.
double replay_by_events(const ServiceTimes& times, std::size_t consumers, std::size_t capacity,
                        std::size_t messages) {
  struct Event {
    double at;
    bool producer_ready;
    std::size_t who;
    bool operator>(const Event& other) const {
      return at != other.at ? at > other.at : who > other.who;
    }
  };
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events;
  std::vector<std::size_t> next(times.produce.size(), 0);
  std::deque<std::size_t> blocked, idle;
  std::deque<float> inside;
  std::size_t entered = 0;
  double last_entry = 0;
  for (std::size_t p = 0; p < times.produce.size(); ++p)
    events.push({times.produce[p][0], true, p});
  for (std::size_t c = 0; c < consumers; ++c) idle.push_back(c);
  while (entered < messages) {
    const Event event = events.top();
    events.pop();
    if (event.producer_ready) {
      blocked.push_back(event.who);
    } else {
      idle.push_back(event.who);
    }
    for (bool changed = true; changed;) {
      changed = false;
      if (!blocked.empty() && inside.size() < capacity && entered < messages) {
        const std::size_t p = blocked.front();
        blocked.pop_front();
        inside.push_back(times.consume[p][next[p]++]);
        last_entry = event.at;
        ++entered;
        if (next[p] < times.produce[p].size())
          events.push({event.at + times.produce[p][next[p]], true, p});
        changed = true;
      }
      if (!idle.empty() && !inside.empty()) {
        events.push({event.at + inside.front(), false, idle.front()});
        inside.pop_front();
        idle.pop_front();
        changed = true;
      }
    }
  }
  return last_entry;
}

TEST(Ideal, AgreesWithAnEventSimulationForAnyShape) {
  for (const std::size_t producers : {1u, 2u, 4u}) {
    for (const std::size_t consumers : {1u, 3u}) {
      for (const std::size_t capacity :
           {std::size_t{1}, std::size_t{2}, std::size_t{16}, unbounded_capacity}) {
        const ServiceTimes times = draw(producers, 5'000, 1e6 * static_cast<double>(producers),
                                        1.1e6 * static_cast<double>(consumers), capacity);
        const std::size_t messages = 4'000 * producers;
        EXPECT_NEAR(replay(times, empty_start(times, consumers), {capacity}, messages).window_ns,
                    replay_by_events(times, consumers, capacity, messages), 1)
            << producers << "P" << consumers << "C capacity " << capacity;
      }
    }
  }
}

TEST(Ideal, StartsFromTheStateThatIsGiven) {
  // Two messages wait, the consumer is busy for another 50, the producer is ready in 10 and the
  // queue holds 2.
  const ServiceTimes times{{{0, 0, 30, 30}}, {{100, 100, 100, 100}}};
  const InitialState state{{{2, 10}}, {50}, {{0, 0}, {0, 1}}};
  const Replay result = replay(times, state, {2}, 2);
  // Message 2 enters when the consumer takes message 0 at 50; message 3 is ready at 80 and enters
  // as message 1 is taken at 150.
  EXPECT_DOUBLE_EQ(result.window_ns, 150);
  EXPECT_EQ(result.sojourn.count(), 2u);
  // 2: ready at 10, taken at 250. 3: ready at 80, taken at 350.
  EXPECT_NEAR(result.sojourn.mean().value(), (240 + 270) / 2.0, 0.01);
}

TEST(Ideal, InAnOpenLoopMessagesComeWhetherThereIsRoomOrNot) {
  // The consumer takes 100 for each; four arrive at once, into a queue of one.
  const ServiceTimes times{{{0, 0, 0, 0}}, {{100, 100, 100, 100}}, {{10, 10, 10, 10}}};
  std::vector<double> sojourns;
  const Replay result =
      replay(times, {{{0, 10}}, {0}, {}}, {1}, 4,
             [&](std::uint32_t, std::size_t, double ns) { sojourns.push_back(ns); });
  EXPECT_EQ(sojourns, (std::vector<double>{0, 100, 200, 300})) << "who waits outside waits, too";
  EXPECT_DOUBLE_EQ(result.window_ns, 210) << "the last enters when the third is taken";
}

TEST(Ideal, DropsWhatFindsItFull) {
  // The consumer takes 100 for each; the queue holds one. At 10 the first goes straight to the
  // consumer, the second waits, the third is lost; at 120 the second has been taken (at 110), so
  // that the fourth has room.
  const ServiceTimes times{{{0, 0, 0, 0}}, {{100, 100, 100, 100}}, {{10, 10, 10, 120}}};
  std::vector<std::size_t> entered;
  const IdealQueue dropping{.capacity = 1, .drops = true};
  replay(times, {{{0, 10}}, {0}, {}}, dropping, 4,
         [&](std::uint32_t, std::size_t sequence, double) { entered.push_back(sequence); });
  EXPECT_EQ(entered, (std::vector<std::size_t>{0, 1, 3}));
}

// M/M/1/K loses (1 - rho) rho^N / (1 - rho^(N+1)) of what arrives, N = K + 1 with the one in
// service (Erlang).
TEST(Ideal, DropsAsMuchAsErlangsFormulaSays) {
  for (const double rho : {0.8, 1.5}) {
    Point point;
    point.name = "mm1k";
    point.consumer = {{Distribution::exponential, 1e6}, Work::Kind::sleep};
    point.arrivals = Arrivals{{Distribution::exponential, 1e6 / rho}};
    Demands demands;
    constexpr std::size_t messages = 1'000'000;
    draw_demands(point, 3, 1, StepCosts{}, messages, demands);
    ServiceTimes times;
    times.produce = {std::vector<float>(messages)};
    times.consume = {{demands.consumer[0].begin(), demands.consumer[0].end()}};
    times.arrive = demands.arrivals_ns;
    constexpr std::size_t capacity = 4;
    const auto entered =
        replay(times, {{{0, times.arrive[0][0]}}, {0}, {}}, {capacity, 0, true}, messages)
            .sojourn.count();
    const double lost = (1 - rho) * std::pow(rho, capacity + 1) / (1 - std::pow(rho, capacity + 2));
    EXPECT_NEAR(1 - static_cast<double>(entered) / messages, lost, 0.004) << rho;
  }
}

// M/M/1: P(sojourn > t) = exp(-(mu - lambda) t), in all its parts; here waiting only, which an
// empty system makes 0.
TEST(Ideal, WaitsInAnOpenLoopAsKendallsMM1Does) {
  for (const double rho : {0.5, 0.8}) {
    Point point;
    point.name = "mm1";
    point.consumer = {{Distribution::exponential, 1e6}, Work::Kind::sleep};
    point.arrivals = Arrivals{{Distribution::exponential, 1e6 / rho}};
    Demands demands;
    constexpr std::size_t messages = 2'000'000;
    draw_demands(point, 3, 1, StepCosts{}, messages, demands);
    ServiceTimes times;
    times.produce = {std::vector<float>(messages)};
    times.consume = {{demands.consumer[0].begin(), demands.consumer[0].end()}};
    times.arrive = demands.arrivals_ns;
    const Replay result =
        replay(times, {{{0, times.arrive[0][0]}}, {0}, {}}, {unbounded_capacity}, messages);
    EXPECT_NEAR(*result.sojourn.mean() / (1e6 * rho / (1 - rho)), 1, 0.03)
        << "the mean wait, rho / (mu - lambda)";
    // P(wait > t) = rho exp(-(mu - lambda) t).
    const double p99 = std::log(rho / 0.01) / ((1 - rho) / 1e6);
    EXPECT_NEAR(*result.sojourn.quantile(0.99) / p99, 1, 0.05);
  }
}

TEST(Ideal, AHandoffDelaysBothDirections) {
  const ServiceTimes times{{{10, 10, 10}}, {{10, 10, 10}}};
  EXPECT_DOUBLE_EQ(replay(times, empty_start(times, 1), {1}, 3).window_ns, 30);
  // Entered at 10, taken at 15, room seen at 20, where the second has just become ready; taken at
  // 25; the third likewise.
  EXPECT_DOUBLE_EQ(replay(times, empty_start(times, 1), {1, 5}, 3).window_ns, 30);
  // Entered at 10, taken at 18, room seen at 26; entered at 26, taken at 34, room seen at 42.
  EXPECT_DOUBLE_EQ(replay(times, empty_start(times, 1), {1, 8}, 3).window_ns, 42);
}

}  // namespace
}  // namespace bq::bench
