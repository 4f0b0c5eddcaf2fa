// The one list of counters, and the table of them that people read.
#include "benchmarks/counters.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

namespace bq::bench {
namespace {

// Rows of the table that begins with "| counter |".
std::set<std::string> documented() {
  std::ifstream page(BQ_RESULTS_PAGE);
  std::set<std::string> rows;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (inside && line.starts_with("| `")) rows.insert(line);
    if (line.starts_with("| counter |")) inside = true;
    if (line.empty()) inside = false;
  }
  return rows;
}

TEST(Counters, AreDocumentedInTheSameWords) {
  std::set<std::string> listed;
  for (const Counter& counter : counters) {
    const std::string row = "| `" + std::string(counter.name) + "` | " + std::string(name_of(counter.better)) + " | " +
                            std::string(counter.meaning) + " |";
    EXPECT_TRUE(listed.insert(row).second) << counter.name << " is listed twice";
    EXPECT_TRUE(documented().contains(row)) << "results/README.md lacks the row\n" << row;
  }
  for (const std::string& row : documented()) {
    EXPECT_TRUE(listed.contains(row)) << "benchmarks/counters.h lacks what results/README.md has:\n" << row;
  }
}

TEST(Counters, AreFoundByNameAndOnlyByTheirOwn) {
  for (const Counter& counter : counters) EXPECT_EQ(find_counter(counter.name), &counter);
  EXPECT_EQ(find_counter("lost_ns_per_mgs"), nullptr);
  EXPECT_EQ(find_counter(""), nullptr);
}

}  // namespace
}  // namespace bq::bench
