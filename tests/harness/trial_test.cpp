// Whole trials: right queues pass, wrong ones never get a number; and hand-made records for what a
// race shows only by luck.
#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "benchmarks/analysis/queue_analysis.h"
#include "benchmarks/platform/affinity.h"
#include "benchmarks/run/pilot.h"
#include "benchmarks/scenario/counters.h"
#include "benchmarks/trial/queue_trial.h"
#include "queues/two_condvar.h"
#include "tests/contract/partial_queues.h"
#include "tests/harness/faulty_queues.h"

namespace bq::bench {
namespace {

constexpr std::size_t each = 4'000;

Point point_of(std::size_t producers, std::size_t consumers, std::size_t capacity,
               double produce_ns, double consume_ns) {
  Point point;
  point.scenario = point.name = "test";
  point.producers = producers;
  point.consumers = consumers;
  point.capacity = capacity;
  if (produce_ns > 0) point.producer = {{Distribution::exponential, produce_ns}, Work::Kind::spin};
  if (consume_ns > 0) point.consumer = {{Distribution::exponential, consume_ns}, Work::Kind::spin};
  return point;
}

template <template <class> class Queue, class M = Message>
TrialResult trial(const Point& point, Level level, std::size_t messages = each) {
  static Watchdog watchdog(std::chrono::seconds(30), 4,
                           [](const std::string& what) { ADD_FAILURE() << what; });
  Demands demands;
  draw_demands(point, 1, 1, StepCosts{}, messages, demands);
  const TrialPlan plan{point, level, messages / 8, messages, demands};
  TrialRecord record;
  run_trial<Queue<M>>(plan, record, watchdog);
  return analyse_queue(plan, record, Queue<M>::traits, 50.0, allowed_cores().size());
}

template <class T>
using RightQueue = TwoCondvarQueue<T>;

// On a busy machine a short trial can be without a window: the threads started too far apart. Never
// for long.
TrialResult trial_with_window(const Point& point, Level level) {
  TrialResult result;
  for (int attempt = 0; attempt < 100; ++attempt) {
    result = trial<RightQueue>(point, level);
    if (result.void_reason.empty()) break;
  }
  EXPECT_EQ(result.void_reason, "");
  return result;
}

class BothLevels : public testing::TestWithParam<Level> {};
INSTANTIATE_TEST_SUITE_P(Levels, BothLevels, testing::Values(Level::untimed, Level::timestamped),
                         [](const auto& level) {
                           return level.param == Level::untimed ? "untimed" : "timestamped";
                         });

TEST_P(BothLevels, ARightQueueHasNumbers) {
  for (const auto& [producers, consumers] : {std::pair{1, 1}, {3, 1}, {1, 3}, {2, 2}}) {
    const Point point = point_of(static_cast<std::size_t>(producers),
                                 static_cast<std::size_t>(consumers), 4, 500, 500);
    const TrialResult result = trial_with_window(point, GetParam());
    ASSERT_EQ(result.fault, "");
    EXPECT_TRUE(result.counter("throughput_msgs_per_s"));
    EXPECT_EQ(result.counter("efficiency").has_value(), GetParam() == Level::timestamped);
  }
}

template <class T>
using BatchQueue = elsewhere::BatchesQueue<T>;

/// Leaves out the last message of each batch that it takes.
template <class T>
class LosesOfBatches : public elsewhere::BatchesQueue<T> {
 public:
  explicit LosesOfBatches(std::size_t capacity) : elsewhere::BatchesQueue<T>(capacity) {}
  std::size_t pop_batch(std::span<std::optional<T>> out) {
    const std::size_t taken = elsewhere::BatchesQueue<T>::pop_batch(out);
    return taken > 1 ? taken - 1 : taken;
  }
};

TEST_P(BothLevels, BatchesAreVerified) {
  for (const auto& [producers, consumers] : {std::pair{1, 1}, {3, 1}, {1, 3}, {2, 2}}) {
    Point point = point_of(static_cast<std::size_t>(producers), static_cast<std::size_t>(consumers),
                           16, 500, 400);
    point.batch = 8;
    EXPECT_EQ(trial<BatchQueue>(point, GetParam()).fault, "");
    const std::string fault = trial<LosesOfBatches>(point, GetParam()).fault;
    EXPECT_TRUE(fault.starts_with("exactly once")) << fault;
  }
}

// Whatever kind of trial, its numbers have names that scenarios may judge by, and that
// results/README.md explains.
TEST_P(BothLevels, EveryNumberIsAListedCounter) {
  const std::size_t too_many = allowed_cores().size() + 1;
  Point sleeping = point_of(1, 1, 4, 500, 500);
  sleeping.producer.kind = Work::Kind::sleep;
  std::vector<Point> points{point_of(1, 1, 64, 0, 0), point_of(1, 1, 64, 500, 500),
                            point_of(1, 1, 4, 0, 500), sleeping,
                            point_of(too_many, too_many, 4, 500, 500)};
  if (GetParam() == Level::timestamped) {  // as every open loop is
    Point open = point_of(1, 1, 64, 0, 500);
    open.arrivals = Arrivals{{Distribution::exponential, 1'000}};
    open.rho = 0.5;
    Point dropping = open;
    dropping.capacity = 1;
    dropping.when_full = WhenFull::drop;
    points.insert(points.end(), {open, dropping});
  }
  for (const Point& point : points) {
    TrialResult result;
    for (int attempt = 0; attempt < 100 && result.counters.empty(); ++attempt) {
      // A p99 takes 10,000.
      result = trial<RightQueue>(point, GetParam(), point.capacity == 64 ? 4 * each : each / 4);
    }
    EXPECT_FALSE(result.counters.empty()) << result.fault << result.void_reason;
    for (const auto& [name, value] : result.counters)
      EXPECT_NE(find_counter(name), nullptr) << name;
  }
}

#define EXPECT_FAULT(Queue, point, text)                                                 \
  do {                                                                                   \
    const TrialResult result = trial<Queue>(point, GetParam());                          \
    EXPECT_NE(result.fault.find(text), std::string::npos) << "'" << result.fault << "'"; \
    EXPECT_TRUE(result.counters.empty());                                                \
  } while (false)

TEST_P(BothLevels, AQueueThatDropsHasNone) {
  EXPECT_FAULT(test::DroppingQueue, point_of(1, 1, 16, 200, 200), "exactly once");
}
TEST_P(BothLevels, AQueueThatDuplicatesHasNone) {
  // The copy is seen as a second arrival of a message or as a step back in its producer's order:
  // either is a fault.
  const TrialResult result =
      trial<test::DuplicatingQueue>(point_of(1, 1, 16, 200, 200), GetParam());
  EXPECT_FALSE(result.fault.empty());
  EXPECT_TRUE(result.counters.empty());
}
TEST_P(BothLevels, AQueueThatReordersHasNone) {
  EXPECT_FAULT(test::ReorderingQueue, point_of(1, 1, 16, 0, 500), "order");
}
TEST_P(BothLevels, AQueueThatOverfillsHasNone) {
  EXPECT_FAULT(test::OverfullQueue, point_of(1, 1, 16, 200, 200), "bound");
}

TEST(Traced, AQueueThatOverfillsOnlyInPushHasNone) {
  const TrialResult result =
      trial<test::SlyOverfullQueue>(point_of(1, 1, 4, 0, 2'000), Level::timestamped);
  EXPECT_NE(result.fault.find("bound: 5 messages"), std::string::npos) << result.fault;
}

// Two producers of one message each and one consumer, with stamps as given (in ticks).
struct HandMade {
  Point point = point_of(2, 1, 1, 0, 0);
  Demands demands;
  TrialRecord record;

  HandMade(PushStamp first, PushStamp second, std::vector<PopStamp> pops) {
    demands.producer.resize(2);
    demands.consumer.resize(2);
    record.capacity = 1;
    record.producers.resize(2);
    record.consumers.resize(1);
    record.producers[0].stamps = {first};
    record.producers[1].stamps = {second};
    record.consumers[0].stamps = std::move(pops);
    record.consumers[0].messages = record.consumers[0].stamps.size();
    record.consumers[0].end_call = 1000;
  }
  std::string fault(Traits traits = {}) {
    return analyse_queue({point, Level::timestamped, 0, 1, demands}, record, traits, std::nullopt,
                         2)
        .fault;
  }
};

const std::uint64_t from_first = Message::of(0, 0).id;
const std::uint64_t from_second = Message::of(1, 0).id;

TEST(HandMadeRecords, AnOvertakingBetweenProducersBreaksGlobalFifoOnly) {
  const auto overtaken = [] {
    return HandMade({10, 20}, {30, 40}, {{25, 50, from_second}, {60, 70, from_first}});
  };
  EXPECT_NE(overtaken().fault().find("order"), std::string::npos);
  EXPECT_EQ(overtaken().fault({.fifo = Fifo::per_producer}), "");
}

TEST(HandMadeRecords, PushesThatOverlapMayComeOutInEitherOrder) {
  EXPECT_EQ(HandMade({10, 35}, {30, 40}, {{33, 50, from_second}, {55, 70, from_first}}).fault(),
            "");
}

TEST(HandMadeRecords, TheBoundCountsCompletedPushesLessBegunPops) {
  EXPECT_NE(HandMade({10, 20}, {12, 22}, {{30, 50, from_first}, {60, 70, from_second}})
                .fault()
                .find("bound: 2"),
            std::string::npos);
  EXPECT_EQ(HandMade({10, 20}, {12, 22}, {{15, 50, from_first}, {60, 70, from_second}}).fault(), "")
      << "a pop had begun";
}

TEST(HandMadeRecords, AMessageNobodySentAndOneThatCameTwice) {
  EXPECT_NE(HandMade({10, 20}, {30, 40}, {{15, 50, from_first}, {60, 70, 77}})
                .fault()
                .find("nobody sent"),
            std::string::npos);
  EXPECT_NE(HandMade({10, 20}, {30, 40}, {{15, 50, from_first}, {60, 70, from_first}})
                .fault()
                .find("twice"),
            std::string::npos);
}

TEST(HandMadeRecords, AMessageThatWasDroppedMustNotArrive) {
  HandMade arrived({10, 20}, {30, 40}, {{15, 50, from_first}, {60, 70, from_second}});
  arrived.record.producers[1].dropped = {true};
  EXPECT_NE(arrived.fault().find("though its push was refused"), std::string::npos)
      << arrived.fault();
  HandMade gone({10, 20}, {30, 40}, {{15, 50, from_first}});
  EXPECT_NE(gone.fault().find("never arrived"), std::string::npos) << gone.fault();
  gone.record.producers[1].dropped = {true};
  EXPECT_EQ(gone.fault(), "");
}

TEST(HandMadeRecords, AWindowThatShrankToAFractionIsVoid) {
  Point point = point_of(1, 1, 4, 0, 0);
  Demands demands;
  demands.producer.resize(1);
  demands.consumer.resize(1);
  TrialRecord record;
  record.capacity = 4;
  record.producers.resize(1);
  record.consumers.resize(1);
  for (std::uint64_t i = 0; i < 10; ++i) {
    record.producers[0].stamps.push_back({100 * i, 100 * i + 10});
    record.consumers[0].stamps.push_back({100 * i + 20, 100 * i + 30, Message::of(0, i).id});
  }
  record.producers[0].warm = 5;
  record.producers[0].done = 910;
  record.consumers[0].messages = 10;
  record.consumers[0].end_call = 2'000;
  const auto result = [&](Ticks consumer_warm) {
    record.consumers[0].warm = consumer_warm;
    return analyse_queue({point, Level::timestamped, 0, 10, demands}, record, {}, std::nullopt, 2);
  };
  EXPECT_EQ(result(35).messages, 9u);
  EXPECT_EQ(result(35).void_reason, "");
  EXPECT_NE(result(750).void_reason, "") << "two messages of ten";
  EXPECT_TRUE(result(750).counters.empty());
}

// Hands out one message of which a word is another message's, as a ring does that lets two writers
// into one slot.
template <class T, std::size_t torn_word>
class TearingQueue : public TwoCondvarQueue<T> {
 public:
  using TwoCondvarQueue<T>::TwoCondvarQueue;
  std::optional<T> pop() {
    std::optional<T> message = TwoCondvarQueue<T>::pop();
    if (message && ++popped_ == 1'000) ++message->words[torn_word];
    return message;
  }
  bool pop(std::optional<T>& out) { return (out = pop()).has_value(); }

 private:
  std::size_t popped_ = 0;
};

TEST_P(BothLevels, MessagesOfEveryKindArriveWhole) {
  Point point = point_of(2, 2, 8, 0, 0);
  const auto passes = [&]<class M>(std::size_t bytes, M* /*kind*/) {
    point.message_bytes = bytes;
    const TrialResult result = trial<RightQueue, M>(point, GetParam());
    EXPECT_EQ(result.fault, "") << bytes;
  };
  passes(64, static_cast<InlineMessage<64>*>(nullptr));
  passes(1'024, static_cast<InlineMessage<1'024>*>(nullptr));
  passes(16, static_cast<HeapMessage*>(nullptr));
  passes(4'096, static_cast<HeapMessage*>(nullptr));
}

template <class T>
using TearsFirstWord = TearingQueue<T, 0>;
template <class T>
using TearsMiddleWord = TearingQueue<T, 3>;
template <class T>
using TearsLastWord = TearingQueue<T, 7>;

TEST_P(BothLevels, ATornMessageIsNoMessage) {
  Point point = point_of(1, 1, 8, 0, 0);
  point.message_bytes = 64;
  const auto fails = [&](const TrialResult& result) { EXPECT_NE(result.fault, ""); };
  fails(trial<TearsFirstWord, InlineMessage<64>>(point, GetParam()));
  fails(trial<TearsMiddleWord, InlineMessage<64>>(point, GetParam()));
  fails(trial<TearsLastWord, InlineMessage<64>>(point, GetParam()));
  fails(trial<TearsMiddleWord, HeapMessage>(point, GetParam()));
  fails(trial<TearsLastWord, HeapMessage>(point, GetParam()));
}

TEST(OpenLoop, WhatIsDroppedIsCountedAndNeverArrives) {
  Point point = point_of(2, 1, 4, 0, 40'000);
  point.arrivals = Arrivals{{Distribution::exponential, 20'000}};
  point.rho = 2;
  point.when_full = WhenFull::drop;
  const TrialResult result = trial_with_window(point, Level::timestamped);
  ASSERT_EQ(result.fault + result.void_reason, "");
  EXPECT_GT(*result.counter("dropped_share"), 0) << "half of what comes is too much";
  EXPECT_GT(*result.counter("ideal_dropped_share"), 0);
  EXPECT_LT(*result.counter("peak_occupancy"), 5);
}

// Four messages arrive 1,000 ticks apart; the consumer works 400 on each. Before the third the
// producer pauses for 90, which is not the queue's doing; the fourth waits for it in vain inside
// pop.
TEST(OpenLoop, CountsFromTheArrival) {
  Point point = point_of(1, 1, 4, 0, 400);
  point.arrivals = Arrivals{{Distribution::constant, 1'000 * ns_per_tick()}};
  point.rho = 0.4;
  Demands demands;
  const double tick = ns_per_tick();
  demands.producer.resize(1);
  demands.consumer = {{400, 400, 400, 400}};
  demands.arrivals_ns = {
      {1'000 * tick + 0.01, 2'000 * tick + 0.01, 3'000 * tick + 0.01, 4'000 * tick + 0.01}};
  TrialRecord record;
  record.capacity = 4;
  record.start = 10'000;
  record.producers.resize(1);
  record.consumers.resize(1);
  record.producers[0].stamps = {
      {11'000, 11'010}, {12'000, 12'010}, {13'090, 13'100}, {14'000, 14'010}};
  const auto arrives = [&](Ticks call, Ticks done, std::uint64_t sequence) {
    record.consumers[0].stamps.push_back({call, done, Message::of(0, sequence).id});
  };
  arrives(10'000, 11'050, 0);
  arrives(11'450, 12'070, 1);
  arrives(12'470, 13'150, 2);
  arrives(13'550, 14'250, 3);
  record.consumers[0].messages = 4;
  record.consumers[0].end_call = 14'650;
  record.consumers[0].warm = 10'500;
  record.producers[0].warm = 10'500;
  record.producers[0].done = 14'010;
  record.producers[0].usage.cpu_ns = 3'000 * tick;
  record.producers[0].clock_wait = 2'600;
  const TrialResult result =
      analyse_queue({point, Level::timestamped, 0, 4, demands}, record, {}, std::nullopt, 2);
  ASSERT_EQ(result.fault + result.void_reason, "");
  EXPECT_NEAR(*result.counter("producer_cpu_beyond_work_ns_per_msg"), 400 * tick / 4, 1)
      << "watching the clock is no work of the queue's";
  EXPECT_NEAR(*result.counter("sojourn_mean_ns"), (50 + 70 + 150 + 250) / 4.0 * tick, 2);
  EXPECT_NEAR(*result.counter("excess_mean_ns"), (50 + 70 + 60 + 250) / 4.0 * tick, 2)
      << "the ideal has no wait here but for the pause";
  EXPECT_NEAR(*result.counter("generator_pauses_cost_mean_ns"), 90 / 4.0 * tick, 2);
  EXPECT_NEAR(*result.counter("generator_pause_max_ns"), 90 * tick, 2);
  EXPECT_EQ(*result.counter("generator_pause_share"), 0) << "too short for a preemption";
  EXPECT_NEAR(*result.counter("generator_late_p99_ns"), 90 * tick, 2);
  EXPECT_EQ(*result.counter("generator_is_late"), 1) << "over 5 % of the gap";
  EXPECT_EQ(*result.counter("overloaded"), 0);
  EXPECT_NEAR(*result.counter("backlog_growth_msgs_per_s"), 1 / (3'500 * tick) * 1e9, 1e3)
      << "at the end the fourth had arrived and was not taken";
  EXPECT_FALSE(result.counter("efficiency")) << "below saturation it would be 1 for everybody";
  EXPECT_NEAR(*result.counter("consumer_work_mean_ns"), 400 * tick, 1);
  EXPECT_FALSE(result.counter("producer_work_mean_ns")) << "it waits, it does not work";
}

TEST(OpenLoop, AboveWhatTheConsumerCanDoTheBacklogGrows) {
  Point point = point_of(1, 1, 4, 0, 40'000);
  point.arrivals = Arrivals{{Distribution::constant, 20'000}};
  point.rho = 2;
  const TrialResult result = trial_with_window(point, Level::timestamped);
  ASSERT_EQ(result.fault + result.void_reason, "");
  EXPECT_EQ(*result.counter("overloaded"), 1);
  EXPECT_GT(*result.counter("backlog_growth_msgs_per_s"), 0);
}

// Four messages arrive at once, before the window opens: their pushes lie inside it, and there is
// no sojourn to state.
TEST(OpenLoop, AWindowThatNothingArrivedInIsVoid) {
  Point point = point_of(1, 1, 4, 0, 1'000);
  point.arrivals = Arrivals{{Distribution::constant, 1 * ns_per_tick()}};
  point.when_full = WhenFull::drop;
  Demands demands;
  demands.producer.resize(1);
  demands.consumer = {{1'000, 1'000, 1'000, 1'000}};
  const double tick = ns_per_tick();
  demands.arrivals_ns = {{1'001 * tick, 1'002 * tick, 1'003 * tick, 1'004 * tick}};
  TrialRecord record;
  record.capacity = 4;
  record.start = 10'000;
  record.producers.resize(1);
  record.consumers.resize(1);
  record.producers[0].stamps = {
      {11'001, 11'010}, {12'000, 12'010}, {13'000, 13'010}, {14'000, 14'010}};
  for (std::uint64_t i = 0; i < 4; ++i) {
    record.consumers[0].stamps.push_back(
        {10'000 + 1'050 * i, 11'050 + 1'000 * i, Message::of(0, i).id});
  }
  record.consumers[0].messages = 4;
  record.consumers[0].end_call = 15'100;
  record.producers[0].done = 14'010;
  const auto result = [&](Ticks warm) {
    record.consumers[0].warm = record.producers[0].warm = warm;
    return analyse_queue({point, Level::timestamped, 0, 4, demands}, record, {}, std::nullopt, 2);
  };
  const TrialResult before = result(10'500);
  EXPECT_EQ(before.fault + before.void_reason, "");
  EXPECT_TRUE(before.counter("ideal_dropped_share"));
  const TrialResult after = result(11'500);
  EXPECT_EQ(after.fault, "");
  EXPECT_NE(after.void_reason.find("had arrived before"), std::string::npos);
  EXPECT_TRUE(after.counters.empty());
}

TEST(HandMadeRecords, FairnessIsJainsIndexOfTheWindow) {
  Point point = point_of(2, 2, 8, 0, 0);
  Demands demands;
  demands.producer.resize(2);
  demands.consumer.resize(2);
  TrialRecord record;
  record.capacity = 8;
  record.producers.resize(2);
  record.consumers.resize(2);
  for (std::uint64_t i = 0; i < 4; ++i) {  // one producer in time, the other long after the window
    record.producers[0].stamps.push_back({100 * i + 10, 100 * i + 20});
    record.producers[1].stamps.push_back({1'000 * i + 15, 1'000 * i + 25});
    record.consumers[0].stamps.push_back({100 * i + 21, 100 * i + 30, Message::of(0, i).id});
    record.consumers[1].stamps.push_back({1'000 * i + 26, 1'000 * i + 35, Message::of(1, i).id});
  }
  for (std::size_t t = 0; t < 2; ++t) {
    record.producers[t].warm = record.consumers[t].warm.emplace(1);
    record.producers[t].done = record.producers[t].stamps.back().done;
    record.consumers[t].messages = 4;
    record.consumers[t].end_call = 9'000;
  }
  const TrialResult result =
      analyse_queue({point, Level::timestamped, 0, 4, demands}, record, {}, std::nullopt, 2);
  EXPECT_EQ(result.fault + result.void_reason, "");
  EXPECT_DOUBLE_EQ(result.counter("producer_fairness").value(), 25.0 / 34) << "4 messages to 1";
  EXPECT_DOUBLE_EQ(result.counter("consumer_fairness").value(), 16.0 / 20) << "3 messages to 1";
  EXPECT_DOUBLE_EQ(result.work_cpu_ns, 0);
}

// Ten calls of pop that may have slept, and one that cannot have; and as many sleeps as the kernel
// counted.
TEST(HandMadeRecords, FutileWakeUpsAreSleepsBeyondOneForEachCallThatMayHaveSlept) {
  Point point = point_of(1, 1, 16, 0, 0);
  Demands demands;
  demands.producer.resize(1);
  demands.consumer.resize(1);
  TrialRecord record;
  record.capacity = 16;
  record.producers.resize(1);
  record.consumers.resize(1);
  const auto ticks = [](double us) { return static_cast<Ticks>(1e9 + us * 1e3 / ns_per_tick()); };
  for (std::uint64_t i = 0; i < 11; ++i) {
    const double us = 100 * static_cast<double>(i);
    const double waits = i == 5 ? 0.2 : 50;
    record.producers[0].stamps.push_back({ticks(us), ticks(us + 0.1)});
    record.consumers[0].stamps.push_back(
        {ticks(us + 0.1), ticks(us + 0.1 + waits), Message::of(0, i).id});
  }
  record.producers[0].warm = ticks(0) - 1;
  record.producers[0].done = ticks(1'000.1);
  record.consumers[0].warm = ticks(0) - 1;
  record.consumers[0].messages = 11;
  record.consumers[0].end_call = ticks(1'100);
  const auto futile = [&](std::int64_t sleeps) {
    record.consumers[0].usage.voluntary = sleeps;
    return analyse_queue({point, Level::timestamped, 0, 11, demands}, record, {}, std::nullopt, 2)
        .counter("consumer_futile_wakeups_per_msg")
        .value();
  };
  EXPECT_DOUBLE_EQ(futile(11), 0) << "the call that brings the end may have slept, too";
  EXPECT_DOUBLE_EQ(futile(33), 2);
  EXPECT_DOUBLE_EQ(futile(3), 0);
  point.consumer.kind = Work::Kind::sleep;
  demands.consumer[0].assign(11, 0);
  EXPECT_DOUBLE_EQ(futile(33), 1) << "its work slept once a message";
}

TEST(HandMadeRecords, WhatAQuotaGivesBoundsTheIdeal) {
  Point point = point_of(1, 1, 16, 0, 1'000'000);
  point.consumer.distribution = Distribution::constant;
  Demands demands;
  demands.producer.resize(1);
  demands.consumer.assign(1, DemandStream(1'000, 1'000'000));
  TrialRecord record;
  record.capacity = 1'000;
  record.producers.resize(1);
  record.consumers.resize(1);
  const auto ticks = [](double us) { return static_cast<Ticks>(1e9 + us * 1e3 / ns_per_tick()); };
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    const double us = 1'000 * static_cast<double>(i);
    record.producers[0].stamps.push_back({ticks(us), ticks(us + 0.1)});
    record.consumers[0].stamps.push_back({ticks(us + 0.2), ticks(us + 0.3), Message::of(0, i).id});
  }
  record.producers[0].warm = record.consumers[0].warm.emplace(ticks(0) - 1);
  record.producers[0].done = record.producers[0].stamps.back().done;
  record.consumers[0].messages = 1'000;
  record.consumers[0].end_call = ticks(1e6 + 1);
  const auto result = [&] {
    return analyse_queue({point, Level::timestamped, 0, 1'000, demands}, record, {}, std::nullopt,
                         2);
  };
  EXPECT_FALSE(result().counter("efficiency_is_bound"));
  EXPECT_NEAR(result().work_cpu_ns, 1e9, 2e6) << "a second of work";
  EXPECT_TRUE(result().counter("gap_share"));
  // A quarter of a core for it takes 4 s at the least, but for what the first and the last period
  // give at once.
  point.cpu_quota_pct = 12.5;
  EXPECT_EQ(result().counter("efficiency_is_bound"), 1.0);
  EXPECT_NEAR(result().counter("efficiency").value(), 4 - 2 * 0.1 * 0.875, 0.02);
  EXPECT_FALSE(result().counter("gap_share")) << "throttled, or disturbed: nobody can tell";
}

TEST(LeastWindow, CountsFillingsAndTurns) {
  Point point = point_of(1, 1, 100, 500, 10'000);
  EXPECT_DOUBLE_EQ(least_window_ns(point, 2), 40e6);
  point.capacity = 1'000;
  EXPECT_DOUBLE_EQ(least_window_ns(point, 2), 200e6);
  EXPECT_DOUBLE_EQ(least_window_ns(point_of(2, 2, 1, 500, 500), 2), 200e6);
  point.window_ms = 300;
  EXPECT_DOUBLE_EQ(least_window_ns(point, 2), 300e6);
  point = point_of(1, 1, 1, 500, 500);
  point.cpu_quota_pct = 50;
  EXPECT_DOUBLE_EQ(least_window_ns(point, 2), 200e6) << "two periods";
}

}  // namespace
}  // namespace bq::bench
