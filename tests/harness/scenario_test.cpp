#include "benchmarks/scenario/scenario_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "benchmarks/scenario/counters.h"
#include "benchmarks/scenario/serialization.h"
#include "benchmarks/util/error.h"

namespace bq::bench {
namespace {

namespace fs = std::filesystem;

class ScenarioTest : public testing::Test {
 protected:
  fs::path folder_ =
      fs::path(testing::TempDir()) /
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
    EXPECT_NE(message.find("asked.toml" + (line.empty() ? "" : ":" + line)), std::string::npos)
        << message;
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
  EXPECT_EQ(scenario.points[0].level(), Level::timestamped);
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
  EXPECT_EQ(scenario.points[2].level(), Level::untimed) << "no work: a race";
}

TEST_F(ScenarioTest, UnknownKeysAndWrongUnits) {
  expect_error(head + "capacity = 1\ncapactiy = 2\n", "4", "capactiy", "unknown");
  expect_error(head + "capacity = 1\n[consumer]\nwork = \"spin\"\nmean_us = 1\n", "6",
               "consumer.mean_us", "consumer.mean_ns");
  expect_error(head + "capacity = 1\n[consumer]\nwork = \"spin\"\nmean = 1\n", "6", "consumer.mean",
               "the unit is part of the name");
  expect_error(head + "capacity = 1\nconsumer = 3\n", "4", "consumer", "table");
}

TEST_F(ScenarioTest, FullQueuesTakeMemory) {
  const auto full_bytes = [&](const std::string& keys) {
    return load(head + keys).points[0].full_bytes();
  };
  EXPECT_EQ(full_bytes("capacity = 10\n"), 80u);
  EXPECT_EQ(full_bytes("capacity = 16_777_216\nmessage_bytes = 1024\n"), 17'179'869'184u);
  EXPECT_EQ(full_bytes("capacity = 10\nmessage_bytes = 64\npayload = \"heap\"\n"),
            10u * (sizeof(HeapMessage) + 64));
  EXPECT_EQ(full_bytes("capacity = 10\nshape = \"pipeline\"\nstages = 4\n"), 3u * 80);
  const Scenario swept =
      load(head +
           "capacity = [\n1,\n2]\n[[case]]\nname = \"c\"\n[[case]]\nname = \"d\"\ncapacity = 3\n");
  EXPECT_EQ(swept.points[1].capacity_line, 5u);
  EXPECT_EQ(swept.points[2].capacity_line, 10u);
}

// In quotes a dot is part of a name: what looks like a path is another key, which nobody reads.
TEST_F(ScenarioTest, ADotInQuotesIsNoPath) {
  for (const std::string key :
       {"consumer.mean_ns = \"banana\"", "arrivals.process = 7", "producer.work = \"spin\""}) {
    const std::string path = key.substr(0, key.find(' '));
    const std::string quoted = '"' + path + '"';
    const std::string line = quoted + key.substr(path.size()) + "\n";
    expect_error(head + "capacity = 1\n" + line, "4", quoted,
                 "without the quotes: " + path + ", or in a table");
    expect_error(head + "capacity = 1\n[[case]]\nname = \"c\"\n" + line, "6", quoted,
                 "without the quotes: " + path);
  }
  expect_error(head + "capacity = 1\n[producer]\nwork = \"spin\"\nmean_ns = 5\n\"process.x\" = 1\n",
               "7", "producer.\"process.x\"", "unknown");
  expect_error(head + "capacity = [1, 2]\n[[claim]]\n\"where.capacity\" = 1\n", "5",
               "claim.\"where.capacity\"", "unknown");
  expect_error(head + "capacity = 1\n\"\" = 1\n", "4", "\"\"", "unknown");
  const Scenario scenario =
      load(head + "capacity = 1\n\"producer\".\"work\" = \"spin\"\nproducer.'mean_ns' = 5\n");
  EXPECT_EQ(scenario.points[0].producer.mean_ns, 5)
      << "names in quotes with the dot between them are a path";
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
  expect_error(head + "capacity = 1\nmessage_bytes = 7\n", "4", "message_bytes", "from 8");
  expect_error(head + "capacity = 1\n[producer]\nwork = \"spin\"\nmean_ns = -3\n", "6",
               "producer.mean_ns", "above 0");
  expect_error(head + "capacity = 1\n[producer]\nwork = \"spin\"\nmean_ns = nan\n", "6",
               "producer.mean_ns", "above 0");
  expect_error(head + "capacity = 1\nrank = 3\n", "4", "rank", "true or false");
  expect_error(head + "capacity = 1\nqueues = [3]\n", "4", "queues", "list of names");
}

TEST_F(ScenarioTest, WhatIsMissingOrDoesNotGoTogether) {
  expect_error("expect = \"e\"\ncapacity = 1\n", "", "question", "missing");
  expect_error(head, "", "capacity", "missing");
  expect_error(head + "capacity = 1\n[producer]\nwork = \"spin\"\n", "", "producer.mean_ns",
               "missing");
  expect_error(head + "capacity = 1\n[producer]\nmean_ns = 5\n", "5", "producer.mean_ns",
               "needs producer.work");
  expect_error(head + "capacity = 1\nrho = 0.5\n", "4", "rho", "work on both sides");
  expect_error(head +
                   "capacity = 1\nrho = 0.5\nproducer.work = \"spin\"\nproducer.mean_ns = "
                   "5\nconsumer.work = "
                   "\"spin\"\nconsumer.mean_ns = 5\n",
               "6", "producer.mean_ns", "not both");
  expect_error(head +
                   "capacity = 1\n[producer]\nwork = \"spin\"\nprocess = \"bursty\"\nmean_ns = "
                   "100\nburst_msgs = "
                   "4\nburst_gap_ns = 200\n",
               "9", "producer.burst_gap_ns", "too long");
  expect_error(head + "capacity = 1\n[producer]\nwork = \"spin\"\nmean_ns = 100\nburst_msgs = 4\n",
               "7", "producer.burst_msgs", "bursty");
}

TEST_F(ScenarioTest, AProducerThatSleepsForArrivalsWantsACoreWhereTheyAreClose) {
  const auto spinning = [&](const char* gap_ns) {
    return load(head + "capacity = 4\nproducers = 4\n[arrivals]\nprocess = \"constant\"\n" +
                "wait = \"sleep\"\nmean_gap_ns = " + gap_ns + "\n")
        .points[0]
        .spinning_threads();
  };
  EXPECT_EQ(spinning("150_000"), 1u);  // each wakes every 600 us, and is up for 100: the consumer
  EXPECT_EQ(spinning("100_000"), 5u);
}

TEST_F(ScenarioTest, KindsOfWork) {
  const Point point = load(head + R"(capacity = 4
producer = { work = "memory", working_set_bytes = 1_048_576, mean_ns = 100 }
consumer = { work = "wide", mean_ns = 100 }
)")
                          .points[0];
  EXPECT_EQ(point.producer.kind, Work::Kind::memory);
  EXPECT_EQ(point.producer.working_set_bytes, 1'048'576u);
  EXPECT_EQ(point.producer.working_set_line, 4u);
  EXPECT_EQ(point.consumer.kind, Work::Kind::wide);
  EXPECT_EQ(point.consumer.working_set_bytes, 0u);
  EXPECT_EQ(point.spinning_threads(), 2u);
  EXPECT_EQ(point.level(), Level::timestamped);
  EXPECT_EQ(point.works_in_steps().size(), 2u);
  EXPECT_EQ(point_json(point)["producer"]["working_set_bytes"], 1'048'576);
  EXPECT_FALSE(point_json(point)["consumer"].contains("working_set_bytes"));

  const Scenario swept = load(head + R"(capacity = 4
producers = 3
rho = 1.0
producer = { work = "memory", working_set_bytes = [4_096, 268_435_456] }
consumer = { work = "memory", working_set_bytes = 4_096, mean_ns = 100 }
)");
  ASSERT_EQ(swept.points.size(), 2u);
  EXPECT_EQ(swept.points[0].name, "asked/producer_working_set_bytes:4096");
  EXPECT_EQ(swept.points[0].works_in_steps().size(), 1u) << "both walk as much";
  EXPECT_EQ(swept.points[1].works_in_steps().size(), 2u);
  EXPECT_EQ(swept.points[1].working_sets_bytes(), 3u * 268'435'456 + 4'096);
  const Point sleeping =
      load(head + "capacity = 1\nproducer = { work = \"sleep\", mean_ns = 5 }\n").points[0];
  EXPECT_TRUE(sleeping.works_in_steps().empty());
}

TEST_F(ScenarioTest, ImpossibleWorkingSets) {
  // The keys of the table begin in line 5.
  const std::string memory = head + "capacity = 4\n[producer]\nwork = \"memory\"\nmean_ns = 5\n";
  const std::string key = "producer.working_set_bytes";
  expect_error(memory, "", key, "add a line such as working_set_bytes = 1_048_576");
  expect_error(memory + "working_set_bytes = 4_032\n", "7", key, "from 4096 to 268435456");
  expect_error(memory + "working_set_bytes = 268_435_520\n", "7", key, "from 4096 to 268435456");
  expect_error(memory + "working_set_bytes = 4_100\n", "7", key, "a multiple of 64");
  expect_error(memory + "working_set_bytes = 8192.0\n", "7", key, "a whole number");
  for (const std::string kind : {"spin", "wide", "sleep"}) {
    expect_error(head + "capacity = 4\n[producer]\nwork = \"" + kind +
                     "\"\nmean_ns = 5\nworking_set_bytes = 4_096\n",
                 "7", key, "needs producer.work = \"memory\"");
  }
  expect_error(head + "capacity = 4\n[producer]\nworking_set_bytes = 4_096\n", "5", key,
               "needs producer.work");
  expect_error(head + "capacity = 4\n[arrivals]\nworking_set_bytes = 4_096\n", "5",
               "arrivals.working_set_bytes", "unknown");
}

TEST_F(ScenarioTest, TheEnvironmentIsSwept) {
  const Scenario scenario =
      load(head + "capacity = 1\nneighbour = [\"none\", \"idle_priority\"]\n");
  ASSERT_EQ(scenario.points.size(), 2u);
  EXPECT_EQ(scenario.points[1].name, "asked/neighbour:idle_priority");
  EXPECT_EQ(scenario.points[0].neighbour, Neighbour::none);
  EXPECT_EQ(scenario.points[1].neighbour, Neighbour::idle_priority);
  EXPECT_FALSE(scenario.points[1].cpu_quota_pct);
  EXPECT_DOUBLE_EQ(
      load(head + "capacity = 1\ncpu_quota_pct = [12.5, 100]\n").points[0].quota_cores(4), 0.5);
}

TEST_F(ScenarioTest, ImpossibleEnvironments) {
  expect_error(head + "capacity = 1\nneighbour = \"noisy\"\n", "4", "neighbour", "idle_priority");
  expect_error(head + "capacity = 1\ncpu_quota_pct = 0\n", "4", "cpu_quota_pct",
               "above 0 and at most 100");
  expect_error(head + "capacity = 1\ncpu_quota_pct = [50, 101]\n", "4", "cpu_quota_pct",
               "at most 100");
  expect_error(head + "capacity = 1\ncpu_quota = 50\n", "4", "cpu_quota", "cpu_quota_pct");
  expect_error(head + "capacity = 1\nneighbour = \"idle_priority\"\ncpu_quota_pct = 50\n", "5",
               "cpu_quota_pct", "neighbour = \"none\" only");
  expect_error(head +
                   "capacity = 1\nneighbour = \"idle_priority\"\narrivals.process = \"constant\"\n"
                   "arrivals.mean_gap_ns = 1_000_000\n",
               "4", "neighbour", "closed loop");
}

TEST_F(ScenarioTest, TimesTooLongToDraw) {
  const std::string both =
      "producer.work = \"spin\"\nconsumer.work = \"spin\"\nconsumer.mean_ns = 1_000_000\n";
  expect_error(head + "capacity = 1\nrho = 0.000_1\n" + both, "4", "rho", "over 0.1 s");
  expect_error(head +
                   "capacity = 1\n[producer]\nwork = \"spin\"\nprocess = \"bursty\"\nmean_ns = "
                   "1_000_000\nburst_msgs = "
                   "10_000\nburst_gap_ns = 1_000\n",
               "8", "producer.burst_msgs", "pause");
}

TEST_F(ScenarioTest, EachProcessWithImpossibleParameters) {
  const std::string spins = head + "capacity = 4\n[producer]\nwork = \"spin\"\nmean_ns = 100\n";
  expect_error(spins + "process = \"weibull\"\n", "7", "producer.process", "lognormal");
  expect_error(spins + "process = \"lognormal\"\n", "", "producer.cv", "missing");
  expect_error(spins + "process = \"lognormal\"\ncv = 0\n", "8", "producer.cv", "above 0");
  expect_error(spins + "process = \"lognormal\"\ncv = 11\n", "8", "producer.cv", "at most 10");
  expect_error(spins + "cv = 1\n", "7", "producer.cv", "needs producer.process = \"lognormal\"");
  expect_error(spins + "process = \"bursty\"\nburst_msgs = 1\nburst_gap_ns = 1\n", "8",
               "producer.burst_msgs", "from 2");
  expect_error(spins + "process = \"trace\"\n", "", "producer.trace_file", "missing");
}

TEST_F(ScenarioTest, ATraceIsReadFromBesideTheScenarioAndScaled) {
  std::ofstream(folder_ / "times.txt") << "# ns\n100\n\n 300 # a slow one\n2e2\n";
  const std::string traced = head +
                             "capacity = 4\n[consumer]\nwork = \"spin\"\nprocess = "
                             "\"trace\"\ntrace_file = \"times.txt\"\n";
  const Scenario scenario = load(traced);
  EXPECT_EQ(scenario.points[0].consumer.trace->ns, (std::vector<double>{100, 300, 200}));
  EXPECT_DOUBLE_EQ(scenario.points[0].consumer.mean_ns, 200);
  EXPECT_DOUBLE_EQ(load(traced + "mean_ns = 50\n").points[0].consumer.mean_ns, 50);
  const auto refuses = [&](const std::string& text, const std::string& where,
                           const std::string& what) {
    std::ofstream(folder_ / "times.txt") << text;
    expect_error(traced, "7", "consumer.trace_file", where);
    expect_error(traced, "7", "consumer.trace_file", what);
  };
  refuses("100\n-3\n", "times.txt:2", "negative");
  refuses("100\n\nfast\n", "times.txt:3", "'fast' is not a number");
  refuses("12 ns\n", "times.txt:1", "one a line");
  refuses("nan\n", "times.txt:1", "not a number");
  refuses("# nothing\n", "times.txt", "holds no time");
  refuses("0\n0\n", "times.txt", "are 0");
  fs::remove(folder_ / "times.txt");
  expect_error(traced, "7", "consumer.trace_file", "no such file");
}

TEST_F(ScenarioTest, ArrivalsByGapRateOrLoad) {
  const std::string served =
      head + "capacity = 4\nconsumers = 2\nconsumer.work = \"spin\"\nconsumer.mean_ns = 1_000\n";
  const std::string poisson = "arrivals.process = \"poisson\"\n";
  const Point by_rho = load(served + poisson + "rho = 0.8\n").points[0];
  EXPECT_EQ(by_rho.arrivals->distribution, Distribution::exponential);
  EXPECT_DOUBLE_EQ(by_rho.arrivals->mean_ns, 625) << "two consumers take 500 ns a message";
  EXPECT_EQ(by_rho.level(), Level::timestamped);
  const Point by_rate = load(served + poisson + "arrivals.rate_per_s = 1e6\n").points[0];
  EXPECT_DOUBLE_EQ(by_rate.arrivals->mean_ns, 1'000);
  EXPECT_DOUBLE_EQ(*by_rate.rho, 0.5);
  EXPECT_FALSE(by_rate.overloaded());
  EXPECT_TRUE(load(served + poisson + "arrivals.mean_gap_ns = 400\n").points[0].overloaded())
      << "allowed, and said so";
  expect_error(served + poisson, "", "arrivals.mean_gap_ns", "missing");
  expect_error(served + poisson + "arrivals.mean_gap_ns = 4\narrivals.rate_per_s = 4\n", "9",
               "arrivals.rate_per_s", "either");
  expect_error(served + poisson + "arrivals.mean_gap_ns = 4\nrho = 0.5\n", "8",
               "arrivals.mean_gap_ns", "not both");
  expect_error(served + "arrivals.mean_gap_ns = 4\n", "", "arrivals.process", "missing");
  expect_error(served + "arrivals.process = \"exponential\"\n", "7", "arrivals.process", "poisson");
  expect_error(served + poisson + "rho = 0.5\nproducer.work = \"spin\"\nproducer.mean_ns = 5\n",
               "9", "producer.work", "leave it out");
  expect_error(head + "capacity = 4\n" + poisson + "rho = 0.5\n", "5", "rho",
               "work of the consumer");
}

TEST_F(ScenarioTest, MessagesByPlaceAndSize) {
  const Scenario scenario = load(head + "capacity = 4\nmessage_bytes = [8, 64, 1_024]\n");
  EXPECT_EQ(scenario.points[2].message_bytes, 1024u);
  EXPECT_EQ(load(head + "capacity = 4\npayload = \"heap\"\n").points[0].message_bytes, 64u);
  expect_error(head + "capacity = 4\nmessage_bytes = 100\n", "4", "message_bytes", "8, 64 or 1024");
  expect_error(head + "capacity = 4\npayload = \"heap\"\nmessage_bytes = 8\n", "5", "message_bytes",
               "at least 16");
  expect_error(head + "capacity = 4\npayload = \"disk\"\n", "4", "payload", "heap");
  expect_error(head + "capacity = 4\nwhen_full = \"drop\"\n", "4", "when_full", "needs [arrivals]");
}

TEST_F(ScenarioTest, BatchesThatCannotBe) {
  const std::string works = head + "producer.work = \"spin\"\nproducer.mean_ns = 100\n";
  EXPECT_EQ(load(works + "capacity = 8\nbatch = [1, 8]\n").points[1].batch, 8u);
  expect_error(works + "capacity = [16, 4]\nbatch = 8\n", "6", "batch",
               "never fits a capacity of 4");
  expect_error(works + "capacity = 4\nbatch = 0\n", "6", "batch", "from 1");
  expect_error(head + "capacity = 4\nbatch = 2\n", "4", "batch", "needs work");
  expect_error(works +
                   "producer.process = \"bursty\"\nproducer.burst_msgs = 2\nproducer.burst_gap_ns "
                   "= 1\ncapacity = "
                   "4\nbatch = 2\n",
               "9", "batch", "batches of their own");
}

TEST_F(ScenarioTest, IsJudgedByACounterThatRanks) {
  EXPECT_EQ(load(head + "capacity = 1\n").judged_by, nullptr);
  const Scenario scenario = load(head + "capacity = 1\njudged_by = \"sojourn_p99_ns\"\n");
  ASSERT_NE(scenario.judged_by, nullptr);
  EXPECT_EQ(scenario.judged_by->name, "sojourn_p99_ns");

  expect_error(head + "capacity = 1\njudged_by = \"lost_ns_per_mgs\"\n", "4", "judged_by",
               "the nearest are lost_ns_per_msg");
  expect_error(head + "capacity = 1\njudged_by = \"gap_share\"\n", "4", "judged_by",
               "ranks nothing");
  expect_error(head + "capacity = 1\njudged_by = 3\n", "4", "judged_by", "the name of a counter");
  expect_error(head + "capacity = 1\njudged_by = [\"efficiency\"]\n", "4", "judged_by",
               "one value");
  expect_error(head + "capacity = 1\n[[case]]\nname = \"a\"\njudged_by = \"efficiency\"\n", "6",
               "judged_by", "not in a case");
}

TEST_F(ScenarioTest, KeepsExpectationsThatFailed) {
  const Scenario scenario = load(head + R"(capacity = 1
[[earlier_expect]]
until = 2026-11-28
text  = "Nothing."
why   = "It was 3 us."
)");
  ASSERT_EQ(scenario.earlier_expect.size(), 1u);
  EXPECT_EQ(scenario.earlier_expect[0].until, "2026-11-28");
  EXPECT_EQ(scenario.earlier_expect[0].text, "Nothing.");
  EXPECT_EQ(scenario.earlier_expect[0].why, "It was 3 us.");
}

TEST_F(ScenarioTest, AnExpectationThatFailedHasADateATextAndAReason) {
  // The keys begin in line 5.
  const std::string table = head + "capacity = 1\n[[earlier_expect]]\n";
  expect_error(table + "text = \"t\"\nwhy = \"w\"\n", "4", "earlier_expect.until", "missing");
  expect_error(table + "until = 2026-11-28\nwhy = \"w\"\n", "4", "earlier_expect.text", "missing");
  expect_error(table + "until = 2026-11-28\ntext = \"t\"\n", "4", "earlier_expect.why", "missing");
  expect_error(table + "until = \"2026\"\ntext = \"t\"\nwhy = \"w\"\n", "5", "earlier_expect.until",
               "2026-11-28");
  expect_error(table + "until = 2026-11-28\ntext = 3\nwhy = \"w\"\n", "6", "earlier_expect.text",
               "sentence");
  expect_error(table + "until = 2026-11-28\ntexts = \"t\"\n", "6", "earlier_expect.texts",
               "until, text, why");
  expect_error(head + "capacity = 1\nearlier_expect = \"e\"\n", "4", "earlier_expect",
               "[[earlier_expect]]");
}

// A scenario of six points, and a claim about it whose first key is in line 13.
const std::string swept = head + R"(capacity = [1, 16, 64]
rho = [0.5, 2.0]
[producer]
work = "spin"
[consumer]
work = "spin"
mean_ns = 1_000

[[claim]]
says = "short is dear"
)";
const std::string about = "counter = \"lost_ns_per_msg\"\nqueue = \"two_condvar\"\n";
const std::string dated = "since = 2026-11-28\n";

TEST_F(ScenarioTest, ClaimsNameTheirPoints) {
  const Scenario scenario =
      load(swept + about + "where = { capacity = [1, 16], rho = 0.5 }\nabove = 10\n" + dated + R"(
[[claim]]
says = "each is better than the reference"
counter = "efficiency"
queue = "each"
than = "reference"
above = 1
below = 2.5
since = 2026-11-25
[[claim]]
says = "capacity pays"
counter = "lost_ns_per_msg"
queue = ["a", "b"]
where = { capacity = 64 }
than_where = { capacity = 1 }
below = 0.1
since = 2026-11-25
)");
  ASSERT_EQ(scenario.claims.size(), 3u);
  const Claim& first = scenario.claims[0];
  EXPECT_EQ(first.says, "short is dear");
  EXPECT_EQ(first.counter, "lost_ns_per_msg");
  EXPECT_EQ(first.queues, std::vector<std::string>{"two_condvar"});
  EXPECT_EQ(first.points,
            (std::vector<std::string>{"asked/capacity:1/rho:0.5", "asked/capacity:16/rho:0.5"}));
  EXPECT_EQ(first.above, 10);
  EXPECT_EQ(first.below, std::nullopt);
  EXPECT_EQ(first.queue_line, 14u);
  const Claim& second = scenario.claims[1];
  EXPECT_TRUE(second.queues.empty()) << "each";
  EXPECT_EQ(second.than, "reference");
  EXPECT_EQ(second.points.size(), 6u) << "all";
  EXPECT_EQ(second.below, 2.5);
  const Claim& third = scenario.claims[2];
  EXPECT_EQ(third.queues.size(), 2u);
  EXPECT_EQ(third.points,
            (std::vector<std::string>{"asked/capacity:64/rho:0.5", "asked/capacity:64/rho:2"}));
  EXPECT_EQ(third.than_points,
            (std::vector<std::string>{"asked/capacity:1/rho:0.5", "asked/capacity:1/rho:2"}));
}

TEST_F(ScenarioTest, ClaimsSelectCasesAndMeansToo) {
  const Scenario scenario = load(head + R"(capacity = 1
producer.work = "spin"
producer.mean_ns = 1_000
consumer.work = "spin"
consumer.mean_ns = [1_000, 2_000]
[[claim]]
says = "the wait is the consumer's"
counter = "sojourn_p50_ns"
queue = "each"
where = { case = "slow", consumer_mean_ns = 2_000.0 }
above = 1_000
since = 2026-11-28
[[case]]
name = "slow"
[[case]]
name = "fast"
capacity = 2
)");
  EXPECT_EQ(scenario.claims[0].points,
            std::vector<std::string>{"asked/case:slow/consumer_mean_ns:2000"});
}

TEST_F(ScenarioTest, ClaimsThatCannotBeScored) {
  const auto expect_claim_error = [&](const std::string& keys, const std::string& line,
                                      const std::string& key, const std::string& remedy) {
    expect_error(swept + keys, line, "claim." + key, remedy);
  };
  expect_error(head + "capacity = 1\nclaim = 3\n", "4", "claim", "[[claim]]");
  expect_error(head + "capacity = 1\n[[claim]]\ncounter = \"efficiency\"\n", "4", "claim.says",
               "missing");
  expect_claim_error(about + "abvoe = 10\n", "15", "abvoe", "the nearest are above");
  expect_claim_error("queue = \"a\"\nabove = 1\n", "11", "counter", "missing");
  expect_claim_error("queue = \"a\"\ncounter = \"lost_ns\"\nabove = 1\n", "14", "counter",
                     "the nearest are lost_ns_per_msg");
  expect_claim_error("counter = \"efficiency\"\nabove = 1\n", "11", "queue", "missing");
  expect_claim_error("counter = \"efficiency\"\nqueue = []\nabove = 1\n", "14", "queue", "empty");
  expect_claim_error("counter = \"efficiency\"\nqueue = [\"a\", \"a\"]\nabove = 1\n", "14", "queue",
                     "twice");
  expect_claim_error("counter = \"efficiency\"\nqueue = [\"a\", \"each\"]\nabove = 1\n", "14",
                     "queue", "alone");
  expect_claim_error("counter = \"efficiency\"\nqueue = 7\nabove = 1\n", "14", "queue", "a name");
  expect_claim_error(about + "than = \"two_condvar\"\nabove = 1\n", "15", "than", "with itself");
  expect_claim_error(about + "than = \"b\"\nthan_where = { capacity = 1 }\nabove = 1\n", "15",
                     "than", "not both");

  expect_claim_error(about, "11", "above", "give above, below or both");
  expect_claim_error(about + "above = \"10\"\n", "15", "above", "a number");
  expect_claim_error(about + "above = nan\n", "15", "above", "a number");
  expect_claim_error(about + "below = 3\nabove = 3\n", "16", "above", "less than below");
  expect_claim_error(about + "than = \"b\"\nbelow = -1\n", "16", "below", "ratio");

  expect_claim_error(about + "above = 1\nwhere = 3\n", "16", "where", "table");
  expect_claim_error(about + "above = 1\nwhere = { capactiy = 1 }\n", "16", "where.capactiy",
                     "nearest are capacity");
  expect_claim_error(about + "above = 1\nwhere = { capacity = 2 }\n", "16", "where.capacity",
                     "no point has capacity = 2");
  expect_claim_error(about + "above = 1\nwhere = { capacity = [1, 2] }\n", "16", "where.capacity",
                     "no point has capacity = 2");
  expect_claim_error(about + "above = 1\nwhere = { capacity = \"1\" }\n", "16", "where.capacity",
                     "no point");
  expect_claim_error(about + "above = 1\nwhere = { capacity = 1 }\nthan_where = { rho = 2.0 }\n",
                     "17", "than_where", "compares asked/capacity:1/rho:2 with itself");
  expect_error(head + "capacity = 1\n[[claim]]\nsays = \"s\"\n" + about +
                   "where = { capacity = 1 }\nabove = 1\n",
               "8", "claim.where.capacity", "sweeps nothing");
}

TEST_F(ScenarioTest, ClaimsSaySinceWhenAndWhatTheyReplace) {
  const Scenario scenario = load(swept + about + "above = 10\n" + dated + R"([[claim.replaces]]
until = 2026-11-25
says = "short is very dear"
bound = "above 100 ns"
why = "It was 90 ns."
[[claim.replaces]]
until = 2026-11-28
says = "short is rather dear"
bound = "above 50 ns"
why = """It was
60 ns."""
)");
  const Claim& claim = scenario.claims[0];
  EXPECT_EQ(claim.since, "2026-11-28");
  ASSERT_EQ(claim.replaces.size(), 2u);
  EXPECT_EQ(claim.replaces[0].until, "2026-11-25");
  EXPECT_EQ(claim.replaces[0].says, "short is very dear");
  EXPECT_EQ(claim.replaces[0].bound, "above 100 ns");
  EXPECT_EQ(claim.replaces[0].why, "It was 90 ns.");
  EXPECT_EQ(claim.replaces[1].until, "2026-11-28") << "on the same day";
  EXPECT_EQ(claim.replaces[1].why, "It was\n60 ns.");
}

TEST_F(ScenarioTest, ClaimsWithoutAHistory) {
  // The claim's first key after `above` is in line 16.
  const auto expect_history_error = [&](const std::string& keys, const std::string& line,
                                        const std::string& key, const std::string& remedy) {
    expect_error(swept + about + "above = 10\n" + keys, line, "claim." + key, remedy);
  };
  expect_history_error("", "11", "since", "such as since = 2026-11-28");
  expect_history_error("since = \"2026-11-28\"\n", "16", "since", "without quotes");
  expect_history_error("since = 2026-11-28T10:00:00\n", "16", "since", "without quotes");
  expect_history_error(dated + "replaces = \"short is dear\"\n", "17", "replaces",
                       "[[claim.replaces]]");
  expect_history_error(dated + "replaces = []\n", "17", "replaces", "[[claim.replaces]]");
  expect_history_error(dated + "replaces = [3]\n", "17", "replaces", "[[claim.replaces]]");

  const std::string until = "until = 2026-11-25\n", says = "says = \"s\"\n",
                    bound = "bound = \"b\"\n", why = "why = \"w\"\n";
  const std::string earlier = dated + "[[claim.replaces]]\n";
  const std::string all = "every [[claim.replaces]] has until, says, bound and why";
  expect_history_error(earlier + says + bound + why, "17", "replaces.until", all);
  expect_history_error(earlier + until + bound + why, "17", "replaces.says", all);
  expect_history_error(earlier + until + says + why, "17", "replaces.bound", all);
  expect_history_error(earlier + until + says + bound, "17", "replaces.why", all);
  expect_history_error(earlier + until + "above = 3\n", "19", "replaces.above",
                       "the keys are until, says, bound and why");
  expect_history_error(earlier + "until = \"2026\"\n" + says + bound + why, "18", "replaces.until",
                       "without quotes");
  expect_history_error(earlier + "until = 2026-11-29\n" + says + bound + why, "18",
                       "replaces.until", "not be later than claim.since, 2026-11-28");
  expect_history_error(earlier + until + "says = \"\"\n" + bound + why, "19", "replaces.says",
                       "a text");
}

TEST_F(ScenarioTest, ShapesOfMoreThanOneQueue) {
  const Point pipeline = load(head + R"(
shape = "pipeline"
stages = 4
capacity = 1
[producer]
work = "spin"
mean_ns = 100
[stage]
work = "sleep"
mean_ns = 300
[consumer]
work = "spin"
mean_ns = 200
)")
                             .points[0];
  EXPECT_EQ(pipeline.threads(), 4u);
  EXPECT_EQ(pipeline.queues(), 3u);
  EXPECT_EQ(pipeline.spinning_threads(), 2u);
  EXPECT_EQ(pipeline.ideal_ns_per_msg(), 300);
  EXPECT_FALSE(pipeline.rho) << "whose?";
  const Point ping_pong = load(head + "shape = \"ping_pong\"\ncapacity = 1\n").points[0];
  EXPECT_EQ(ping_pong.threads(), 2u);
  EXPECT_EQ(ping_pong.queues(), 2u);
  EXPECT_EQ(ping_pong.level(), Level::timestamped) << "without work, too";
  EXPECT_EQ(load(head + "shape = \"pipeline\"\nstages = [2, 16]\ncapacity = 1\n").points.size(),
            2u);
}

TEST_F(ScenarioTest, WhatDoesNotGoWithAShape) {
  const std::string pipeline = head + "capacity = 1\nshape = \"pipeline\"\n";  // four lines
  expect_error(head + "capacity = 1\nshape = \"ring\"\n", "4", "shape", "ping_pong");
  expect_error(head + "capacity = 1\nshape = [\"queue\", \"pipeline\"]\n", "4", "shape",
               "not a list");
  expect_error(pipeline, "", "stages", "missing");
  expect_error(pipeline + "stages = 1\n", "5", "stages", "from 2 to 16");
  expect_error(pipeline + "stages = 17\n", "5", "stages", "from 2 to 16");
  expect_error(pipeline + "stages = 3\nproducers = 2\n", "6", "producers", "shape = \"queue\"");
  expect_error(pipeline + "stages = 3\nconsumers = 2\n", "6", "consumers", "shape = \"queue\"");
  expect_error(pipeline + "stages = 3\nmessage_bytes = 64\n", "6", "message_bytes",
               "shape = \"queue\"");
  expect_error(pipeline + "stages = 3\npayload = \"heap\"\n", "6", "payload", "shape = \"queue\"");
  expect_error(pipeline + "stages = 3\nrho = 0.5\n", "6", "rho", "shape = \"queue\"");
  expect_error(pipeline + "stages = 3\ncpu_quota_pct = 50\n", "6", "cpu_quota_pct",
               "shape = \"queue\"");
  expect_error(pipeline + "stages = 3\n[arrivals]\nprocess = \"poisson\"\nmean_gap_ns = 9\n", "7",
               "arrivals.process", "shape = \"queue\"");
  expect_error(pipeline + "stages = 3\n[stage]\nwork = \"spin\"\n", "", "stage.mean_ns", "missing");
  expect_error(head + "capacity = 1\nstages = 3\n", "4", "stages", "shape = \"pipeline\"");
  expect_error(
      head + "capacity = 1\nshape = \"ping_pong\"\n[stage]\nwork = \"spin\"\nmean_ns = 5\n", "6",
      "stage.work", "shape = \"pipeline\"");
}

TEST_F(ScenarioTest, FilesThatAreNone) {
  EXPECT_NE(error_of("capacity = = 3").find("asked.toml:1"), std::string::npos)
      << error_of("capacity = = 3");
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
