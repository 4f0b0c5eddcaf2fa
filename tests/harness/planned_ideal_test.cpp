#include "benchmarks/analysis/planned_ideal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <vector>

#include "benchmarks/run/ideal_listing.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/json.h"
#include "queues/bounded_queue.h"

namespace bq::bench {
namespace {

Point point_of(Process producer, Process consumer) {
  Point point;
  point.scenario = point.name = "test";
  point.producer = {producer, Work::Kind::spin};
  point.consumer = {consumer, Work::Kind::spin};
  return point;
}

TEST(PlannedIdeal, HasTheClosedFormsTimePerMessageAtEachCapacity) {
  const Point point =
      point_of({Distribution::exponential, 10'000}, {Distribution::exponential, 10'000});
  const std::vector<std::size_t> capacities{1, 4, 64};
  for (const PlannedIdeal& ideal : planned_ideals(point, 1, capacities)) {
    // As in ideal_test.cpp, for equal means.
    const double k = static_cast<double>(ideal.capacity);
    EXPECT_NEAR(ideal.ns_per_msg / (10'000 * (k + 3) / (k + 2)), 1, 0.01) << ideal.capacity;
  }
}

TEST(PlannedIdeal, DropsTheShareThatErlangsFormulaGives) {
  Point point = point_of({}, {Distribution::exponential, 10'000});
  point.producer.kind = Work::Kind::none;
  point.when_full = WhenFull::drop;
  point.arrivals = Arrivals{{Distribution::exponential, 8'000}};
  const std::vector<std::size_t> capacities{1, 4, 16};
  for (const PlannedIdeal& ideal : planned_ideals(point, 1, capacities)) {
    // M/M/1 with room for the capacity and the message in work.
    const double rho = 10.0 / 8, places = static_cast<double>(ideal.capacity) + 1;
    const double lost = (1 - rho) * std::pow(rho, places) / (1 - std::pow(rho, places + 1));
    EXPECT_NEAR(ideal.dropped_share, lost, 0.01) << ideal.capacity;
  }
}

TEST(PlannedIdeal, KnowsHowLongProducersAreBlocked) {
  // Two producers could push every 25 ns, and the consumer takes 100: each waits 150 of 200.
  Point point = point_of({Distribution::constant, 50}, {Distribution::constant, 100});
  point.producers = 2;
  const std::vector<std::size_t> capacities{8, unbounded_capacity};
  const std::vector<PlannedIdeal> ideals = planned_ideals(point, 1, capacities);
  EXPECT_NEAR(ideals[0].blocked_share, 0.75, 0.001);
  EXPECT_EQ(ideals[1].blocked_share, 0);
  // An unbounded queue is no faster than its consumer.
  EXPECT_NEAR(ideals[1].ns_per_msg, 100, 0.1);
}

TEST(PlannedIdeal, DrawsTheSameForAllCapacities) {
  const Point point =
      point_of({Distribution::exponential, 10'000}, {Distribution::lognormal, 9'000, 2});
  double before = INFINITY;
  for (const PlannedIdeal& ideal :
       planned_ideals(point, 1, std::vector<std::size_t>{1, 2, 3, 5, 8, 13, unbounded_capacity})) {
    EXPECT_LE(ideal.ns_per_msg, before) << ideal.capacity;  // one by one; no noise
    before = ideal.ns_per_msg;
  }
}

TEST(PlannedIdeal, LeavesNoProducerAloneAtTheEnd) {
  // Whoever pushed most is done first; the last one would keep the consumers waiting.
  Point point = point_of({Distribution::bursty, 26'000}, {Distribution::exponential, 36'000});
  point.producer.burst_msgs = 80;
  point.producer.burst_gap_ns = 1;
  point.producers = point.consumers = 4;
  const std::vector<std::size_t> capacities{1024, unbounded_capacity};
  const std::vector<PlannedIdeal> ideals = planned_ideals(point, 1, capacities);
  EXPECT_NEAR(ideals[0].ns_per_msg / ideals[1].ns_per_msg, 1, 0.002);
}

TEST(PlannedIdeal, CoversItsBurstsAndItsTraceWithinLimits) {
  Point point = point_of({Distribution::constant, 10}, {Distribution::constant, 10});
  EXPECT_EQ(planned_messages(point), 200'000u);
  point.producer.burst_msgs = 200;
  EXPECT_EQ(planned_messages(point), 400'000u);
  point.producer.burst_msgs = 50'000;
  EXPECT_EQ(planned_messages(point), 1'000'000u);
  point.producer.burst_msgs = 0;
  point.arrivals = Arrivals{{Distribution::exponential, 8'000}};
  point.rho = 0.95;
  EXPECT_NEAR(static_cast<double>(planned_messages(point)), 800'000, 1);
  point.rho = 1 / 0.95;
  EXPECT_NEAR(static_cast<double>(planned_messages(point)), 800'000, 1);
  point.rho = 1;
  EXPECT_EQ(planned_messages(point), 1'000'000u);
  point.rho.reset();
  point.arrivals.reset();
  auto trace = std::make_shared<Trace>();
  trace->ns.assign(300'000, 5);
  point.consumer.trace = trace;
  EXPECT_EQ(planned_messages(point), 300'000u);
}

TEST(IdealListing, PrintsAnObjectForEachPointWithNoBoundLast) {
  Scenario scenario;
  scenario.points = {point_of({Distribution::constant, 50}, {Distribution::constant, 100})};
  std::ostringstream out;
  print_ideals({scenario}, 1, {2}, out);
  const Json row = Json::parse(out.str());
  ASSERT_EQ(row["ideal"].size(), 2u);
  EXPECT_EQ(row["ideal"][0]["capacity"], 2);
  EXPECT_TRUE(row["ideal"][1]["capacity"].is_null());
  EXPECT_TRUE(row["ideal"][0].contains("sojourn_p99_ns"));
}

TEST(IdealListing, RefusesPointsOfSeveralQueuesAndWrongCapacities) {
  Scenario scenario;
  scenario.points = {point_of({Distribution::constant, 50}, {Distribution::constant, 100})};
  scenario.points.front().topology = Topology::ping_pong;
  std::ostringstream out;
  EXPECT_THROW(print_ideals({scenario}, 1, {2}, out), UsageError);
  EXPECT_EQ(parse_capacities("1,16,4096"), (std::vector<std::size_t>{1, 16, 4096}));
  for (const char* wrong : {"", "0", "1,", "1,,2", "-1", "1e3", "16777217", "x"})
    EXPECT_THROW(parse_capacities(wrong), UsageError) << wrong;
}

}  // namespace
}  // namespace bq::bench
