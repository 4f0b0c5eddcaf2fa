// Runs every case of the suite on every registered queue. ctest gives each test a process of its
// own; a watchdog in it ends a test that hangs, and says so.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "checking/by_name.h"
#include "tests/contract/suite.h"

namespace bq::test {

namespace {

std::vector<Subject>& all_subjects() {
  static std::vector<Subject> all;
  return all;
}
std::vector<Case>& all_cases() {
  static std::vector<Case> all;
  return all;
}

/// Ends the process when a test hangs: when its calls have not moved for some seconds, or when it
/// takes longer than BQ_TEST_SECONDS (default 50, just below ctest's limit).
class Watchdog {
 public:
  explicit Watchdog(std::string test)
      : test_(std::move(test)), watching_([this](const std::stop_token& stop) { watch(stop); }) {}

 private:
  // Longer than hang_time: a test that notices by itself says more.
  static constexpr std::chrono::milliseconds still_time = hang_time + 1s;
  static constexpr std::chrono::milliseconds beat = 10ms;

  void watch(const std::stop_token& stop) {
    const auto end = std::chrono::steady_clock::now() + limit();
    Stillness stillness(still_time);
    std::unique_lock lock(mutex_);
    while (!stopped_.wait_for(lock, stop, beat, [] { return false; }) && !stop.stop_requested()) {
      if (stillness.lasts()) {
        fail("hangs; nothing moved for " + std::to_string(still_time.count() / 1000) +
             " s: " + CallInProgress::text());
      }
      if (std::chrono::steady_clock::now() > end) {
        fail("no end after " + std::to_string(limit().count()) +
             " s, though its calls come and go: too slow, or for ever "
             "(BQ_TEST_SECONDS gives it longer)");
      }
    }
  }
  void fail(const std::string& how) const {
    std::cout << "[  FAILED  ] " << test_ << ": " << how << '\n' << std::flush;
    _exit(EXIT_FAILURE);
  }
  static std::chrono::seconds limit() {
    const char* seconds = std::getenv("BQ_TEST_SECONDS");
    return std::chrono::seconds(seconds != nullptr ? std::max(1, std::atoi(seconds)) : 50);
  }

  std::string test_;
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread watching_;
};

class CaseTest : public testing::Test {
 public:
  CaseTest(const Subject& subject, const Case& case_of_suite)
      : subject_(subject), case_(case_of_suite) {}

  void TestBody() override {
    for (const Requirement& requirement : case_.requirements) {
      if (!requirement.is_met(subject_))
        GTEST_SKIP() << subject_.name << ": " << requirement.otherwise;
    }
    const Watchdog watchdog(subject_.name + "." + case_.name);
    const std::int64_t objects = Identity::objects();
    Identity::forget_faults();
    case_.body(subject_);
    EXPECT_STREQ(Identity::first_fault(), nullptr);
    EXPECT_EQ(Identity::objects(), objects) << "messages are leaked, or destroyed twice";
  }

 private:
  const Subject& subject_;
  const Case& case_;
};

}  // namespace

const std::vector<Subject>& subjects() {
  return all_subjects();
}

bool add_subject(Subject subject) {
  checking::insert_by_name(all_subjects(), std::move(subject));
  return true;
}

const std::vector<Case>& cases() {
  return all_cases();
}

bool add_case(Case added) {
  all_cases().push_back(std::move(added));
  return true;
}

void expect_values(const Subject& subject, std::vector<int> found, int first, int last) {
  std::vector<int> expected(static_cast<std::size_t>(last - first + 1));
  std::iota(expected.begin(), expected.end(), first);
  if (subject.traits.fifo == Fifo::per_producer) std::sort(found.begin(), found.end());
  EXPECT_EQ(found, expected);
}

}  // namespace bq::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (const bq::test::Subject& subject : bq::test::subjects()) {
    for (const bq::test::Case& tested : bq::test::cases()) {
      testing::RegisterTest(
          subject.name.c_str(), tested.name, nullptr, nullptr, __FILE__, __LINE__,
          [&]() -> testing::Test* { return new bq::test::CaseTest(subject, tested); });
    }
  }
  return RUN_ALL_TESTS();
}
