#include "benchmarks/run/result_folder.h"

#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include "benchmarks/run/result_rows.h"
#include "benchmarks/run/row_check.h"
#include "benchmarks/util/error.h"

namespace bq::bench {

namespace {

constexpr const char* trials_file = "trials.jsonl";
constexpr const char* histograms_file = "histograms.jsonl";
constexpr const char* timelines_file = "timelines.jsonl";

void check_written(std::string_view kind, const Json& row) {
  if (const auto error = row_error(kind, row))
    throw std::logic_error("run/result_rows.cpp: " + *error);
}

// `where`: file and line.
void check_read(const Json& row, const std::string& where) {
  const auto fail = [&](const std::string& what) { throw UsageError(where + what); };
  if (!row.is_object() || !row.contains("kind") || !row["kind"].is_string()) {
    fail("not a row with a `kind`; the file is damaged");
  }
  const auto kind = row["kind"].get<std::string>();
  if (kind == "run" && row.value("schema", Json()) != schema_version) {
    fail("key 'schema' of the 'run' row: this program writes schema " +
         std::to_string(schema_version) + "; use the version that made the run");
  }
  if (const auto error = row_error(kind, row)) fail(*error + "; the file is damaged");
}

Json buckets_of(const Histogram& histogram) {
  Json buckets = Json::array();
  histogram.each([&](Histogram::Edges edges, std::uint64_t count) {
    buckets.push_back({edges.lower, edges.upper, count});
  });
  return buckets;
}

}  // namespace

double rounded(double value) {
  if (value == std::trunc(value)) return value;
  char text[32];
  const auto written =
      std::to_chars(std::begin(text), std::end(text), value, std::chars_format::general, 6);
  double result = value;
  std::from_chars(text, written.ptr, result);
  return result;
}

std::vector<Json> ResultFolder::read(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    throw UsageError(folder.string() + ": no such folder; create it, or use ./scripts/bench");
  const std::filesystem::path file = folder / trials_file;
  std::ifstream stream(file);
  std::vector<Json> rows;
  std::size_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    Json row = Json::parse(line, nullptr, false);
    if (row.is_discarded()) continue;  // a kill cut the line short
    check_read(row, file.string() + ":" + std::to_string(number) + ": ");
    rows.push_back(std::move(row));
  }
  return rows;
}

ResultFolder::ResultFolder(const std::filesystem::path& folder)
    : trials_(folder / trials_file),
      histograms_(folder / histograms_file),
      timelines_(folder / timelines_file) {}

void ResultFolder::append(const Json& row) {
  check_written(row["kind"].get<std::string>(), row);
  trials_.append(row);
}

void ResultFolder::append_details(const Json& key, const TrialResult& result) {
  for (const auto& [name, histogram] : result.histograms) {
    Json row = key;
    row["name"] = name;
    row["count"] = histogram.count();
    row["max"] = rounded(histogram.max());
    row["buckets"] = buckets_of(histogram);
    check_written(histograms_file, row);
    histograms_.append(row);
  }
  if (!result.timeline) return;
  Json row = key;
  row["slice_ns"] = result.timeline->slice_ns;
  row["occupancy"] = result.timeline->occupancy;
  row["pushed"] = result.timeline->pushed;
  check_written(timelines_file, row);
  timelines_.append(row);
}

}  // namespace bq::bench
