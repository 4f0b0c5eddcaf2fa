#include "benchmarks/util/histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace bq::bench {
namespace {

TEST(Histogram, BucketsTileTheLineAtOneThirtySecond) {
  std::uint64_t expected = 0;
  for (std::size_t bucket = 0; bucket < 1500; ++bucket) {
    const auto edges = Histogram::edges(bucket);
    ASSERT_EQ(edges.lower, expected) << "bucket " << bucket;
    if (edges.lower >= 64) {
      ASSERT_LE((edges.upper - edges.lower) * 32, edges.lower);
    }
    expected = edges.upper;
  }
}

TEST(Histogram, EveryValueLandsBetweenItsEdges) {
  for (const std::uint64_t value :
       {0u, 1u, 63u, 64u, 65u, 127u, 128u, 1000u, 4095u, 4096u, 123456789u}) {
    Histogram histogram;
    histogram.add(static_cast<double>(value));
    histogram.each([&](Histogram::Edges edges, std::uint64_t count) {
      EXPECT_EQ(count, 1u);
      EXPECT_LE(edges.lower, value);
      EXPECT_LT(value, edges.upper);
    });
  }
}

TEST(Histogram, QuantilesOfAnExponential) {
  std::mt19937_64 random(1);
  std::exponential_distribution<double> draw(1.0 / 10'000);
  Histogram histogram;
  for (int i = 0; i < 1'000'000; ++i) histogram.add(draw(random));
  for (const double q : {0.5, 0.9, 0.99, 0.999}) {
    EXPECT_NEAR(histogram.quantile(q).value() / (-10'000 * std::log(1 - q)), 1, 0.03) << q;
  }
  EXPECT_NEAR(histogram.mean().value(), 10'000, 100);
}

TEST(Histogram, AQuantileNeedsAHundredSamplesBeyondIt) {
  Histogram histogram;
  EXPECT_FALSE(histogram.mean());
  for (int i = 0; i < 9'999; ++i) histogram.add(i);
  EXPECT_FALSE(histogram.quantile(0.99));
  EXPECT_TRUE(histogram.quantile(0.9));
  histogram.add(9'999);
  EXPECT_TRUE(histogram.quantile(0.99));
}

}  // namespace
}  // namespace bq::bench
