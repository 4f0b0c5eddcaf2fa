#include "benchmarks/journal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "benchmarks/json.h"
#include "benchmarks/scenario.h"

namespace bq::bench {
namespace {

class JournalTest : public testing::Test {
 protected:
  std::filesystem::path file_ =
      std::filesystem::path(testing::TempDir()) /
      (std::string("journal_") + testing::UnitTest::GetInstance()->current_test_info()->name() + ".jsonl");
  void SetUp() override { std::filesystem::remove(file_); }
  void TearDown() override { std::filesystem::remove(file_); }
};

TEST_F(JournalTest, ReadsWhatWasAppended) {
  {
    Journal journal(file_);
    journal.append({{"kind", "a"}, {"n", 1}});
    journal.append({{"kind", "b"}});
  }
  const auto rows = Journal::read(file_);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["n"], 1);
}

TEST_F(JournalTest, ALineCutShortByAKillIsSkippedAndSpoilsNoOther) {
  std::ofstream(file_) << "{\"kind\":\"a\"}\n{\"kind\":\"b\",\"n\":12";
  Journal(file_).append({{"kind", "c"}});
  const auto rows = Journal::read(file_);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1]["kind"], "c");
}

TEST_F(JournalTest, AFullDiskIsOneClearError) {
  Journal journal("/dev/full");
  try {
    journal.append({{"kind", "a"}});
    FAIL() << "no error";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("/dev/full: cannot be written: No space left on device"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(JournalTest, AFolderThatIsNotThereIsOneClearError) {
  EXPECT_THROW(Journal("/nowhere/trials.jsonl"), UsageError);
}

}  // namespace
}  // namespace bq::bench
