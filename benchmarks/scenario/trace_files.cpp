#include "benchmarks/scenario/trace_files.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <string_view>

#include "benchmarks/scenario/rules.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/hash.h"
#include "benchmarks/util/message_text.h"
#include "benchmarks/util/text_file.h"

namespace bq::bench {

namespace {

constexpr double max_time_ns = 4e9;

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

std::uint64_t hash_of(const std::vector<double>& times) {
  return hash_text({reinterpret_cast<const char*>(times.data()), times.size() * sizeof(double)}, 0);
}

}  // namespace

std::shared_ptr<const Trace> TraceFiles::read(const std::string& name) {
  if (const auto known = traces_.find(name); known != traces_.end()) return known->second;
  const std::filesystem::path path = folder_ / name;
  const auto fail = [&](std::size_t line, const std::string& what) {
    throw UsageError(shown(path.string(), max_shown_path) +
                     (line > 0 ? ":" + std::to_string(line) : "") + ": " + what);
  };
  const FileText file = read_text_file(path, max_trace_bytes);
  if (!file.error.empty()) fail(0, file.error + "; the path is relative to the scenario's folder");

  auto trace = std::make_shared<Trace>();
  trace->file = name;
  double sum = 0;
  std::size_t number = 0;
  for (std::string_view rest = file.text; !rest.empty();) {
    ++number;
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::string_view text = trimmed(line.substr(0, line.find('#')));
    if (text.empty()) continue;
    double ns = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), ns);
    if (status != std::errc{} || end != text.data() + text.size() || !std::isfinite(ns))
      fail(number, "'" + shown(text) + "' is not a number of nanoseconds; one a line");
    if (ns < 0) fail(number, "a time cannot be negative");
    if (ns > max_time_ns) fail(number, "longer than 4 s, the limit");
    if (++times_ > max_trace_times) {
      fail(number, "more than " + std::to_string(max_trace_times) +
                       " times in the traces of the scenario, the limit: shorten them");
    }
    trace->ns.push_back(ns);
    sum += ns;
  }
  if (trace->ns.empty()) fail(0, "holds no time: write numbers of nanoseconds, one a line");
  if (sum <= 0) fail(0, "all its times are 0: one at least must be above 0");
  trace->mean_ns = sum / static_cast<double>(trace->ns.size());
  trace->hash = hash_of(trace->ns);
  return traces_[name] = std::move(trace);
}

}  // namespace bq::bench
