// Chains of queues: the ideal pipeline against an independent simulation and closed forms; whole
// trials of pipelines and ping-pongs; faults at each of their queues.
#include "benchmarks/analysis/chain_analysis.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "benchmarks/analysis/ideal_pipeline.h"
#include "benchmarks/analysis/ideal_queue.h"
#include "benchmarks/platform/affinity.h"
#include "benchmarks/scenario/counters.h"
#include "benchmarks/trial/chain_trial.h"
#include "queues/spsc_ring.h"
#include "queues/two_condvar.h"
#include "tests/harness/faulty_queues.h"

namespace bq::bench {
namespace {

// --------------------------------------------------------------------------------------- the ideal

StageTimes draw(const std::vector<double>& means_ns, std::size_t messages, std::uint64_t seed) {
  StageTimes times;
  for (std::size_t k = 0; k < means_ns.size(); ++k) {
    Point point;
    point.name = "stage" + std::to_string(k);
    // Demands are nanoseconds.
    point.producer = {{Distribution::exponential, means_ns[k]}, Work::Kind::sleep};
    Demands demands;
    draw_demands(point, seed, 1, StepCosts{}, messages, demands);
    times.emplace_back(demands.producer[0].begin(), demands.producer[0].end());
  }
  return times;
}

std::vector<StageState> empty_start(std::size_t stages) {
  return std::vector<StageState>(stages);
}

// The pipeline as events in time, independently of the recursion. State and time at which to stop:
// to compare with a replay that begins there.
class Simulation {
 public:
  Simulation(const StageTimes& service, std::size_t capacity)
      : service_(service),
        capacity_(capacity),
        stages_(service.size()),
        depart_ns(service[0].size(), 0) {
    step();
  }

  void run_until(double end_ns) {
    while (!events_.empty() && events_.top().first <= end_ns) {
      const auto [now, k] = events_.top();
      events_.pop();
      now_ = now;
      stages_[k].working = false;  // done, and still in hand
      step();
    }
  }

  std::vector<StageState> state(double at_ns) const {
    std::vector<StageState> result;
    for (const Stage& stage : stages_) {
      const double ready = stage.working ? stage.ready_ns - at_ns : 0;
      result.push_back({stage.taken, stage.taken - stage.in_hand.has_value(), ready});
    }
    return result;
  }

 private:
  struct Stage {
    std::deque<std::size_t> before;  // the queue before it
    std::optional<std::size_t> in_hand;
    bool working = false;
    std::size_t taken = 0;
    double ready_ns = 0;
  };

  // Moves whatever can move at this instant.
  void step() {
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t k = 0; k < stages_.size(); ++k) {
        Stage& stage = stages_[k];
        const bool is_last = k + 1 == stages_.size();
        if (stage.in_hand && !stage.working &&
            (is_last || stages_[k + 1].before.size() < capacity_)) {
          if (!is_last) stages_[k + 1].before.push_back(*stage.in_hand);
          stage.in_hand.reset();
          moved = true;
        }
        const bool offered = k == 0 ? stage.taken < service_[0].size() : !stage.before.empty();
        if (!stage.in_hand && offered) {
          stage.in_hand = stage.taken++;
          if (k > 0) stage.before.pop_front();
          if (is_last) depart_ns[*stage.in_hand] = now_;
          stage.working = true;
          stage.ready_ns = now_ + service_[k][*stage.in_hand];
          events_.push({stage.ready_ns, k});
          moved = true;
        }
      }
    }
  }

  using Event = std::pair<double, std::size_t>;
  const StageTimes& service_;
  const std::size_t capacity_;
  std::vector<Stage> stages_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  double now_ = 0;

 public:
  std::vector<double> depart_ns;
};

