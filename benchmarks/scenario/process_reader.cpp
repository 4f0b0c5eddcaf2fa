#include "benchmarks/scenario/process_reader.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string_view>
#include <vector>

#include "benchmarks/scenario/keys.h"

namespace bq::bench {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_trace = 10'000'000;

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

// One number a line, ns; blank lines and what follows a # are left out.
std::shared_ptr<const Trace> read_trace(const Combination& from, const std::string& key,
                                        const std::string& name) {
  const fs::path file = from.diagnostics().file.parent_path() / name;
  const auto fail = [&](std::size_t line, const std::string& what) {
    from.fail(key, file.string() + (line ? ":" + std::to_string(line) : "") + ": " + what);
  };
  std::ifstream stream(file);
  std::error_code error;
  if (!fs::is_regular_file(file, error) || !stream) {
    fail(0, "cannot be read; the path is relative to the scenario's folder");
  }
  auto trace = std::make_shared<Trace>();
  trace->file = name;
  double sum = 0;
  std::size_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    const std::string_view text = trimmed(std::string_view(line).substr(0, line.find('#')));
    if (text.empty()) continue;
    double ns = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), ns);
    if (status != std::errc{} || end != text.data() + text.size() || !std::isfinite(ns)) {
      fail(number, "'" + std::string(text) + "' is not a number of nanoseconds; one a line");
    }
    if (ns < 0) fail(number, "a time cannot be negative");
    if (ns > 4e9) fail(number, "longer than 4 s");
    if (trace->ns.size() == max_trace)
      fail(number, "more than " + std::to_string(max_trace) + " times");
    trace->ns.push_back(ns);
    sum += ns;
  }
  if (trace->ns.empty()) fail(0, "holds no time");
  if (sum <= 0) fail(0, "all its times are 0");
  trace->mean_ns = sum / static_cast<double>(trace->ns.size());
  return trace;
}

// Reads what the distribution needs besides its mean, and refuses what another one would need.
void read_parameters(const Combination& from, const std::string& table, const std::string& name,
                     Process& process) {
  const auto key = [&](const char* leaf) { return table + "." + leaf; };
  const auto only_for = [&](Distribution distribution, std::initializer_list<const char*> leaves) {
    for (const char* leaf : leaves) {
      const bool given = from.gives(key(leaf));
      if (process.distribution != distribution && given) {
        from.fail(key(leaf),
                  "needs " + key("process") + " = \"" + std::string(name_of(distribution)) + "\"");
      }
      if (process.distribution == distribution && !given) {
        from.fail(key(leaf), "missing: a " + name + " process needs it");
      }
    }
  };
  only_for(Distribution::lognormal, {"cv"});
  only_for(Distribution::bursty, {"burst_msgs", "burst_gap_ns"});
  only_for(Distribution::trace, {"trace_file"});
  if (process.distribution == Distribution::lognormal)
    process.cv = *from.read_positive(key("cv"), 10);
  if (process.distribution == Distribution::bursty) {
    process.burst_msgs =
        static_cast<std::uint64_t>(*from.read_count(key("burst_msgs"), 2, 1'000'000));
    process.burst_gap_ns = *from.read_positive(key("burst_gap_ns"), max_mean_ns);
  }
  if (process.distribution == Distribution::trace) {
    process.trace = read_trace(from, key("trace_file"), *from.read_text(key("trace_file")));
    if (process.mean_ns == 0) process.mean_ns = process.trace->mean_ns;
  }
}

// `mean_key`: where the mean comes from, for messages.
void check_process(const Combination& from, const std::string& table, const std::string& mean_key,
                   const Process& process) {
  if (process.mean_ns > max_mean_ns) {
    from.fail(from.gives(mean_key) ? mean_key : "rho", "makes a mean of over 0.1 s a message");
  }
  if (process.distribution != Distribution::bursty) return;
  const double burst = static_cast<double>(process.burst_msgs);
  const double pause_ns = process.mean_ns * burst - process.burst_gap_ns * (burst - 1);
  if (pause_ns > max_mean_ns) {
    from.fail(table + ".burst_msgs",
              "makes a mean pause of over 0.1 s: smaller bursts, or a shorter mean");
  }
  if (pause_ns <= 0) {
    from.fail(table + ".burst_gap_ns", "too long: the bursts alone are slower than the mean of " +
                                           std::to_string(std::lround(process.mean_ns)) + " ns");
  }
}

}  // namespace

std::string arrival_name_of(Distribution distribution) {
  return distribution == Distribution::exponential ? "poisson" : std::string(name_of(distribution));
}

Work read_work(const Combination& from, const std::string& side) {
  Work work;
  work.kind = from.read_choice<WorkKind>(side + ".work").value_or(work.kind);
  if (work.kind == WorkKind::none) {
    for (const std::string& leaf : key_names_of(side)) {
      const std::string path = side + "." + leaf;
      if (leaf != "work" && from.gives(path))
        from.fail(path, "needs " + side + ".work = \"spin\" or \"sleep\"");
    }
    return work;
  }
  work.distribution = from.read_choice<Distribution>(side + ".process").value_or(work.distribution);
  work.mean_ns = from.read_positive(side + ".mean_ns", max_mean_ns).value_or(work.mean_ns);
  read_parameters(from, side, std::string(name_of(work.distribution)), work);
  return work;
}

std::optional<Arrivals> read_arrivals(const Combination& from) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < enumerator_count<Distribution>(); ++i) {
    names.push_back(arrival_name_of(static_cast<Distribution>(i)));
  }
  const auto name = from.read_choice_of("arrivals.process", names);
  if (!name) {
    for (const std::string& leaf : key_names_of("arrivals")) {
      if (from.gives("arrivals." + leaf)) from.fail("arrivals.process", "missing");
    }
    return std::nullopt;
  }
  if (from.gives("producer.work")) {
    from.fail("producer.work",
              "with [arrivals] the producers do nothing but push what arrives: leave it out");
  }
  Arrivals arrivals;
  arrivals.distribution =
      static_cast<Distribution>(std::find(names.begin(), names.end(), *name) - names.begin());
  arrivals.mean_ns =
      from.read_positive("arrivals.mean_gap_ns", max_mean_ns).value_or(arrivals.mean_ns);
  read_parameters(from, "arrivals", *name, arrivals);
  arrivals.wait = from.read_choice<ArrivalWait>("arrivals.wait").value_or(arrivals.wait);
  if (const auto rate = from.read_positive("arrivals.rate_per_s", 1e9)) {
    if (from.gives("arrivals.mean_gap_ns")) {
      from.fail("arrivals.rate_per_s", "give either this or arrivals.mean_gap_ns");
    }
    arrivals.mean_ns = 1e9 / *rate;
  }
  return arrivals;
}

void check_work(const Combination& from, const std::string& side, const Work& work) {
  if (work.kind == WorkKind::none) return;
  if (work.mean_ns <= 0)
    from.fail(side + ".mean_ns", side == "producer" ? "missing: give it, or rho" : "missing");
  check_process(from, side, side + ".mean_ns", work);
}

void check_arrivals(const Combination& from, const Arrivals& arrivals) {
  if (arrivals.mean_ns <= 0) {
    from.fail("arrivals.mean_gap_ns", "missing: give it, or arrivals.rate_per_s, or rho");
  }
  const char* mean_key =
      from.gives("arrivals.rate_per_s") ? "arrivals.rate_per_s" : "arrivals.mean_gap_ns";
  check_process(from, "arrivals", mean_key, arrivals);
}

}  // namespace bq::bench
