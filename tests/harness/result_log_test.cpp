#include "benchmarks/run/result_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "benchmarks/scenario/scenario_file.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/json.h"

namespace bq::bench {
namespace {

class JournalTest : public testing::Test {
 protected:
  std::filesystem::path file_ =
      std::filesystem::path(testing::TempDir()) /
      (std::string("log_") + testing::UnitTest::GetInstance()->current_test_info()->name() +
       ".jsonl");
  void SetUp() override { std::filesystem::remove(file_); }
  void TearDown() override { std::filesystem::remove(file_); }
};

TEST_F(JournalTest, ReadsWhatWasAppended) {
  {
    ResultLog log(file_);
    log.append({{"kind", "a"}, {"n", 1}});
    log.append({{"kind", "b"}});
  }
  const auto rows = ResultLog::read(file_);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["n"], 1);
}

TEST_F(JournalTest, ALineCutShortByAKillIsSkippedAndSpoilsNoOther) {
  std::ofstream(file_) << "{\"kind\":\"a\"}\n{\"kind\":\"b\",\"n\":12";
  ResultLog(file_).append({{"kind", "c"}});
  const auto rows = ResultLog::read(file_);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1]["kind"], "c");
}

TEST_F(JournalTest, AFullDiskIsOneClearError) {
  ResultLog log("/dev/full");
  try {
    log.append({{"kind", "a"}});
    FAIL() << "no error";
  } catch (const IoError& error) {
    EXPECT_NE(
        std::string(error.what()).find("/dev/full: cannot be written: No space left on device"),
        std::string::npos)
        << error.what();
  }
}

TEST_F(JournalTest, AFolderThatIsNotThereIsOneClearError) {
  EXPECT_THROW(ResultLog("/nowhere/trials.jsonl"), IoError);
}

}  // namespace
}  // namespace bq::bench
