#include "benchmarks/scenario/point_filter.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "benchmarks/scenario/scenario_file.h"
#include "benchmarks/trial/workload.h"
#include "benchmarks/util/error.h"

namespace bq::bench {
namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string>;

const std::string head = "question = \"q?\"\nexpect = \"e\"\n";
const std::string sweep = head + "capacity = [1, 16]\nrho = [0.5, 2.0]\n" + R"(
[producer]
work = "sleep"
process = "exponential"
[consumer]
work = "sleep"
process = "exponential"
mean_ns = 5_000
)";
const std::string claim =
    "[[claim]]\nsays = \"s\"\ncounter = \"lost_ns_per_msg\"\nqueue = \"tbb\"\nabove = 1\n"
    "since = 2026-11-28\n";

class PointFilter : public testing::Test {
 protected:
  fs::path folder_ = fs::path(testing::TempDir()) /
                     (std::string("point_filter_") +
                      testing::UnitTest::GetInstance()->current_test_info()->name());
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Scenario load(const std::string& name, const std::string& text) {
    const fs::path file = folder_ / (name + ".toml");
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return load_scenario(file);
  }
};

template <typename Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

Names names_of(const Scenario& scenario) {
  Names names;
  for (const Point& point : scenario.points) names.push_back(point.name);
  return names;
}

TEST_F(PointFilter, KeepsTheNamedPointsInTheOrderOfTheScenarios) {
  std::vector<Scenario> scenarios{load("a", sweep), load("b", head + "capacity = 1\n"),
                                  load("c", head + "capacity = 1\n")};
  keep_points({"c", "a/capacity:16/rho:2", "a/capacity:1/rho:2", "c"}, scenarios);
  ASSERT_EQ(scenarios.size(), 2u) << "one has no point left";
  EXPECT_EQ(names_of(scenarios[0]), (Names{"a/capacity:1/rho:2", "a/capacity:16/rho:2"}));
  EXPECT_EQ(names_of(scenarios[1]), Names{"c"});
}

TEST_F(PointFilter, KeepsEverythingWithoutNames) {
  std::vector<Scenario> scenarios{load("a", sweep + claim)};
  keep_points({}, scenarios);
  EXPECT_EQ(scenarios[0].points.size(), 4u);
  EXPECT_EQ(scenarios[0].claims.size(), 1u);
}

TEST_F(PointFilter, KeepsAClaimOnlyWithAllOfItsPoints) {
  const auto claims_left = [&](const std::string& about) {
    std::vector<Scenario> scenarios{load("a", sweep + claim + about)};
    keep_points({"a/capacity:1/rho:0.5", "a/capacity:16/rho:0.5"}, scenarios);
    return scenarios[0].claims.size();
  };
  EXPECT_EQ(claims_left("where = { rho = 0.5 }\n"), 1u);
  EXPECT_EQ(claims_left("where = { rho = 0.5, capacity = 16 }\n"), 1u);
  EXPECT_EQ(claims_left(""), 0u) << "about all points";
  EXPECT_EQ(claims_left("where = { capacity = 1 }\n"), 0u) << "half of them are left out";
  EXPECT_EQ(claims_left("where = { rho = 0.5, capacity = 1 }\n"
                        "than_where = { rho = 0.5, capacity = 16 }\n"),
            1u);
  EXPECT_EQ(claims_left("where = { rho = 0.5 }\nthan_where = { rho = 2.0 }\n"), 0u)
      << "what to compare with is left out";
}

TEST_F(PointFilter, ChangesNoDrawOfAPoint) {
  const Scenario whole = load("a", sweep);
  std::vector<Scenario> scenarios{whole};
  keep_points({"a/capacity:16/rho:2"}, scenarios);
  Demands alone, among_others, of_another;
  draw_demands(scenarios[0].points[0], 7, 3, StepCosts{}, 100, alone);
  draw_demands(whole.points[3], 7, 3, StepCosts{}, 100, among_others);
  draw_demands(whole.points[1], 7, 3, StepCosts{}, 100, of_another);
  EXPECT_EQ(alone.producer, among_others.producer);
  EXPECT_EQ(alone.consumer, among_others.consumer);
  EXPECT_NE(alone.consumer, of_another.consumer) << "else this test shows nothing";
}

TEST_F(PointFilter, RefusesWhatIsNoPoint) {
  std::vector<Scenario> scenarios{load("asked", sweep)};
  const auto refusal = [&](const std::string& name) {
    return error_of([&] { keep_points({"asked/capacity:1/rho:2", name}, scenarios); });
  };
  EXPECT_EQ(refusal("asked/capacity:17/rho:2"),
            "--point asked/capacity:17/rho:2: there is no such point; the nearest are "
            "asked/capacity:1/rho:2, asked/capacity:16/rho:2, asked/capacity:1/rho:0.5 "
            "(./scripts/bench --scenario " +
                scenarios[0].file + " --list shows all)");
  EXPECT_NE(refusal("asked").find("there is no such point"), std::string::npos) << "a scenario";
  EXPECT_NE(refusal("other/capacity:1")
                .find("--scenario selects no scenario 'other'; the nearest "
                      "are asked: correct the name, or leave out"),
            std::string::npos)
      << refusal("other/capacity:1");
  EXPECT_NE(refusal("a\n/x").find("--point a\\n/x: "), std::string::npos) << refusal("a\n/x");
  EXPECT_EQ(scenarios[0].points.size(), 4u) << "all names are checked first";
}

TEST_F(PointFilter, FindsTheScenariosByTheNames) {
  load("curated/a", sweep);
  load("appendix/b", sweep);
  load("top", sweep);
  EXPECT_EQ(files_of_points({"b/x", "top", "a/y", "b/z"}, folder_),
            (Names{folder_ / "appendix/b.toml", folder_ / "top.toml", folder_ / "curated/a.toml"}));
  const auto refusal = [&](const std::string& name, const fs::path& root) {
    return error_of([&] { files_of_points({name}, root); });
  };
  EXPECT_EQ(refusal("curated", folder_).find("--point curated: there is no scenario 'curated'"), 0u)
      << "a folder";
  EXPECT_NE(refusal("topp/x", folder_).find("the nearest are top, "), std::string::npos);
  EXPECT_EQ(refusal("", folder_).find("--point : there is no scenario ''"), 0u);
  EXPECT_EQ(refusal("a", folder_ / "none").find("--point a: there is no scenario 'a' below"), 0u);
  fs::create_symlink("loop", folder_ / "loop");
  EXPECT_NE(refusal("a", folder_ / "loop").find("Too many levels of symbolic links: check"),
            std::string::npos);
  load("appendix/a", sweep);
  EXPECT_NE(refusal("a", folder_).find("--point a: could be of "), std::string::npos);
}

}  // namespace
}  // namespace bq::bench
