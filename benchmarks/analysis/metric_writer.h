// Puts the numbers of a trial down, under names that scenario/counters.h has.
#pragma once

#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "benchmarks/analysis/result.h"
#include "benchmarks/scenario/counters.h"
#include "benchmarks/util/histogram.h"

namespace bq::bench {

class MetricWriter {
 public:
  explicit MetricWriter(TrialResult& out) : out_(out) {}

  /// Numbers that are not finite are left out.
  void add(CounterName counter, double value) { write(counter.name, value); }
  void add(CounterName counter, std::optional<double> value) {
    if (value) write(counter.name, *value);
  }
  /// "producer" and "cpu_ns_per_msg". Throws std::logic_error if counters.h lacks the name.
  void add_for_role(std::string_view role, std::string_view counter, double value) {
    write(checked(std::string(role) + "_" + std::string(counter)), value);
  }
  /// Mean, median and 99th percentile of `name`, "sojourn", and its histogram. `mean_ns` replaces
  /// the histogram's, which counts negative durations as 0. Throws std::logic_error if counters.h
  /// lacks the name.
  void add_distribution(const std::string& name, const Histogram& histogram,
                        std::optional<double> mean_ns = std::nullopt) {
    const auto add_if = [&](const std::string& counter, std::optional<double> value) {
      if (value) write(checked(counter), *value);
    };
    add_if(name + "_mean_ns", mean_ns ? mean_ns : histogram.mean());
    add_if(name + "_p50_ns", histogram.quantile(0.5));
    add_if(name + "_p99_ns", histogram.quantile(0.99));
    out_.histograms.emplace_back(name + "_ns", histogram);
  }

 private:
  static const std::string& checked(const std::string& name) {
    if (!find_counter(name))
      throw std::logic_error("scenario/counters.h has no counter '" + name + "'");
    return name;
  }
  void write(std::string_view name, double value) {
    if (std::isfinite(value)) out_.counters.emplace_back(name, value);
  }

  TrialResult& out_;
};

}  // namespace bq::bench
