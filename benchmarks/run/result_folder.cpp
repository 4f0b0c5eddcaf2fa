#include "benchmarks/run/result_folder.h"

#include <charconv>
#include <cmath>
#include <iterator>
#include <system_error>

#include "benchmarks/run/result_rows.h"
#include "benchmarks/util/error.h"

namespace bq::bench {

namespace {

constexpr const char* trials_file = "trials.jsonl";
constexpr const char* histograms_file = "histograms.jsonl";
constexpr const char* timelines_file = "timelines.jsonl";

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
  return ResultLog::read(folder / trials_file);
}

ResultFolder::ResultFolder(const std::filesystem::path& folder)
    : trials_(folder / trials_file),
      histograms_(folder / histograms_file),
      timelines_(folder / timelines_file) {}

void ResultFolder::append(const Json& row) {
  check_row(row["kind"].get<std::string>(), row);
  trials_.append(row);
}

void ResultFolder::append_details(const Json& key, const TrialResult& result) {
  for (const auto& [name, histogram] : result.histograms) {
    Json row = key;
    row["name"] = name;
    row["count"] = histogram.count();
    row["max"] = rounded(histogram.max());
    row["buckets"] = buckets_of(histogram);
    check_row(histograms_file, row);
    histograms_.append(row);
  }
  if (!result.timeline) return;
  Json row = key;
  row["slice_ns"] = result.timeline->slice_ns;
  row["occupancy"] = result.timeline->occupancy;
  row["pushed"] = result.timeline->pushed;
  check_row(timelines_file, row);
  timelines_.append(row);
}

}  // namespace bq::bench
