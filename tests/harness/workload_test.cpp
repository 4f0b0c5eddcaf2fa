#include "benchmarks/trial/workload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include "benchmarks/platform/cpu_usage.h"
#include "benchmarks/trial/worker.h"

namespace bq::bench {
namespace {

Point point_with(Work producer, Work consumer) {
  Point point;
  point.name = "s/capacity:1";
  point.producers = 2;
  point.producer = producer;
  point.consumer = consumer;
  return point;
}

double mean(const DemandStream& stream) {
  return std::accumulate(stream.begin(), stream.end(), 0.0) / static_cast<double>(stream.size());
}

const Work exponential{{Distribution::exponential, 5'000}, Work::Kind::sleep};

TEST(Demands, ArePureFunctionsOfTheirKey) {
  const Point point = point_with(exponential, exponential);
  Demands a, b, longer, other_seed, other_round;
  draw_demands(point, 7, 3, StepCosts{}, 100, a);
  draw_demands(point, 7, 3, StepCosts{}, 100, b);
  draw_demands(point, 7, 3, StepCosts{}, 200, longer);
  draw_demands(point, 8, 3, StepCosts{}, 100, other_seed);
  draw_demands(point, 7, 4, StepCosts{}, 100, other_round);
  EXPECT_EQ(a.producer, b.producer);
  EXPECT_EQ(a.consumer, b.consumer);
  longer.producer[0].resize(100);
  EXPECT_EQ(a.producer[0], longer.producer[0]) << "how many messages a trial has must not matter";
  EXPECT_NE(a.producer[0], a.producer[1]) << "producers draw their own";
  EXPECT_NE(a.producer[0], a.consumer[0]) << "sides draw their own";
  EXPECT_NE(a.producer, other_seed.producer);
  EXPECT_NE(a.producer, other_round.producer);
}

TEST(Demands, OfStagesAreTheirOwn) {
  Point point = point_with(exponential, exponential);
  point.producers = 1;
  Demands of_two, of_four;
  draw_demands(point, 7, 3, StepCosts{}, 100, of_two);
  point.topology = Topology::pipeline;
  point.stages = 4;
  point.stage = exponential;
  draw_demands(point, 7, 3, StepCosts{}, 100, of_four);
  EXPECT_EQ(of_four.producer, of_two.producer);
  EXPECT_EQ(of_four.consumer, of_two.consumer);
  ASSERT_EQ(of_four.stage.size(), 2u);
  EXPECT_NE(of_four.stage[0], of_four.stage[1]);
  EXPECT_EQ(of_four.of_stage(point, 0), of_four.producer[0]);
  EXPECT_EQ(of_four.of_stage(point, 2), of_four.stage[1]);
  EXPECT_EQ(of_four.of_stage(point, 3), of_four.consumer[0]);
  for (const DemandStream& stream : of_four.stage) {
    EXPECT_NE(stream, of_four.producer[0]);
    EXPECT_NE(stream, of_four.consumer[0]);
  }
}

TEST(Demands, HaveTheMeanTheyAreAskedFor) {
  const Work bursty{{Distribution::bursty, 1'250, 0, 64, 200}, Work::Kind::sleep};
  const Work constant{{Distribution::constant, 700}, Work::Kind::sleep};
  Demands demands;
  draw_demands(point_with(bursty, constant), 1, 1, StepCosts{}, 1'000'000, demands);
  EXPECT_NEAR(mean(demands.producer[0]), 1'250, 25);
  EXPECT_EQ(demands.producer[0][1], 200u);
  EXPECT_EQ(demands.producer[0][63], 200u);
  EXPECT_EQ(mean(demands.consumer[0]), 700);
  draw_demands(point_with(exponential, exponential), 1, 1, StepCosts{}, 1'000'000, demands);
  EXPECT_NEAR(mean(demands.producer[0]), 5'000, 25);
  EXPECT_NEAR(mean(demands.consumer[1]), 5'000, 25);
}

TEST(Demands, OfALognormalProcessHaveItsMeanAndItsVariation) {
  const Work lognormal{{Distribution::lognormal, 2'000, 1.5}, Work::Kind::sleep};
  Demands demands;
  draw_demands(point_with(lognormal, lognormal), 1, 1, StepCosts{}, 1'000'000, demands);
  const DemandStream& stream = demands.producer[0];
  EXPECT_NEAR(mean(stream), 2'000, 20);
  double squares = 0, above = 0;
  for (const double ns : stream) {
    squares += (ns - 2'000) * (ns - 2'000);
    // The median of a lognormal time is mean / sqrt(1 + cv^2).
    above += ns > 2'000 / std::sqrt(1 + 1.5 * 1.5);
  }
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(stream.size())) / 2'000, 1.5, 0.1);
  EXPECT_NEAR(above / static_cast<double>(stream.size()), 0.5, 0.005);
}

TEST(Demands, OfATraceRepeatItScaledFromPlacesFarApart) {
  const auto trace = std::make_shared<const Trace>(Trace{"t", {100, 200, 300, 600}, 300});
  const Work as_recorded{{.distribution = Distribution::trace, .mean_ns = 300, .trace = trace},
                         Work::Kind::sleep};
  const Work twice{{.distribution = Distribution::trace, .mean_ns = 600, .trace = trace},
                   Work::Kind::sleep};
  Demands demands;
  draw_demands(point_with(as_recorded, twice), 1, 1, StepCosts{}, 6, demands);
  EXPECT_EQ(demands.producer[0], (DemandStream{100, 200, 300, 600, 100, 200}));
  EXPECT_EQ(demands.producer[1], (DemandStream{300, 600, 100, 200, 300, 600}));
  EXPECT_EQ(demands.consumer[0], (DemandStream{200, 400, 600, 1'200, 200, 400}));
}

TEST(Demands, OfABatchLieOnItsFirstMessageAndKeepTheMean) {
  Point point = point_with({{Distribution::constant, 100}, Work::Kind::sleep}, exponential);
  point.batch = 3;
  Demands demands;
  draw_demands(point, 1, 1, StepCosts{}, 7, demands);
  EXPECT_EQ(demands.producer[0], (DemandStream{300, 0, 0, 300, 0, 0, 300}));
  EXPECT_NE(demands.consumer[0][1], 0u) << "a consumer works on each message";
}

TEST(Arrivals, OfAllProducersHaveTheMeanGapThatIsAskedFor) {
  Point point = point_with({}, exponential);
  point.arrivals = Arrivals{{Distribution::exponential, 250}};
  Demands demands;
  draw_demands(point, 1, 1, StepCosts{}, 200'000, demands);
  ASSERT_EQ(demands.arrivals_ns.size(), 2u);
  EXPECT_TRUE(demands.producer[0].empty());
  EXPECT_TRUE(std::is_sorted(demands.arrivals_ns[1].begin(), demands.arrivals_ns[1].end()));
  EXPECT_NEAR(demands.arrivals_ns[0].back() / 200'000, 500, 5) << "each of two brings half";
  EXPECT_NE(demands.arrivals_ns[0], demands.arrivals_ns[1]);
  point.batch = 4;
  draw_demands(point, 1, 1, StepCosts{}, 200'000, demands);
  EXPECT_EQ(demands.arrivals_ns[0][4], demands.arrivals_ns[0][7]) << "four at once";
  EXPECT_LT(demands.arrivals_ns[0][3], demands.arrivals_ns[0][4]);
  EXPECT_NEAR(demands.arrivals_ns[0].back() / 200'000, 500, 10);
}

TEST(Demands, OfSpinWorkAreCalibratedSteps) {
  const Work spin{{Distribution::constant, 1'000}, Work::Kind::spin};
  Demands demands;
  draw_demands(point_with(spin, {}), 1, 1, StepCosts::all(0.5), 10, demands);
  EXPECT_EQ(demands.producer[0][0], 2'000u);
  EXPECT_TRUE(demands.consumer[0].empty());
  EXPECT_DOUBLE_EQ(nominal_ns(spin, 2'000, 0.5), 1'000);
}

TEST(Demands, OfEachSideAreStepsOfItsOwn) {
  Point point = point_with({{Distribution::constant, 1'000}, Work::Kind::wide},
                           {{Distribution::constant, 1'000}, Work::Kind::memory, 4'096});
  point.producers = 1;
  point.topology = Topology::pipeline;
  point.stages = 3;
  point.stage = {{Distribution::constant, 1'000}, Work::Kind::sleep};
  const StepCosts costs{.producer_ns = 4, .consumer_ns = 10, .stage_ns = 7, .spin_ns = 9};
  Demands demands;
  draw_demands(point, 1, 1, costs, 1, demands);
  EXPECT_EQ(demands.producer[0][0], 250u);
  EXPECT_EQ(demands.consumer[0][0], 100u);
  EXPECT_EQ(demands.stage[0][0], 1'000u) << "nanoseconds";
  for (std::size_t i = 0; i < point.stages; ++i) {
    const std::uint32_t demand = demands.of_stage(point, i)[0];
    EXPECT_DOUBLE_EQ(nominal_ns(point.work_of(i), demand, demands.step_costs.of_stage(point, i)),
                     1'000);
  }
  EXPECT_DOUBLE_EQ(nominal_ns(Work{}, 5, 1), 0);
}

// The order in which a walk visits the lines of a set, once around.
std::vector<std::size_t> order_of(const WorkingSet& set) {
  std::vector<std::size_t> order;
  const WorkingSet::Line* first = set.lines().data();
  const WorkingSet::Line* at = first;
  do {
    order.push_back(static_cast<std::size_t>(at - first));
    at = at->next;
  } while (at != first && order.size() <= set.lines().size());
  return order;
}

TEST(AWorkingSet, IsOneCycleThroughAllItsLines) {
  const WorkingSet set(1 << 20);
  ASSERT_EQ(set.lines().size(), (1u << 20) / 64);
  const std::vector<std::size_t> order = order_of(set);
  EXPECT_EQ(std::set(order.begin(), order.end()).size(), set.lines().size());
  EXPECT_EQ(order, order_of(WorkingSet(1 << 20))) << "each trial walks in the same order";
  // A prefetcher that takes the neighbour, or goes on by the last step, would seldom be right.
  std::size_t near = 0, as_before = 0;
  for (std::size_t i = 2; i < order.size(); ++i) {
    const auto step = static_cast<std::ptrdiff_t>(order[i] - order[i - 1]);
    near += std::abs(step) <= 2;
    as_before += step == static_cast<std::ptrdiff_t>(order[i - 1] - order[i - 2]);
  }
  EXPECT_LT(near, 10u);
  EXPECT_LT(as_before, 10u);
}

TEST(AWorkingSet, IsStoredToALineAStepAndWalkedOn) {
  WorkingSet set(4'096);
  const auto visits = [&] {
    std::vector<std::uint64_t> each;
    for (const WorkingSet::Line& line : set.lines()) each.push_back(line.visits);
    return each;
  };
  const std::vector<std::uint64_t> before = visits();
  EXPECT_EQ(before, std::vector<std::uint64_t>(64, 1)) << "it is walked once to begin with";
  set.walk(40);
  set.walk(24);
  EXPECT_EQ(visits(), std::vector<std::uint64_t>(64, 2)) << "the second walk goes on";
  set.walk(0);
  set.walk(3);
  const std::vector<std::uint64_t> after = visits();
  EXPECT_EQ(std::count(after.begin(), after.end(), 3u), 3);
}

// The least CPU time of twenty calls: an interruption can only add to it.
double least_cpu_ns_of(Worker& work, std::uint32_t demand) {
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 20; ++i) {
    const double before = thread_cpu_ns();
    work(demand);
    least = std::min(least, thread_cpu_ns() - before);
  }
  return least;
}

TEST(AWorker, DoesAsManyStepsAsAreDemanded) {
  const double million_cycles_ns = 200'000;  // no core does 5 cycles in a nanosecond for long
  for (const Work& work : {Work{{}, Work::Kind::spin}, Work{{}, Work::Kind::wide},
                           Work{{}, Work::Kind::memory, 16'384}}) {
    Worker worker(work);
    EXPECT_LT(least_cpu_ns_of(worker, 0), million_cycles_ns) << name_of(work.kind);
    EXPECT_GT(least_cpu_ns_of(worker, 1'000'000), million_cycles_ns)
        << name_of(work.kind) << ": a step takes a cycle or more";
  }
  Worker sleeper({{}, Work::Kind::sleep});
  EXPECT_LT(least_cpu_ns_of(sleeper, 1'000'000), million_cycles_ns);
  Worker idle(Work{});
  EXPECT_LT(least_cpu_ns_of(idle, 1'000'000), million_cycles_ns);
}

}  // namespace
}  // namespace bq::bench
