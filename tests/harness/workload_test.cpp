#include "benchmarks/workload.h"

#include <gtest/gtest.h>

#include <numeric>

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

constexpr Work exponential{Work::Kind::sleep, Work::Process::exponential, 5'000};

TEST(Demands, ArePureFunctionsOfTheirKey) {
  const Point point = point_with(exponential, exponential);
  Demands a, b, longer, other_seed, other_round;
  draw_demands(point, 7, 3, 1, 100, a);
  draw_demands(point, 7, 3, 1, 100, b);
  draw_demands(point, 7, 3, 1, 200, longer);
  draw_demands(point, 8, 3, 1, 100, other_seed);
  draw_demands(point, 7, 4, 1, 100, other_round);
  EXPECT_EQ(a.producer, b.producer);
  EXPECT_EQ(a.consumer, b.consumer);
  longer.producer[0].resize(100);
  EXPECT_EQ(a.producer[0], longer.producer[0]) << "how many messages a trial has must not matter";
  EXPECT_NE(a.producer[0], a.producer[1]) << "producers draw their own";
  EXPECT_NE(a.producer[0], a.consumer[0]) << "sides draw their own";
  EXPECT_NE(a.producer, other_seed.producer);
  EXPECT_NE(a.producer, other_round.producer);
}

TEST(Demands, HaveTheMeanTheyAreAskedFor) {
  const Work bursty{Work::Kind::sleep, Work::Process::bursty, 1'250, 64, 200};
  const Work constant{Work::Kind::sleep, Work::Process::constant, 700};
  Demands demands;
  draw_demands(point_with(bursty, constant), 1, 1, 1, 1'000'000, demands);
  EXPECT_NEAR(mean(demands.producer[0]), 1'250, 25);
  EXPECT_EQ(demands.producer[0][1], 200u);
  EXPECT_EQ(demands.producer[0][63], 200u);
  EXPECT_EQ(mean(demands.consumer[0]), 700);
  draw_demands(point_with(exponential, exponential), 1, 1, 1, 1'000'000, demands);
  EXPECT_NEAR(mean(demands.producer[0]), 5'000, 25);
  EXPECT_NEAR(mean(demands.consumer[1]), 5'000, 25);
}

TEST(Demands, OfSpinWorkAreCalibratedSteps) {
  const Work spin{Work::Kind::spin, Work::Process::constant, 1'000};
  Demands demands;
  draw_demands(point_with(spin, {}), 1, 1, 0.5, 10, demands);
  EXPECT_EQ(demands.producer[0][0], 2'000u);
  EXPECT_TRUE(demands.consumer[0].empty());
  EXPECT_DOUBLE_EQ(nominal_ns(spin, 2'000, 0.5), 1'000);
}

}  // namespace
}  // namespace bq::bench
