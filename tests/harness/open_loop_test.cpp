// A generator that the machine stops for 2 ms: what is charged to the queue, and what to the
// generator. The trials are simulated, with a queue whose hand-offs are known.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "benchmarks/analysis/ideal_queue.h"
#include "benchmarks/analysis/queue_analysis.h"
#include "benchmarks/analysis/service_times.h"
#include "benchmarks/scenario/message.h"
#include "benchmarks/trial/workload.h"
#include "tests/harness/stopped_generator.h"

namespace bq::bench {
namespace {

constexpr std::size_t messages = 20'000, warmup = 2'500;
constexpr std::size_t stopped_message = 8'000;
constexpr double work_ns = 2'000, stop_ns = 2e6;
constexpr double push_ns = 50, pause_ns = 20;

/// Until a message is in the consumer's hands: from the push if the consumer waits, else from the
/// pop.
struct Handoff {
  double wait_ns, take_ns;
};
constexpr Handoff spinning{200, 50}, sleeping{10'000, 50};

struct Setting {
  double rho = 0.8;
  Handoff handoff = spinning;
  std::size_t capacity = 1'024;
  WhenFull when_full = WhenFull::wait;
};

Ticks stop_ticks() {
  return static_cast<Ticks>(std::ceil(stop_ns / ns_per_tick()));
}

class SimulatedTrial {
 public:
  /// `stops`: the generator does, before the message `stopped_message`.
  explicit SimulatedTrial(const Setting& setting, bool stops = false) {
    point_.scenario = point_.name = "simulated";
    point_.capacity = setting.capacity;
    point_.when_full = setting.when_full;
    point_.consumer = {{Distribution::exponential, work_ns}, Work::Kind::spin};
    point_.arrivals = Arrivals{{Distribution::exponential, work_ns / setting.rho}};
    point_.rho = setting.rho;
    draw_demands(point_, 1, 1, StepCosts{}, messages, demands_);  // a step is a nanosecond
    record_.capacity = setting.capacity;
    record_.start = to_ticks(1e6);
    record_.producers.resize(1);
    record_.consumers.resize(1);
    simulate(setting, stops);
  }

  const TrialRecord& record() const { return record_; }

  TrialRecord stopped_for(double length_ns, std::size_t message = stopped_message) const {
    return test::with_stopped_generator(plan(), record_, {message, length_ns});
  }

  TrialResult analyse(const TrialRecord& record, std::size_t cores = 2) const {
    TrialResult result = analyse_queue(plan(), record, {}, std::nullopt, cores);
    EXPECT_EQ(result.fault + result.void_reason, "");
    return result;
  }

 private:
  TrialPlan plan() const { return {point_, Level::timestamped, warmup, messages, demands_}; }

  void simulate(const Setting& setting, bool stops) {
    ProducerRecord& producer = record_.producers.front();
    ConsumerRecord& consumer = record_.consumers.front();
    const bool drops = setting.when_full == WhenFull::drop;
    if (drops) producer.dropped.assign(messages, false);
    std::vector<PopStamp>& pops = consumer.stamps;
    Ticks pop_call = record_.start;
    for (std::size_t i = 0; i < messages; ++i) {
      Ticks call = record_.start + to_ticks(demands_.arrivals_ns[0][i]);
      call = std::max(call, producer.done) + to_ticks(pause_ns);
      if (stops && i == stopped_message) call += stop_ticks();
      const bool full = pops.size() >= setting.capacity;
      const Ticks room = full ? pops[pops.size() - setting.capacity].done : 0;
      producer.done = (drops ? call : std::max(call, room)) + to_ticks(push_ns);
      producer.stamps.push_back({call, producer.done});
      if (i + 1 == warmup) producer.warm = producer.done;
      if (drops && room > call) {
        producer.dropped[i] = true;
        continue;
      }
      const Ticks done = pop_call <= call ? call + to_ticks(setting.handoff.wait_ns)
                                          : pop_call + to_ticks(setting.handoff.take_ns);
      pops.push_back({pop_call, done, Message::of(0, i).id});
      pop_call = done + to_ticks(demands_.consumer[0][i]);
      if (i >= warmup && !consumer.warm) consumer.warm = done;
    }
    consumer.messages = pops.size();
    consumer.end_call = pop_call;
  }

  Point point_;
  Demands demands_;
  TrialRecord record_;
};

struct Results {
  TrialResult without, with;  // the stop

  explicit Results(const Setting& setting, std::size_t cores = 2) {
    const SimulatedTrial trial(setting);
    without = trial.analyse(trial.record(), cores);
    with = trial.analyse(trial.stopped_for(stop_ns), cores);
  }
  double rise(const char* counter) const {
    return with.counter(counter).value() - without.counter(counter).value();
  }
  void expect_as_without(const char* counter) const {
    const double value = without.counter(counter).value();
    EXPECT_NEAR(with.counter(counter).value(), value, 0.1 * value + 50) << counter;
  }
};

void expect_same_stamps(const TrialRecord& record, const TrialRecord& expected) {
  const ProducerRecord &producer = record.producers[0], &producer_of = expected.producers[0];
  ASSERT_EQ(producer.stamps.size(), producer_of.stamps.size());
  for (std::size_t i = 0; i < producer.stamps.size(); ++i) {
    ASSERT_EQ(producer.stamps[i].call, producer_of.stamps[i].call) << i;
    ASSERT_EQ(producer.stamps[i].done, producer_of.stamps[i].done) << i;
  }
  EXPECT_EQ(producer.dropped, producer_of.dropped);
  EXPECT_EQ(producer.done, producer_of.done);
  const ConsumerRecord &consumer = record.consumers[0], &consumer_of = expected.consumers[0];
  ASSERT_EQ(consumer.stamps.size(), consumer_of.stamps.size());
  for (std::size_t i = 0; i < consumer.stamps.size(); ++i) {
    ASSERT_EQ(consumer.stamps[i].call, consumer_of.stamps[i].call) << i;
    ASSERT_EQ(consumer.stamps[i].done, consumer_of.stamps[i].done) << i;
    ASSERT_EQ(consumer.stamps[i].id, consumer_of.stamps[i].id) << i;
  }
  EXPECT_EQ(consumer.messages, consumer_of.messages);
  EXPECT_EQ(consumer.end_call, consumer_of.end_call);
}

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all{
      {0.5, spinning},
      {0.8, spinning},
      {0.8, sleeping},
      {0.8, spinning, 16},  // pushes wait for room, before the stop as well
      {0.8, sleeping, 8, WhenFull::drop}};
  return all;
}

// ----------------------------------------------------------------------------- the record replayed

TEST(StoppedGenerator, AStopOfNoLengthChangesNothing) {
  for (const Setting& setting : settings()) {
    SCOPED_TRACE(testing::Message() << "rho " << setting.rho << " capacity " << setting.capacity);
    const SimulatedTrial trial(setting);
    expect_same_stamps(trial.stopped_for(0), trial.record());
  }
}

TEST(StoppedGenerator, IsTheTrialThatWouldHaveBeen) {
  for (const Setting& setting : settings()) {
    SCOPED_TRACE(testing::Message() << "rho " << setting.rho << " capacity " << setting.capacity);
    expect_same_stamps(SimulatedTrial(setting).stopped_for(stop_ns),
                       SimulatedTrial(setting, true).record());
  }
}

TEST(StoppedGenerator, StopsInsideTheWindowOnly) {
  const SimulatedTrial trial{Setting{}};
  EXPECT_THROW(trial.stopped_for(stop_ns, warmup - 1), std::invalid_argument);
  EXPECT_NO_THROW(trial.stopped_for(stop_ns, messages - 1));
}

// --------------------------------------------------------------------------- what is charged where

TEST(OpenLoopStops, LatenessCountsEveryMessageBehindAStop) {
  const Results results{Setting{}};
  // At rho 0.8 some 800 of 17,500 messages arrive during the stop. One in a hundred of all is a
  // fifth of those: they came in the first fifth of the stop.
  EXPECT_LT(*results.without.counter("generator_late_p99_ns"), 1'000);
  EXPECT_EQ(*results.without.counter("generator_is_late"), 0);
  EXPECT_NEAR(*results.with.counter("generator_late_p99_ns"), 0.8 * stop_ns, 0.1 * stop_ns);
  EXPECT_EQ(*results.with.counter("generator_is_late"), 1);
}

TEST(OpenLoopStops, AStopIsReported) {
  for (const Handoff& handoff : {spinning, sleeping}) {
    const Results results{{0.8, handoff}};
    EXPECT_NEAR(*results.without.counter("generator_pause_max_ns"), pause_ns, 2);
    EXPECT_NEAR(*results.with.counter("generator_pause_max_ns"), stop_ns + pause_ns, 2);
    EXPECT_GE(*results.with.counter("generator_pause_max_ns"), stop_ns);
    EXPECT_NEAR(results.rise("generator_pause_share"), stop_ns / results.with.window_ns, 1e-4);
    EXPECT_LT(*results.without.counter("generator_pauses_cost_mean_ns"), 1'000);
    EXPECT_GT(*results.with.counter("generator_pauses_cost_mean_ns"), 100'000);
  }
}

TEST(OpenLoopStops, AStopIsNotChargedToTheQueue) {
  for (const Handoff& handoff : {spinning, sleeping}) {
    SCOPED_TRACE(handoff.wait_ns);
    Results{{0.5, handoff}}.expect_as_without("excess_p50_ns");
  }
  const Results free_in_a_backlog{{0.8, {200, 0}}};
  free_in_a_backlog.expect_as_without("excess_p50_ns");
  free_in_a_backlog.expect_as_without("excess_mean_ns");
}

// What the queue itself costs in the backlog behind a stop is charged to it: while the backlog
// drains, a message takes the queue `take_ns` of the time that the arrivals leave, and the lag
// behind the ideal queue grows.
TEST(OpenLoopStops, TheBacklogBehindAStopCostsWhatTheQueueTakes) {
  for (const double rho : {0.5, 0.8}) {
    for (const Handoff& handoff : {spinning, sleeping}) {
      const Results results{{rho, handoff}};
      const double share = handoff.take_ns / (work_ns / rho - work_ns);
      EXPECT_NEAR(results.rise("excess_mean_ns") / results.rise("generator_pauses_cost_mean_ns"),
                  share, 0.3 * share)
          << "rho " << rho << " wait " << handoff.wait_ns;
    }
  }
}

// There a queue that spins may have taken the generator's core.
TEST(OpenLoopStops, OnOneCoreAStopIsChargedToTheQueue) {
  for (const Handoff& handoff : {spinning, sleeping}) {
    const Results results{{0.8, handoff}, 1};
    EXPECT_GT(results.rise("excess_mean_ns"), 0.9 * results.rise("generator_pauses_cost_mean_ns"));
    EXPECT_GT(results.rise("excess_mean_ns"), 100'000);
    EXPECT_FALSE(results.with.counter("generator_pause_share"));
  }
}

TEST(OpenLoopStops, WhatIsDroppedBehindAStopIsNotChargedToTheQueue) {
  for (const Handoff& handoff : {spinning, sleeping}) {
    SCOPED_TRACE(handoff.wait_ns);
    const Results results{{0.8, handoff, 8, WhenFull::drop}};
    EXPECT_GT(results.rise("dropped_share"), 0.03) << "nearly all of the 800 behind the stop";
    EXPECT_NEAR(results.rise("excess_dropped_share"), 0, 0.005);
    EXPECT_NEAR(results.rise("ideal_dropped_share"), 0, 2e-4) << "it is that of the arrivals";
  }
}

// ------------------------------------------------------------------------ the ideal queue's pauses

// The consumer takes 30 for each, the queue holds one. Without pauses the messages enter at 10, 20,
// 40 and 70 (when the second and the third are taken), and are taken at 10, 40, 70 and 100.
// With pauses: the first enters at 10 + 3. The second at 20 + 5, and is taken at 43. The third is
// ready at 30, finds room at 43 and is taken at 73. Only then is the producer free for the fourth,
// which arrived at 40: it enters at 43 + 65, when the consumer has been idle since 103.
TEST(IdealWithPauses, APauseBeginsWhenTheProducerIsFreeAndTheMessageThere) {
  ServiceTimes times{{{0, 0, 0, 0}}, {{30, 30, 30, 30}}, {{10, 20, 30, 40}}};
  const auto sojourns = [&] {
    std::vector<double> all;
    replay(times, state_at_start(times, 1), {1}, 4,
           [&](std::uint32_t, std::size_t, double ns) { all.push_back(ns); });
    return all;
  };
  EXPECT_EQ(sojourns(), (std::vector<double>{0, 20, 40, 60}));
  times.pause = {{3, 5, 0, 65}};
  EXPECT_EQ(sojourns(), (std::vector<double>{13 - 10, 43 - 20, 73 - 30, 108 - 40}));
  EXPECT_DOUBLE_EQ(replay(times, state_at_start(times, 1), {1}, 4).window_ns, 108);
}

}  // namespace
}  // namespace bq::bench
