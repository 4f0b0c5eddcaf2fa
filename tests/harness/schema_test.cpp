// The vocabulary: that its tables are complete, and that what is written is held to them.
#include "benchmarks/run/schema.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>

#include "benchmarks/build_info.h"
#include "benchmarks/registry/queue_labels.h"
#include "benchmarks/run/queue_properties.h"
#include "benchmarks/run/result_rows.h"
#include "benchmarks/run/row_check.h"
#include "benchmarks/run/run_description.h"
#include "benchmarks/scenario/keys.h"
#include "benchmarks/scenario/message.h"
#include "benchmarks/scenario/point.h"
#include "benchmarks/scenario/scenario_file.h"
#include "benchmarks/scenario/serialization.h"
#include "benchmarks/util/enum_names.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/exit_status.h"

namespace bq::bench {
namespace {

TEST(EnumNames, LeadBothWays) {
  EXPECT_EQ(names_of<Payload>(), (std::vector<std::string>{"in_queue", "heap"}));
  EXPECT_EQ(enumerator_of<Payload>("heap"), Payload::heap);
  EXPECT_EQ(enumerator_of<Payload>("heaps"), std::nullopt);
  EXPECT_EQ(enumerator_of<Level>("traced"), Level::timestamped);
  EXPECT_EQ(names_of<Stall>(), (std::vector<std::string>{"nobody", "one slot", "everyone"}));
}

TEST(Keys, HaveAPathOfTheirOwnAndAMeaning) {
  std::set<std::string> paths;
  for (const Key& key : keys()) {
    EXPECT_TRUE(paths.insert(key.path()).second) << key.path() << " is listed twice";
    EXPECT_FALSE(key.meaning.empty()) << key.path();
    EXPECT_FALSE(key.type.empty()) << key.path();
    EXPECT_EQ(find_key(key.table, key.name), &key);
  }
  EXPECT_EQ(find_key("", "capactiy"), nullptr);
  EXPECT_EQ(find_key("claim", "capacity"), nullptr);
}

TEST(Keys, ThatAreTablesHaveLeaves) {
  for (const Key& key : keys()) {
    const bool is_table = key.type == "table" && key.table.empty();
    EXPECT_EQ(is_table, is_point_table(key.name) && key.table.empty()) << key.path();
    if (!is_table) continue;
    EXPECT_FALSE(key_names_of(key.name).empty()) << key.path();
  }
}

// A default that the table states is the one that a point without the key has.
TEST(Keys, StateTheDefaultsOfAPoint) {
  const Json json = point_json(Point{});
  for (const Key& key : keys()) {
    if (!key.write || key.type == "table") continue;
    if (json.contains(key.name)) {
      EXPECT_EQ(key.default_value, json[key.name]) << key.path();
    }
    const bool is_required = key.name == "capacity" || key.name == "stages";
    if (key.default_value.is_null() || is_required) continue;
    const Json& value = key.default_value;
    const std::string text =
        value.is_string() ? '`' + value.get<std::string>() + '`' : value.dump();
    EXPECT_EQ(key.default_text.substr(0, text.size()), text) << key.path();
  }
}

TEST(PropertyKinds, StandInTheOrderOfTheirEnumerators) {
  for (std::size_t i = 0; i < enumerator_count<PropertyKind>(); ++i) {
    EXPECT_EQ(property_kind(static_cast<PropertyKind>(i)).kind, static_cast<PropertyKind>(i));
  }
  EXPECT_EQ(property_kinds.size(), enumerator_count<PropertyKind>());
}

TEST(ExitStatuses, AreListedOnce) {
  std::set<int> statuses;
  for (const ExitStatusText& entry : exit_statuses) {
    EXPECT_TRUE(statuses.insert(static_cast<int>(entry.status)).second) << entry.name;
  }
}

TEST(ExitStatuses, FollowFromTheException) {
  const auto status_of = [](const auto& error) {
    try {
      throw error;
    } catch (...) {
      return report_current_exception();
    }
  };
  EXPECT_EQ(status_of(UsageError("--round 0")), ExitStatus::usage);
  EXPECT_EQ(status_of(IoError("no space")), ExitStatus::io_error);
  EXPECT_EQ(status_of(std::filesystem::filesystem_error("copy", std::error_code())),
            ExitStatus::io_error);
  EXPECT_EQ(status_of(ResourceError("no cgroup")), ExitStatus::resource_limit);
  EXPECT_EQ(status_of(std::bad_alloc()), ExitStatus::resource_limit);
  EXPECT_EQ(
      status_of(std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again))),
      ExitStatus::resource_limit);
  EXPECT_EQ(status_of(std::logic_error("a fault")), ExitStatus::internal_error);
}

// What is wrong with the row; empty if nothing is.
std::string error_of(const char* kind, const Json& row) {
  return row_error(kind, row).value_or("");
}