TEST(IdealPipeline, AgreesWithASimulationOfEvents) {
  const std::vector<std::vector<double>> lines{
      {1'000, 1'000}, {500, 2'000, 700}, {900, 900, 900, 900}, {1'000, 10, 10, 10, 3'000}};
  std::uint64_t seed = 0;
  for (const std::vector<double>& means : lines) {
    for (const std::size_t capacity :
         {std::size_t{1}, std::size_t{3}, std::size_t{50}, unbounded_capacity}) {
      const StageTimes service = draw(means, 5'000, ++seed);
      const PipelineReplay replay = replay_pipeline(service, empty_start(means.size()), capacity);
      Simulation simulation(service, capacity);
      simulation.run_until(1e18);
      for (std::size_t i = 0; i < service[0].size(); ++i) {
        ASSERT_DOUBLE_EQ(replay.depart_ns[i], simulation.depart_ns[i])
            << means.size() << " stages, " << i;
      }
    }
  }
}

TEST(IdealPipeline, GoesOnFromWhereATrialStands) {
  for (const std::size_t capacity : {1u, 4u}) {
    const StageTimes service = draw({900, 1'000, 1'100, 800}, 3'000, capacity);
    Simulation simulation(service, capacity);
    for (const double open_ns : {50.0, 400'000.5, 1'900'000.25}) {
      simulation.run_until(open_ns);
      const PipelineReplay replay = replay_pipeline(service, simulation.state(open_ns), capacity);
      Simulation whole(service, capacity);
      whole.run_until(1e18);
      for (std::size_t i = 0; i < service[0].size(); ++i) {
        const double expected = whole.depart_ns[i] > open_ns ? whole.depart_ns[i] - open_ns : 0;
        ASSERT_NEAR(replay.depart_ns[i], expected, 1e-6)
            << "capacity " << capacity << ", message " << i;
      }
    }
  }
}

TEST(IdealPipeline, OfTwoStagesIsTheIdealQueue) {
  const StageTimes service = draw({1'000, 1'000}, 20'000, 7);
  ServiceTimes times{{service[0]}, {service[1]}};
  std::vector<double> sojourn_ns;
  replay(times, {{{0, service[0][0]}}, {0}, {}}, {4}, 20'000,
         [&](std::uint32_t, std::size_t, double ns) { sojourn_ns.push_back(ns); });
  const PipelineReplay pipeline = replay_pipeline(service, empty_start(2), 4);
  for (std::size_t i = 0; i < sojourn_ns.size(); ++i) {
    ASSERT_NEAR(pipeline.depart_ns[i] - pipeline.ready_ns[i], sojourn_ns[i], 1e-6);
  }
}

TEST(IdealPipeline, OfConstantTimesGoesAtTheSlowestStagesPace) {
  for (const std::vector<float>& line : {std::vector<float>{5, 2, 3}, {2, 5, 3}, {2, 3, 5}}) {
    StageTimes service;
    for (const float ns : line) service.emplace_back(100, ns);
    const PipelineReplay replay = replay_pipeline(service, empty_start(3), 2);
    for (std::size_t i = 0; i < 100; ++i)
      EXPECT_DOUBLE_EQ(replay.depart_ns[i], line[0] + line[1] + 5.0 * static_cast<double>(i));
  }
  // Each queue hands over twice a message: when it is there, and, at capacity 1, when there is
  // room.
  const StageTimes none(2, std::vector<float>(100, 0));
  EXPECT_DOUBLE_EQ(replay_pipeline(none, empty_start(2), 1, 10).depart_ns[99], 10 + 99 * 20.0);
}

// Three equal stations with exponential times and room for K between them are a Markov chain. Its
// states are what each queue holds and whether each station is idle, at work or blocked; these are
// its steady states, solved numerically.
TEST(IdealPipeline, AgreesWithTheMarkovChainOfThreeEqualStations) {
  for (const auto& [capacity, throughput] :
       {std::pair{1u, 0.670466}, {2u, 0.734017}, {4u, 0.807486}}) {
    const StageTimes service = draw({1e6, 1e6, 1e6}, 1'000'000, capacity);
    const PipelineReplay replay = replay_pipeline(service, empty_start(3), capacity);
    EXPECT_NEAR(1e6 * 1e6 / replay.depart_ns.back() / throughput, 1, 0.005)
        << "capacity " << capacity;
  }
}

// ------------------------------------------------------------------------------------ whole trials

constexpr std::size_t each = 4'000;

Point pipeline_of(std::size_t stages, std::size_t capacity, double work_ns) {
  Point point;
  point.scenario = point.name = "test";
  point.topology = Topology::pipeline;
  point.stages = stages;
  point.capacity = capacity;
  if (work_ns > 0) {
    point.producer = {{Distribution::exponential, work_ns}, Work::Kind::spin};
    point.stage = point.consumer = point.producer;
  }
  return point;
}

Point ping_pong_of(double work_ns) {
  Point point = pipeline_of(2, 1, 0);
  point.topology = Topology::ping_pong;
  if (work_ns > 0) point.consumer = {{Distribution::constant, work_ns}, Work::Kind::spin};
  return point;
}

struct Trial {
  Demands demands;
  ChainRecord record;
  TrialResult result;
};

constexpr int hung = 4;

template <template <class...> class Queue>
Trial trial(const Point& point, std::size_t cores = allowed_cores().size(),
            std::chrono::milliseconds time_limit = std::chrono::seconds(30)) {
  using Q = Queue<Message>;
  Watchdog watchdog(time_limit, hung,
                    [](const std::string& what) { std::fprintf(stderr, "%s\n", what.c_str()); });
  Trial trial;
  draw_demands(point, 1, 1, StepCosts{}, each, trial.demands);
  const TrialPlan plan{point, Level::timestamped, each / 8, each, trial.demands};
  run_chain<Q>(plan, trial.record, watchdog);
  trial.result = analyse_chain(plan, trial.record, Q::traits, 50.0, cores);
  return trial;
}

template <class T>
using RightQueue = TwoCondvarQueue<T>;
template <class T>
using SpscQueue = SpscRingSpinYieldPark<T>;

double value(const Trial& trial, const char* counter) {
  const auto found = trial.result.counter(counter);
  EXPECT_TRUE(found) << counter;
  return found.value_or(0);
}

TEST(Pipeline, HasNumbersByRole) {
  for (const std::size_t stages : {2u, 4u}) {
    const Trial ran = trial<RightQueue>(pipeline_of(stages, 4, 500), 16);
    ASSERT_EQ(ran.result.fault, "");
    ASSERT_EQ(ran.result.void_reason, "");
    EXPECT_GE(ran.result.messages, each / 2);
    EXPECT_EQ(ran.record.queues.size(), stages - 1);
    EXPECT_GT(value(ran, "efficiency"), 0);
    EXPECT_LE(value(ran, "efficiency"), 1.0001);
    EXPECT_GT(value(ran, "departure_jitter_ns"), 0);
    EXPECT_GT(value(ran, "producer_cpu_ns_per_msg"), 0);
    EXPECT_GT(value(ran, "consumer_cpu_ns_per_msg"), 0);
    EXPECT_EQ(ran.result.counter("stage_cpu_ns_per_msg").has_value(), stages > 2);
    EXPECT_FALSE(ran.result.counter("efficiency_is_bound"));
    for (const auto& [name, number] : ran.result.counters)
      EXPECT_NE(find_counter(name), nullptr) << name;
  }
}

TEST(Pipeline, OfMoreThreadsThanCoresHasABound) {
  const Trial ran = trial<RightQueue>(pipeline_of(4, 4, 500), 2);
  ASSERT_EQ(ran.result.fault, "");
  EXPECT_EQ(value(ran, "efficiency_is_bound"), 1);
  // Four stages of 500 ns on two cores: 1,000 ns a message at best.
  EXPECT_NEAR(ran.result.window_ns / static_cast<double>(ran.result.messages) -
                  value(ran, "lost_ns_per_msg"),
              1'000, 100);
}

TEST(Pipeline, WithoutWorkHasAThroughputOnly) {
  const Trial ran = trial<RightQueue>(pipeline_of(3, 16, 0));
  ASSERT_EQ(ran.result.fault, "");
  EXPECT_GT(value(ran, "throughput_msgs_per_s"), 0);
  EXPECT_FALSE(ran.result.counter("lost_ns_per_msg"));
}

TEST(Pipeline, TakesARingForOneThreadASide) {
  const Trial ran = trial<SpscQueue>(pipeline_of(4, 3, 200));
  EXPECT_EQ(ran.result.fault, "");
}

TEST(PingPong, LosesARoundTripLessTheServersWork) {
  for (const double work_ns : {0.0, 2'000.0}) {
    for (const Placement placement : {Placement::spread, Placement::one_core}) {
      Point point = ping_pong_of(work_ns);
      point.placement = placement;
      const Trial ran = trial<RightQueue>(point, placement == Placement::one_core ? 1 : 2);
      ASSERT_EQ(ran.result.fault, "");
      ASSERT_EQ(ran.result.void_reason, "");
      EXPECT_LE(value(ran, "lost_ns_per_msg"), value(ran, "round_trip_mean_ns"));
      EXPECT_GT(value(ran, "lost_ns_per_msg"), 0);
      EXPECT_EQ(ran.result.counter("efficiency").has_value(), work_ns > 0);
      EXPECT_GT(value(ran, "producer_cpu_ns_per_msg"), 0);
      EXPECT_FALSE(ran.result.counter("efficiency_is_bound"))
          << "client and server never work at once";
    }
  }
}

// Stamps by hand, in ticks: three round trips of which the first is the warm-up.
TEST(HandMadeChains, APingPongLosesItsRoundTripsLessTheServersWork) {
  Point point = ping_pong_of(0);
  point.consumer = {{Distribution::constant, 1}, Work::Kind::sleep};
  Demands demands;
  demands.producer.resize(1);
  demands.consumer = {DemandStream{1, 1, 1}};
  ChainRecord record;
  record.queues.resize(2);
  for (TrialRecord& queue : record.queues) {
    queue.capacity = 1;
    queue.producers.resize(1);
    queue.consumers.resize(1);
    queue.consumers[0].messages = 3;
  }
  for (const Ticks at : {1'000u, 2'000u, 3'000u}) {  // 500 there, 60 of work, 340 back
    const std::uint64_t id = Message::of(0, at / 1'000 - 1).id;
    record.queues[0].producers[0].stamps.push_back({at, at + 10});
    record.queues[0].consumers[0].stamps.push_back({at - 30, at + 500, id});
    record.queues[1].producers[0].stamps.push_back({at + 560, at + 570});
    record.queues[1].consumers[0].stamps.push_back({at + 10, at + 900, id});
  }
  record.stages = {{1'900, 3'900, {}, 2}, {1'580, 3'570, {}, 2}};
  const TrialResult result =
      analyse_chain({point, Level::timestamped, 1, 3, demands}, record, {}, 25.0, 2);
  ASSERT_EQ(result.fault, "");
  EXPECT_EQ(result.messages, 2u);
  const double tick = ns_per_tick();
  EXPECT_NEAR(*result.counter("round_trip_mean_ns"), 900 * tick, 1);
  EXPECT_NEAR(*result.counter("lost_ns_per_msg"), (900 - 60) * tick, 1);
  EXPECT_NEAR(*result.counter("nominal_lost_ns_per_msg"), 900 * tick - 1, 1);
  EXPECT_NEAR(*result.counter("efficiency"), 60.0 / 900, 1e-3);
  EXPECT_NEAR(*result.counter("floor_lost_ns_per_msg"), 50, 1e-9) << "there and back";
}

// ------------------------------------------------------------------------------------ wrong queues

// Whatever the chain's queues are made as, from the `faulty`-th on: right, wrong, right.
template <class T, template <class> class Wrong>
class OneWrongAmongRight {
 public:
  using value_type = T;
  static constexpr Traits traits = Wrong<T>::traits;
  static inline std::size_t made = 0, faulty = 0;

  explicit OneWrongAmongRight(std::size_t capacity) {
    if (made++ == faulty) {
      wrong_.emplace(capacity);
    } else {
      right_.emplace(capacity);
    }
  }
  bool push(T&& value) {
    return wrong_ ? wrong_->push(std::move(value)) : right_->push(std::move(value));
  }
  Status try_push(T&& value) {
    return wrong_ ? wrong_->try_push(std::move(value)) : right_->try_push(std::move(value));
  }
  std::optional<T> pop() { return wrong_ ? wrong_->pop() : right_->pop(); }
  Status try_pop(std::optional<T>& out) {
    return wrong_ ? wrong_->try_pop(out) : right_->try_pop(out);
  }
  void close() { wrong_ ? wrong_->close() : right_->close(); }
  bool is_closed() const { return wrong_ ? wrong_->is_closed() : right_->is_closed(); }
  std::size_t capacity() const { return wrong_ ? wrong_->capacity() : right_->capacity(); }
  std::size_t size_approx() const { return wrong_ ? wrong_->size_approx() : right_->size_approx(); }

 private:
  std::optional<Wrong<T>> wrong_;
  std::optional<TwoCondvarQueue<T>> right_;
};

template <template <class> class Wrong>
struct Mixed {
  template <class T>
  using Queue = OneWrongAmongRight<T, Wrong>;

  static void place(std::size_t faulty) {
    Queue<Message>::made = 0;
    Queue<Message>::faulty = faulty;
  }
};

template <template <class> class Wrong>
void expect_fault(Point point, std::size_t queue, const std::string& text) {
  Mixed<Wrong>::place(queue);
  const Trial ran = trial<Mixed<Wrong>::template Queue>(point);
  const std::string where = point.topology == Topology::pipeline
                                ? "queue " + std::to_string(queue + 1) + " of 3: "
                            : queue == 0 ? "requests: "
                                         : "replies: ";
  EXPECT_EQ(ran.result.fault.find(where), 0u)
      << "queue " << queue << ": '" << ran.result.fault << "'";
  EXPECT_NE(ran.result.fault.find(text), std::string::npos)
      << "queue " << queue << ": '" << ran.result.fault << "'";
  EXPECT_TRUE(ran.result.counters.empty());
}

TEST(WrongChains, AreFoundAtEachQueueOfAPipeline) {
  Point slow_end = pipeline_of(4, 4, 0);  // so that every queue fills
  slow_end.consumer = {{Distribution::constant, 5'000}, Work::Kind::spin};
  for (const std::size_t queue : {0u, 1u, 2u}) {
    expect_fault<test::DroppingQueue>(pipeline_of(4, 16, 200), queue, "exactly once");
    expect_fault<test::DuplicatingQueue>(pipeline_of(4, 16, 200), queue, "");
    expect_fault<test::ReorderingQueue>(slow_end, queue, "order");
    expect_fault<test::OverfullQueue>(pipeline_of(4, 16, 200), queue, "bound: took");
    expect_fault<test::SlyOverfullQueue>(slow_end, queue, "bound: 5 messages");
  }
}

TEST(WrongChains, AreFoundAtBothQueuesOfAPingPong) {
  for (const std::size_t queue : {0u, 1u}) {
    expect_fault<test::DuplicatingQueue>(ping_pong_of(0), queue, "arrived twice");
    expect_fault<test::OverfullQueue>(ping_pong_of(0), queue, "bound: took");
  }
}

// A request or a reply that is lost leaves both sides waiting.
class HungChains : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  template <template <class> class Wrong>
  static void run(const Point& point, std::size_t queue) {
    Mixed<Wrong>::place(queue);
    trial<Mixed<Wrong>::template Queue>(point, 2, std::chrono::seconds(1));
  }
};

TEST_F(HungChains, NameEachThreadAndItsCall) {
  EXPECT_EXIT(run<test::DroppingQueue>(ping_pong_of(0), 0), testing::ExitedWithCode(hung),
              "server stuck in pop of message 300 of its own; client stuck in pop of message 300 "
              "of its own");
  EXPECT_EXIT(run<test::HangingQueue>(pipeline_of(4, 2, 0), 1), testing::ExitedWithCode(hung),
              "consumer stuck in pop of message 301 of its own; stage 2 stuck in pop of message "
              "301 of its own; "
              "stage 1 stuck in push of message 303 of its own; producer stuck in push of message "
              "306 of its own");
}

}  // namespace
}  // namespace bq::bench
