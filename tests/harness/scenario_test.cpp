#include "benchmarks/scenario.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace bq::bench {
namespace {

namespace fs = std::filesystem;

class ScenarioTest : public testing::Test {
 protected:
  fs::path folder_ = fs::path(testing::TempDir()) /
                     (std::string("scenarios_") + testing::UnitTest::GetInstance()->current_test_info()->name());
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Scenario load(const std::string& text) {
    std::ofstream(folder_ / "asked.toml") << text;
    return load_scenario(folder_ / "asked.toml");
  }
  // The message of the error that the text must cause.
  std::string error_of(const std::string& text) {
    try {
      load(text);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "no error";
  }
  void expect_error(const std::string& text, const std::string& line, const std::string& key,
                    const std::string& remedy) {
    const std::string message = error_of(text);
    EXPECT_NE(message.find("asked.toml" + (line.empty() ? "" : ":" + line)), std::string::npos) << message;
    EXPECT_NE(message.find("key '" + key + "'"), std::string::npos) << message;
    EXPECT_NE(message.find(remedy), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
};

const std::string head = "question = \"q?\"\nexpect = \"e\"\n";  // two lines

TEST_F(ScenarioTest, SweepsEveryListAndNamesThePointsByIt) {
  const Scenario scenario = load(head + R"(
capacity = [1, 16]
rho = [0.5, 2.0]
[producer]
work = "spin"
process = "exponential"
[consumer]
work = "spin"
process = "exponential"
mean_ns = 1_000
)");
  ASSERT_EQ(scenario.points.size(), 4u);
  EXPECT_EQ(scenario.points[0].name, "asked/capacity:1/rho:0.5");
  EXPECT_EQ(scenario.points[3].name, "asked/capacity:16/rho:2");
  EXPECT_DOUBLE_EQ(scenario.points[0].producer.mean_ns, 2'000);
  EXPECT_DOUBLE_EQ(scenario.points[3].producer.mean_ns, 500);
  EXPECT_EQ(scenario.points[3].capacity, 16u);
  EXPECT_EQ(scenario.points[0].level(), Level::traced);
}

TEST_F(ScenarioTest, RhoCountsThreads) {
  const Scenario scenario = load(head + R"(
capacity = 1
producers = 4
consumers = 2
rho = 1.0
producer.work = "spin"
consumer.work = "spin"
consumer.mean_ns = 1_000
)");
  EXPECT_DOUBLE_EQ(scenario.points[0].producer.mean_ns, 2'000);
}

TEST_F(ScenarioTest, CasesOverrideTheFile) {
  const Scenario scenario = load(head + R"(
capacity = 4
[[case]]
name = "short"
[case.producer]
work = "sleep"
mean_ns = 10_000
[[case]]
name = "long"
capacity = [8, 9]
)");
  ASSERT_EQ(scenario.points.size(), 3u);
  EXPECT_EQ(scenario.points[0].name, "asked/case:short");
  EXPECT_EQ(scenario.points[0].producer.kind, Work::Kind::sleep);
  EXPECT_EQ(scenario.points[2].name, "asked/case:long/capacity:9");
  EXPECT_EQ(scenario.points[2].level(), Level::counted) << "no work: a race";
}

TEST_F(ScenarioTest, UnknownKeysAndWrongUnits) {
  expect_error(head + "capacity = 1\ncapactiy = 2\n", "4", "capactiy", "unknown");
  expect_error(head + "capacity = 1\n[consumer]\nwork = \"spin\"\nmean_us = 1\n", "6", "consumer.mean_us",
               "consumer.mean_ns");
  expect_error(head + "capacity = 1\n[consumer]\nwork = \"spin\"\nmean = 1\n", "6", "consumer.mean",
               "the unit is part of the name");
  expect_error(head + "capacity = 1\nconsumer = 3\n", "4", "consumer", "table");
}

TEST_F(ScenarioTest, ImpossibleValues) {
  expect_error(head + "capacity = 0\n", "3", "capacity", "from 1 to");
  expect_error(head + "capacity = [1, -4]\n", "3", "capacity", "from 1 to");
  expect_error(head + "capacity = 1.5\n", "3", "capacity", "whole number");
  expect_error(head + "capacity = 99999999999\n", "3", "capacity", "to 16777216");
  expect_error(head + "capacity = []\n", "3", "capacity", "empty");
  expect_error(head + "capacity = 1\nproducers = 0\n", "4", "producers", "from 1 to 256");
  expect_error(head + "capacity = 1\nconsumers = 100000\n", "4", "consumers", "from 1 to 256");
  expect_error(head + "capacity = 1\nplacement = \"moon\"\n", "4", "placement", "spread");
  expect_error(head + "capacity = 1\nmessage_bytes = 7\n", "4", "message_bytes", "8");
  expect_error(head + "capacity = 1\n[producer]\nwork = \"spin\"\nmean_ns = -3\n", "6", "producer.mean_ns", "above 0");
  expect_error(head + "capacity = 1\n[producer]\nwork = \"spin\"\nmean_ns = nan\n", "6", "producer.mean_ns", "above 0");
  expect_error(head + "capacity = 1\nrank = 3\n", "4", "rank", "true or false");
  expect_error(head + "capacity = 1\nqueues = [3]\n", "4", "queues", "list of names");
}

TEST_F(ScenarioTest, WhatIsMissingOrDoesNotGoTogether) {
  expect_error("expect = \"e\"\ncapacity = 1\n", "", "question", "missing");
  expect_error(head, "", "capacity", "missing");
  expect_error(head + "capacity = 1\n[producer]\nwork = \"spin\"\n", "", "producer.mean_ns", "missing");
  expect_error(head + "capacity = 1\n[producer]\nmean_ns = 5\n", "5", "producer.mean_ns", "needs producer.work");
  expect_error(head + "capacity = 1\nrho = 0.5\n", "4", "rho", "work on both sides");
  expect_error(head +
                   "capacity = 1\nrho = 0.5\nproducer.work = \"spin\"\nproducer.mean_ns = 5\nconsumer.work = "
                   "\"spin\"\nconsumer.mean_ns = 5\n",
               "6", "producer.mean_ns", "not both");
  expect_error(head +
                   "capacity = 1\n[producer]\nwork = \"spin\"\nprocess = \"bursty\"\nmean_ns = 100\nburst_msgs = "
                   "4\nburst_gap_ns = 200\n",
               "9", "producer.burst_gap_ns", "too long");
  expect_error(head + "capacity = 1\n[producer]\nwork = \"spin\"\nmean_ns = 100\nburst_msgs = 4\n", "7",
               "producer.burst_msgs", "bursty");
}

TEST_F(ScenarioTest, TimesTooLongToDraw) {
  const std::string both = "producer.work = \"spin\"\nconsumer.work = \"spin\"\nconsumer.mean_ns = 1_000_000\n";
  expect_error(head + "capacity = 1\nrho = 0.000_1\n" + both, "4", "rho", "over 0.1 s");
  expect_error(head +
                   "capacity = 1\n[producer]\nwork = \"spin\"\nprocess = \"bursty\"\nmean_ns = 1_000_000\nburst_msgs = "
                   "10_000\nburst_gap_ns = 1_000\n",
               "8", "producer.burst_msgs", "pause");
}

TEST_F(ScenarioTest, FilesThatAreNone) {
  EXPECT_NE(error_of("capacity = = 3").find("asked.toml:1"), std::string::npos) << error_of("capacity = = 3");
  EXPECT_THROW(load_scenario(folder_ / "absent.toml"), UsageError);
  EXPECT_THROW(load_scenarios({"absent"}, folder_), UsageError);
  EXPECT_THROW(load_scenarios({folder_.string()}, folder_), UsageError) << "an empty folder";
}

TEST_F(ScenarioTest, AreFoundByFileFolderAndName) {
  fs::create_directories(folder_ / "curated");
  for (const char* name : {"curated/b.toml", "curated/a.toml", "top.toml"})
    std::ofstream(folder_ / name) << head << "capacity = 1\n";
  EXPECT_EQ(load_scenarios({}, folder_).size(), 2u);
  EXPECT_EQ(load_scenarios({}, folder_)[0].name, "a");
  EXPECT_EQ(load_scenarios({"top"}, folder_)[0].name, "top");
  EXPECT_EQ(load_scenarios({"curated", "top"}, folder_).size(), 3u);
  EXPECT_EQ(load_scenarios({(folder_ / "top.toml").string()}, folder_ / "curated")[0].name, "top");
  EXPECT_THROW(load_scenarios({"curated", "a"}, folder_), UsageError) << "twice";
}

}  // namespace
}  // namespace bq::bench
