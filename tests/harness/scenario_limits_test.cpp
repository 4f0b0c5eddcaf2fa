// Scenario files of any content: each limit is stated, with the place and the remedy.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "benchmarks/platform/affinity.h"
#include "benchmarks/scenario/rules.h"
#include "benchmarks/scenario/scenario_file.h"
#include "benchmarks/trial/trial_environment.h"
#include "benchmarks/util/error.h"

namespace bq::bench {
namespace {

namespace fs = std::filesystem;

const std::string head = "question = \"q?\"\nexpect = \"e\"\n";  // two lines

// [1, 2, ..., count]
std::string list_of(std::size_t count) {
  std::string text = "[1";
  for (std::size_t i = 2; i <= count; ++i) text += ", " + std::to_string(i);
  return text + "]";
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

class ScenarioLimits : public testing::Test {
 protected:
  fs::path folder_ =
      fs::path(testing::TempDir()) /
      (std::string("limits_") + testing::UnitTest::GetInstance()->current_test_info()->name());
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Scenario load(const std::string& text, const std::string& name = "asked.toml") {
    std::ofstream(folder_ / name) << text;
    return load_scenario(folder_ / name);
  }
  void expect_error(const std::string& text, const std::string& expected,
                    const std::string& name = "asked.toml") {
    std::string message = "no error";
    try {
      load(text, name);
    } catch (const UsageError& error) {
      message = error.what();
    }
    EXPECT_NE(message.find(expected), std::string::npos) << message;
    EXPECT_LT(message.size(), 1'500u);
  }
};

TEST_F(ScenarioLimits, TheProductOfASweepDoesNotOverflow) {
  const std::string long_list = list_of(256);
  const std::string keys = "capacity = " + long_list + "\nbatch = " + long_list +
                           "\nwindow_ms = " + long_list + "\nproducers = " + long_list +
                           "\nconsumers = " + long_list + "\nrho = " + long_list +
                           "\nconsumer.mean_ns = " + long_list +
                           "\nproducer.mean_ns = " + long_list + "\n";  // 2^64 points
  expect_error(head + keys,
               "asked.toml:6: key 'producers': the lists make more than 1000 points, "
               "the limit: shorten producers (256 values), consumers (256 values), "
               "capacity (256 values)");
  expect_error(head + "producers = [1, 2]\ncapacity = " + list_of(65'536) + "\n",
               "asked.toml:4: key 'capacity': the lists make more than 1000 points, the limit: "
               "shorten capacity (65536 values), producers (2 values)");
  EXPECT_EQ(load(head + "capacity = " + list_of(1'000) + "\n").points.size(), 1'000u);
}

TEST_F(ScenarioLimits, CasesCountTogether) {
  std::string cases;
  for (int i = 0; i < 501; ++i) cases += "[[case]]\nname = \"c" + std::to_string(i) + "\"\n";
  expect_error(head + "capacity = [1, 2]\n" + cases,
               "asked.toml:3: key 'capacity': the cases make more than 1000 points");
  expect_error(head + "capacity = 1\n" + cases + repeated("[[case]]\nname = \"c\"\n", 500),
               "key 'case': has 1001 entries; the limit is 1000");
  expect_error(head + "capacity = 1\n[[case]]\nname = \"a\"\n[[case]]\nname = \"a\"\n",
               "asked.toml:7: key 'name': two cases are named 'a': rename one");
}

TEST_F(ScenarioLimits, AValueThatRepeatsIsNamedWithItsLine) {
  expect_error(head + "capacity = [\n1,\n2,\n1.0]\n",
               "asked.toml:6: key 'capacity': the list holds 1 twice: remove one");
  expect_error(head + "capacity = 1\n[consumer]\nwork = [\"spin\", \"spin\"]\n",
               "asked.toml:5: key 'consumer.work': the list holds spin twice");
}

TEST_F(ScenarioLimits, DepthIsRefusedBeforeItIsParsed) {
  const std::string dots = "the limit is 2000";
  expect_error(head + "a" + repeated(".a", 100'000) + " = 1\n", dots);
  expect_error(head + "[a" + repeated(".a", 400'000) + "]\n", dots);
  expect_error(head + repeated("[a" + repeated(".a", 50) + "]\n", 50), dots);
  expect_error(head + "a" + repeated(".a", 1'990) + " = 1\n", "asked.toml:3: key 'a': unknown");
  for (const char* bracket : {"[", "{a=", "[{a="})
    expect_error(head + "a = " + repeated(bracket, 100'000), "asked.toml:3: not valid TOML");
}

TEST_F(ScenarioLimits, SizeIsLimited) {
  expect_error(head + "capacity = 1\n#" + std::string(1'000'000, 'x') + "\n",
               "is larger than 1000000 bytes, the limit");
  expect_error(head + std::string(900'000, 'k') + " = 1\n", "kkk...': unknown; the nearest are");
  expect_error(head + "capacity = 1\nrho = " + std::string(900'000, '8') + "\n", "not valid TOML");
}

TEST_F(ScenarioLimits, BytesThatAreNoTextAreRefused) {
  expect_error(head + "capacity = 1 # \xff\n", "asked.toml:3: not valid TOML: ");
  expect_error(head + std::string("cap\0acity = 1\n", 14), "asked.toml:3: not valid TOML: ");
  expect_error(head + "capacity = 1\n\"a\\u0000\\n\\u001b[31m\" = 1\n",
               R"(asked.toml:4: key '"a\x00\n\x1b[31m"': unknown)");
}

TEST_F(ScenarioLimits, TextsHaveALengthAndNoControlCharacters) {
  const auto text = [](const std::string& question, const std::string& expect) {
    return "question = \"" + question + "\"\nexpect = \"" + expect + "\"\ncapacity = [1, 2]\n";
  };
  EXPECT_EQ(load(text(repeated("é", 300), std::string(3'000, 'e'))).points.size(), 2u);
  EXPECT_EQ(load(text("q", "e\\n\\tf")).points.size(), 2u);
  expect_error(text(repeated("é", 301), "e"), "asked.toml:1: key 'question': is longer than 300");
  expect_error(text("q", std::string(3'001, 'e')),
               "asked.toml:2: key 'expect': is longer than 3000");
  expect_error(text("q\\n", "e"), R"(key 'question': holds the control character \n: remove it)");
  expect_error(text("q", "e\\u0007"), R"(key 'expect': holds the control character \x07)");
  expect_error(text("q\\u007f", "e"), R"(control character \x7f)");
  const std::string earlier = "[[earlier_expect]]\nuntil = 2026-11-28\n";
  expect_error(text("q", "e") + earlier + "text = \"" + std::string(3'001, 't') + "\"\n",
               "asked.toml:6: key 'earlier_expect.text': is longer than 3000");
  expect_error(text("q", "e") + earlier + "text = \"t\"\nwhy = \"\\u0000\"\n",
               R"(key 'earlier_expect.why': holds the control character \x00)");
  const std::string claim =
      "counter = \"efficiency\"\nqueue = \"each\"\nabove = 1\nsince = 2026-11-28\n";
  expect_error(text("q", "e") + "[[claim]]\nsays = \"" + std::string(301, 's') + "\"\n" + claim,
               "asked.toml:5: key 'claim.says': is longer than 300");
  expect_error(text("q", "e") + repeated("[[claim]]\nsays = \"s\"\n" + claim, 101),
               "key 'claim': has 101 entries; the limit is 100");
  const std::string dated = text("q", "e") + "[[claim]]\nsays = \"s\"\n" + claim;
  const std::string replaced = "[[claim.replaces]]\nuntil = 2026-11-28\n";
  const std::string rest = "says = \"s\"\nbound = \"b\"\nwhy = \"w\"\n";
  EXPECT_EQ(load(dated + repeated(replaced + rest, 100)).claims[0].replaces.size(), 100u);
  expect_error(dated + repeated(replaced + rest, 101),
               "key 'claim.replaces': has 101 entries; the limit is 100");
  expect_error(dated + replaced + "says = \"s\"\nbound = \"" + std::string(301, 'b') + "\"\n",
               "asked.toml:13: key 'claim.replaces.bound': is longer than 300");
}

TEST_F(ScenarioLimits, NamesAreShort) {
  const std::string good(60, 'n'), bad(61, 'n');
  EXPECT_EQ(load(head + "capacity = 1\n[[case]]\nname = \"" + good + "\"\n").points.size(), 1u);
  expect_error(head + "capacity = 1\n[[case]]\nname = \"" + bad + "\"\n",
               "key 'name': is longer than 60 characters");
  expect_error(head + "capacity = 1\n[[case]]\nname = \"\"\n", "key 'name': must be a string");
  expect_error(head + "capacity = 1\nqueues = [\"" + bad + "\"]\n", "key 'queues': is longer than");
  EXPECT_EQ(load(head + "capacity = 1\n", good + ".toml").name, good);
  expect_error(head + "capacity = 1\n", "the name is longer than 60 characters", bad + ".toml");
  fs::create_directories(folder_ / "\xff");
  expect_error(head + "capacity = 1\n", "the path is not UTF-8: rename", "\xff/asked.toml");
}

TEST_F(ScenarioLimits, WhatIsMissingComesWithAnExample) {
  expect_error("expect = \"e\"\ncapacity = 1\n",
               "key 'question': missing: every scenario states it in plain words; add a line such "
               "as question = \"");
  expect_error("question = \"q\"\ncapacity = 1\n", "add a line such as expect = \"");
  expect_error(head, "key 'capacity': missing: add a line such as capacity = 16");
}

TEST_F(ScenarioLimits, FilesThatAreNotRegularAreNotOpened) {
  ASSERT_EQ(mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  const std::string traced =
      head + "capacity = 1\n[consumer]\nwork = \"spin\"\nprocess = \"trace\"\ntrace_file = ";
  expect_error(traced + "\"fifo\"\n", "asked.toml:7: key 'consumer.trace_file': ");
  expect_error(traced + "\"fifo\"\n", "is a FIFO, not a regular file");
  expect_error(traced + "\"/dev/zero\"\n", "is a device, not a regular file");
  expect_error(traced + "\".\"\n", "is a folder, not a regular file");
  expect_error(traced + "\"a\\u0000b\"\n", R"(holds the control character \x00)");
  fs::create_directories(folder_ / "folder.toml");
  EXPECT_THROW(load_scenario(folder_ / "folder.toml"), UsageError);
}

TEST_F(ScenarioLimits, AWrongMeanIsBlamedOnWhatGaveIt) {
  std::ofstream(folder_ / "slow.txt") << "2e9\n";
  const std::string traced = head +
                             "capacity = 1\n[consumer]\nwork = \"spin\"\nprocess = \"trace\"\n"
                             "trace_file = \"slow.txt\"\n";
  expect_error(traced, "asked.toml:7: key 'consumer.trace_file': makes a mean of over 0.1 s");
  EXPECT_EQ(load(traced + "mean_ns = 5\n").points[0].consumer.mean_ns, 5);
}

TEST_F(ScenarioLimits, ATraceIsReadOnceForAllPoints) {
  std::ofstream(folder_ / "times.txt") << "1\n2\n";
  const Scenario scenario = load(head +
                                 "capacity = [1, 2]\n[consumer]\nwork = \"spin\"\n"
                                 "process = \"trace\"\ntrace_file = \"times.txt\"\n");
  EXPECT_EQ(scenario.points[0].consumer.trace, scenario.points[1].consumer.trace);
}

TEST_F(ScenarioLimits, AFolderMayHoldOnlySoManyScenarios) {
  const fs::path many = folder_ / "many";
  fs::create_directories(many);
  for (std::size_t i = 0; i <= max_scenario_files; ++i)
    std::ofstream(many / ("s" + std::to_string(i) + ".toml"));
  try {
    load_scenarios({"many"}, folder_);
    FAIL() << "no error";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "--scenario: 1001 scenarios are selected; the limit is 1000: name fewer");
  }
}

TEST_F(ScenarioLimits, ArgumentsThatNameNoScenario) {
  const auto error_of = [&](const std::string& argument, const fs::path& root) -> std::string {
    try {
      load_scenarios({argument}, root);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "no error";
  };
  fs::create_symlink("loop", folder_ / "loop");
  EXPECT_NE(error_of("loop", folder_).find("Too many levels of symbolic links: check the path"),
            std::string::npos);
  EXPECT_NE(error_of("", folder_).find("names nothing"), std::string::npos);
  EXPECT_NE(error_of("a", folder_ / "none").find("does not exist (see --scenarios-dir)"),
            std::string::npos);
  EXPECT_NE(error_of(std::string(5'000, 'a'), folder_).find("File name too long"),
            std::string::npos);
}

TEST(PointThreads, AreLimitedByTheCores) {
  Point point;
  point.placement = Placement::one_core;
  point.producers = max_threads_per_core - 1;
  EXPECT_FALSE(unavailable_reason(point));
  point.producers = max_threads_per_core;
  EXPECT_EQ(unavailable_reason(point),
            "has 33 threads, more than 32 for each core that it may use here (32 in all): fewer "
            "producers and consumers, or more cores");
  point.placement = Placement::free;
  EXPECT_EQ(unavailable_reason(point).has_value(), allowed_cores().size() == 1);
}

}  // namespace
}  // namespace bq::bench
