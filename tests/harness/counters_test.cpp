// The one list of counters. (tests/python/test_schema.py holds the pages to it.)
#include "benchmarks/scenario/counters.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "benchmarks/analysis/metric_writer.h"

namespace bq::bench {
namespace {

TEST(Counters, AreListedOnce) {
  std::set<std::string_view> names;
  for (const Counter& counter : counters)
    EXPECT_TRUE(names.insert(counter.name).second) << counter.name;
}

TEST(Counters, HaveTheUnitThatTheirNameEndsWith) {
  EXPECT_EQ(find_counter("lost_ns_per_msg")->unit(), "ns/msg");
  EXPECT_EQ(find_counter("throughput_msgs_per_s")->unit(), "msgs/s");
  EXPECT_EQ(find_counter("switches_per_msg")->unit(), "1/msg");
  EXPECT_EQ(find_counter("sojourn_p99_ns")->unit(), "ns");
  EXPECT_EQ(find_counter("gap_share")->unit(), "share");
  EXPECT_EQ(find_counter("work_inflation")->unit(), "");
}

TEST(Counters, OfADistributionComeTogether) {
  for (const std::string& name : distribution_names()) {
    for (const char* suffix : {"_mean_ns", "_p50_ns", "_p99_ns"}) {
      EXPECT_NE(find_counter(name + suffix), nullptr) << name + suffix;
    }
  }
}

TEST(Counters, ThatAreNotListedAreRefused) {
  TrialResult result;
  MetricWriter metrics(result);
  metrics.add_for_role("producer", "cpu_ns_per_msg", 1);
  EXPECT_EQ(result.counter("producer_cpu_ns_per_msg"), 1);
  EXPECT_THROW(metrics.add_for_role("producer", "cpu_ns", 1), std::logic_error);
  Histogram histogram;
  for (int i = 0; i < 1000; ++i) histogram.add(i);
  EXPECT_THROW(metrics.add_distribution("detour", histogram), std::logic_error);
}

TEST(Counters, AreFoundByNameAndOnlyByTheirOwn) {
  for (const Counter& counter : counters) EXPECT_EQ(find_counter(counter.name), &counter);
  EXPECT_EQ(find_counter("lost_ns_per_mgs"), nullptr);
  EXPECT_EQ(find_counter(""), nullptr);
}

}  // namespace
}  // namespace bq::bench
