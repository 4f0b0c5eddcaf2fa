// Which cores the threads of a point get, in either order.
#include "benchmarks/trial/placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "benchmarks/platform/affinity.h"

namespace bq::bench {
namespace {

Point with_threads(std::size_t producers, std::size_t consumers) {
  Point point;
  point.producers = producers;
  point.consumers = consumers;
  return point;
}

TEST(Placement, BothOrdersUseTheSameCores) {
  for (const std::size_t producers : {1, 2, 5}) {
    const Point point = with_threads(producers, 1);
    const std::vector<int> up = cores_for(point, CoreOrder::ascending);
    const std::vector<int> down = cores_for(point, CoreOrder::descending);
    ASSERT_EQ(up.size(), point.threads());
    EXPECT_EQ(std::set<int>(up.begin(), up.end()), std::set<int>(down.begin(), down.end()));
    EXPECT_EQ(up.front(), allowed_cores().front()) << "a consumer's";
  }
}

TEST(Placement, TheOtherOrderExchangesProducerAndConsumer) {
  if (allowed_cores().size() < 2) GTEST_SKIP() << "needs two cores";
  const Point point = with_threads(1, 1);
  std::vector<int> up = cores_for(point, CoreOrder::ascending);
  const std::vector<int> down = cores_for(point, CoreOrder::descending);
  EXPECT_NE(up, down);
  std::reverse(up.begin(), up.end());
  EXPECT_EQ(up, down);
}

TEST(Placement, WhatIsOnOneCoreStaysThere) {
  Point point = with_threads(1, 1);
  point.placement = Placement::one_core;
  for (const CoreOrder order : {CoreOrder::ascending, CoreOrder::descending})
    EXPECT_EQ(cores_for(point, order), std::vector<int>(2, allowed_cores().front()));
  point.placement = Placement::free;
  EXPECT_TRUE(cores_for(point, CoreOrder::descending).empty());
}

}  // namespace
}  // namespace bq::bench
