// What comes from outside, whatever it is about: text files, regular expressions, numbers, names;
// and how messages show it.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "benchmarks/registry/queue_registry.h"
#include "benchmarks/run/pilot.h"
#include "benchmarks/scenario/rules.h"
#include "benchmarks/util/did_you_mean.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/message_text.h"
#include "benchmarks/util/name_filter.h"
#include "benchmarks/util/program.h"
#include "benchmarks/util/text_file.h"

namespace bq::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

// ---------------------------------------------------------------------------------------- messages

TEST(MessageText, ShowsWhatIsPrintableAsItIs) {
  EXPECT_EQ(shown("a b\\n 'é' 漢 🙂"), "a b\\n 'é' 漢 🙂");
}

TEST(MessageText, EscapesControlCharacters) {
  EXPECT_EQ(shown("a\0b\n\t\x1b[31m\x7f"s), R"(a\x00b\n\t\x1b[31m\x7f)");
  EXPECT_EQ(shown("\xc2\x9b"), R"(\xc2\x9b)") << "CSI, as one character";
  EXPECT_EQ(shown("\xef\xbf\xbf"), R"(\xef\xbf\xbf)") << "U+FFFF, which XML forbids";
}

TEST(MessageText, EscapesWhatIsNotUtf8) {
  for (const char* bytes : {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"})
    EXPECT_FALSE(is_utf8(bytes)) << shown(bytes);
  EXPECT_TRUE(is_utf8("é漢🙂\xf4\x8f\xbf\xbd"));
  EXPECT_EQ(shown("\xc3(\xff"), R"(\xc3(\xff)");
}

TEST(MessageText, ShortensAtACharacter) {
  EXPECT_EQ(shown(std::string(80, 'x')), std::string(80, 'x'));
  EXPECT_EQ(shown(std::string(81, 'x')), std::string(77, 'x') + "...");
  EXPECT_EQ(shown("éééééé", 5), "éé...");
  EXPECT_EQ(shown("\n\n\n\n", 6), R"(\n...)") << "no half escape";
}

TEST(MessageText, AMessageKeepsItsBeginningAndItsEnd) {
  const std::string line = message_line("file:3: " + std::string(5'000'000, '\n') + ": shorten it");
  EXPECT_LE(character_count(line), max_message);
  EXPECT_TRUE(line.starts_with("file:3: ")) << line;
  EXPECT_TRUE(line.ends_with(": shorten it")) << line;
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(message_line(std::string(1'000, 'x')), std::string(1'000, 'x'));
}

TEST(MessageText, TheNearestNamesOfALongWordAreFoundAtOnce) {
  EXPECT_EQ(closest_names(std::string(2'000'000, 'a'), {"b", "a"}), "a, b");
}

// ------------------------------------------------------------------------------------------- files

class TextFile : public testing::Test {
 protected:
  fs::path path_ =
      fs::path(testing::TempDir()) /
      (std::string("text_file_") + testing::UnitTest::GetInstance()->current_test_info()->name());
  void SetUp() override { fs::remove_all(path_); }
  void TearDown() override { fs::remove_all(path_); }

  void expect_error(const std::string& error) {
    EXPECT_NE(read_text_file(path_, 100).error.find(error), std::string::npos)
        << read_text_file(path_, 100).error;
  }
};

TEST_F(TextFile, IsReadUpToItsLimit) {
  std::ofstream(path_) << std::string(100, '\0');
  EXPECT_EQ(read_text_file(path_, 100).text, std::string(100, '\0'));
  EXPECT_EQ(read_text_file(path_, 100).error, "");
  const FileText larger = read_text_file(path_, 99);
  EXPECT_EQ(larger.error, "is larger than 99 bytes, the limit: shorten it");
  EXPECT_EQ(larger.text, "");
}

TEST_F(TextFile, ThatIsNoRegularFileIsNotOpened) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  expect_error("is a FIFO, not a regular file: name a regular file");
  fs::remove(path_);
  fs::create_directory(path_);
  expect_error("is a folder, not a regular file");
  EXPECT_NE(read_text_file("/dev/zero", 100).error.find("is a device"), std::string::npos);
}

TEST_F(TextFile, ThatCannotBeReadSaysWhy) {
  expect_error("no such file: check the path");
  fs::create_symlink(path_.filename(), path_);
  expect_error("symbolic links lead in a circle");
  fs::remove(path_);
  if (geteuid() == 0) GTEST_SKIP() << "root may read every file";
  std::ofstream(path_) << "x";
  fs::permissions(path_, fs::perms::none);
  expect_error("check its permissions");
}

// ---------------------------------------------------------------------------- regular expressions

std::string filter_error(const std::string& text) {
  try {
    NameFilter("--queue", text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(NameFilter, MatchesAPartOfAName) {
  EXPECT_TRUE(NameFilter("--queue", "").matches("two_condvar"));
  EXPECT_TRUE(NameFilter("--queue", "cond").matches("two_condvar"));
  EXPECT_TRUE(NameFilter("--queue", "^(x|two_condvar)$").matches("two_condvar"));
  EXPECT_FALSE(NameFilter("--queue", "^cond").matches("two_condvar"));
  EXPECT_FALSE(NameFilter("--queue", "(.*)*(.*)*(.*)*x").matches(std::string(60, 'a')));
}

TEST(NameFilter, ErrorsNameTheOptionTheReasonAndARemedy) {
  const std::string open = filter_error("(a");
  EXPECT_TRUE(open.starts_with("--queue (a: not a regular expression: missing )")) << open;
  const std::string ahead = filter_error("a(?!b)");
  EXPECT_NE(ahead.find("(?!"), std::string::npos) << ahead;
  EXPECT_NE(ahead.find("without look-ahead"), std::string::npos) << ahead;
  EXPECT_NE(filter_error("\xff").find("invalid UTF-8"), std::string::npos);
  EXPECT_NE(filter_error("((a{100}){100}){100}").find("not a regular expression"),
            std::string::npos);
}

TEST(NameFilter, LongOnesAreRefused) {
  EXPECT_EQ(filter_error(std::string(400, '(') + std::string(400, ')')), "no error");
  const std::string error = filter_error(std::string(60'000, '('));
  EXPECT_EQ(error,
            "--queue " + std::string(77, '(') + "...: is longer than 1000 characters: shorten it");
}

TEST(NameFilter, WritesNothing) {
  testing::internal::CaptureStderr();
  filter_error("(a");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// ----------------------------------------------------------------------------------------- numbers

TEST(Numbers, AreInTheirRange) {
  const OptionCheck whole = whole_number(1, 7);
  EXPECT_EQ(whole("1"), "");
  EXPECT_EQ(whole("7"), "");
  for (const char* text : {"0", "8", "-1", "", "1.5", "1e0", "0x1", " 1", "1 ", "+1", "one",
                           "99999999999999999999999999"}) {
    EXPECT_EQ(whole(text), "'" + std::string(text) + "' is no whole number from 1 to 7");
  }
  EXPECT_EQ(whole_number(0, UINT64_MAX)("18446744073709551615"), "");
  EXPECT_NE(whole_number(0, UINT64_MAX)("18446744073709551616"), "");
  const OptionCheck any = number(0.5, 600);
  EXPECT_EQ(any("0.5"), "");
  EXPECT_EQ(any("6e2"), "");
  for (const char* text : {"nan", "inf", "0.4", "601", "1e999", "-1", ""})
    EXPECT_EQ(any(text), "'" + std::string(text) + "' is no number from 0.5 to 600");
}

TEST(Numbers, AreParsedStrictly) {
  EXPECT_EQ(parse_number("N", "12", 1, 20), 12u);
  EXPECT_THROW(parse_number("N", "12x", 1, 20), UsageError);
  EXPECT_THROW(parse_number("N", "21", 1, 20), UsageError);
}

// ------------------------------------------------------------------------------------------- names

TEST(QueueNames, ThatCannotBeAreRefusedAtTheStart) {
  const auto add = [](const std::string& name) { add_queue({name, LineUp::named, {}, {}, {}}); };
  const auto usage = testing::ExitedWithCode(static_cast<int>(ExitStatus::usage));
  EXPECT_EXIT(add("default"), usage, "registered as 'default': the name is reserved");
  EXPECT_EXIT(add("each"), usage, "reserved");
  EXPECT_EXIT(add(""), usage, "empty");
  EXPECT_EXIT(add(std::string(61, 'q')), usage, "longer than 60 characters, the limit");
  EXPECT_EXIT(add("a\nb"), usage, "registered as 'a.nb': the name holds control characters");
  EXPECT_EXIT(add("a\xff"), usage, "not UTF-8");
}

// ------------------------------------------------------------------------------------------- pilot

TEST(Pilot, EndsAfterAFewLongTrials) {
  Point point;
  point.producer = {};
  const auto trials = [&](double window_ns) {
    int count = 0;
    run_pilot(point, true, {5e6, 40e6}, [&](TrialSize) {
      ++count;
      TrialResult result;
      result.window_ns = window_ns;
      result.messages = 1'000'000;
      return result;
    });
    return count;
  };
  EXPECT_EQ(trials(10e6), 3);
  EXPECT_EQ(trials(600e6), 2);
  EXPECT_EQ(trials(2e9), 1);
}

TEST(Pilot, GivesUpWhereALongerTrialWouldTakeTooLong) {
  const auto trials = [](double most_search_ns) {
    int count = 0;
    TrialResult result;
    result.void_reason = "nothing";
    const auto run_trial = [&](TrialSize) { return ++count, result; };
    EXPECT_THROW(run_pilot(Point{}, true, {5e6, 40e6, most_search_ns}, run_trial), Unmeasurable);
    return count;
  };
  EXPECT_EQ(trials(0), 1);
  EXPECT_GT(trials(15e9), 1);
}

}  // namespace
}  // namespace bq::bench
