#include "benchmarks/run/result_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "benchmarks/run/result_folder.h"
#include "benchmarks/scenario/scenario_file.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/json.h"

namespace bq::bench {
namespace {

std::vector<Json> rows_of(const std::filesystem::path& file) {
  std::vector<Json> rows;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    Json row = Json::parse(line, nullptr, false);
    if (!row.is_discarded()) rows.push_back(std::move(row));
  }
  return rows;
}

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
  const auto rows = rows_of(file_);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["n"], 1);
}

TEST_F(JournalTest, ALineCutShortByAKillIsSkippedAndSpoilsNoOther) {
  std::ofstream(file_) << "{\"kind\":\"a\"}\n{\"kind\":\"b\",\"n\":12";
  ResultLog(file_).append({{"kind", "c"}});
  const auto rows = rows_of(file_);
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

// What ResultFolder::read says of a trials.jsonl with this text; empty if nothing.
std::string read_error(const std::string& text) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "read_error";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "trials.jsonl") << text;
  std::string message;
  try {
    ResultFolder::read(folder);
  } catch (const UsageError& error) {
    message = error.what();
  }
  std::filesystem::remove_all(folder);
  return message;
}

TEST(ResultFolder, NamesTheLineAndTheKeyOfARowThatIsNotAsListed) {
  const std::string start = R"({"kind":"start","cell":"c","round":1,"level":"traced"})"
                            "\n";
  EXPECT_EQ(read_error(start + "{\"kind\":\"start\",\"ce"), "");  // cut short by a kill
  const auto expect = [&](const std::string& line, const std::string& what) {
    EXPECT_NE(read_error(start + line + "\n").find("trials.jsonl:2: " + what), std::string::npos)
        << read_error(start + line + "\n");
  };
  expect("[]", "not a row");
  expect("5", "not a row");
  expect(R"({"kind":[]})", "not a row");
  expect(R"({"kind":"trial"})", "'trial' row: key 'cell': missing");
  expect(R"({"kind":"begin"})", "there is no row kind 'begin'");
  expect(R"({"kind":"start","cell":"c","round":-1,"level":"traced"})", "'start' row: key 'round'");
  expect(R"({"kind":"start","cell":"c","round":1,"level":"fast"})", "'start' row: key 'level'");
  expect(R"({"kind":"start","cell":"","round":1,"level":"traced"})", "'start' row: key 'cell'");
  expect(R"({"kind":"run","schema":99})", "key 'schema' of the 'run' row");
}

}  // namespace
}  // namespace bq::bench