TEST(Rows, AreHeldToTheirKind) {
  const Json whole{{"kind", "start"}, {"cell", "c"}, {"round", 1}, {"level", "traced"}};
  EXPECT_EQ(error_of("start", whole), "");
  Json lacking = whole;
  lacking.erase("round");
  EXPECT_EQ(error_of("start", lacking), "'start' row: key 'round': missing");
  Json beyond = whole;
  beyond["cels"] = "c";
  EXPECT_EQ(error_of("start", beyond), "'start' row: key 'cels': unknown");
  EXPECT_EQ(error_of("begin", whole), "there is no row kind 'begin'");
}

TEST(Rows, AreHeldToTheTypesOfTheirFields) {
  const Json whole{{"kind", "property"},
                   {"queue", "q"},
                   {"name", "memory"},
                   {"params", {{"capacity", 4}}},
                   {"values", {{"bytes", 1.5}, {"full_bytes", nullptr}}}};
  EXPECT_EQ(error_of("property", whole), "");
  const auto with = [&](const char* key, const Json& value) {
    Json row = whole;
    row[key] = value;
    return error_of("property", row);
  };
  EXPECT_EQ(with("queue", 5),
            "'property' row: key 'queue': must be a text of 1 to 1,000 characters on one line");
  EXPECT_EQ(with("queue", "a\x1b[0m"), with("queue", 5));
  EXPECT_EQ(with("queue", std::string(5000, 'q')), with("queue", 5));
  EXPECT_EQ(with("params", {{"capacity", 1.5}}),
            "'property' row: key 'params.capacity': must be a whole number of at least 0");
  EXPECT_EQ(with("params", Json::array()), "'property' row: key 'params': must be an object");
  EXPECT_EQ(with("values", {{"bytes", "1"}}),
            "'property' row: key 'values.bytes': must be a number, at most 1e18 in size");
  EXPECT_EQ(with("values", {{"bytes", 1e19}}), with("values", {{"bytes", "1"}}));
  EXPECT_EQ(with("values", {{"bytes", std::nan("")}}), "");  // is written as null
  EXPECT_NE(with("error", std::string(50'000, 'x')), "");
  EXPECT_EQ(with("error", "two\nlines"), "");
}

// Types are written as texts: each of their words must mean something.
TEST(Rows, HaveTypesThatAreKnown) {
  const std::set<std::string> basic{"flag", "count", "number", "name", "text", "bucket", "any"};
  std::set<std::string> known = basic;
  for (const auto& [name, values] : row_enumerations().items()) known.insert(name);
  for (const RowKind& object : object_kinds()) known.insert(std::string(object.kind));
  for (const auto* kinds : {&row_kinds(), &object_kinds()}) {
    for (const RowKind& kind : *kinds) {
      for (const RowField& field : kind.fields) {
        std::string word(field.type);
        std::erase_if(word, [](char c) {
          return std::string_view("[]{}?").find(c) != std::string_view::npos;
        });
        EXPECT_TRUE(known.contains(word)) << kind.kind << "." << field.name << ": " << field.type;
      }
    }
  }
}

TEST(Rows, HoldWhatIsWrittenOfAScenario) {
  const std::filesystem::path root(BQ_SCENARIOS_DIR);
  for (const Scenario& scenario : load_scenarios({"curated", "appendix", "ablation"}, root)) {
    const Json run{{"kind", "run"},
                   {"schema", schema_version},
                   {"context", context_json(1)},
                   {"scenarios", {{scenario.name, scenario_json(scenario, {"two_condvar"})}}},
                   {"queues", {{"two_condvar", {{"note", ""}}}}}};
    Json whole = run;
    whole["context"]["default_rounds"] = 12;
    EXPECT_EQ(error_of("run", whole), "") << scenario.name;
  }
}

TEST(Messages, HaveALoopForEachListedSizeAndNoOther) {
  TrialLoops loops;
  Point point;
  for (const std::size_t bytes : InQueueMessages::bytes) {
    point.message_bytes = bytes;
    EXPECT_NO_THROW(loops.for_point(point)) << bytes;
  }
  point.message_bytes =
      *std::max_element(InQueueMessages::bytes.begin(), InQueueMessages::bytes.end()) + 8;
  EXPECT_THROW(loops.for_point(point), std::logic_error);
}

TEST(Schema, NamesEveryVocabulary) {
  const Json schema = schema_json();
  for (const char* part : {"keys", "enums", "message_bytes", "counters", "distributions", "labels",
                           "properties", "rows", "objects", "rules", "exit_statuses"}) {
    ASSERT_TRUE(schema.contains(part)) << part;
    EXPECT_FALSE(schema[part].empty()) << part;
  }
}

}  // namespace
}  // namespace bq::bench
