#include "benchmarks/run/spin_limit.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "benchmarks/platform/clock.h"
#include "benchmarks/run/result_folder.h"
#include "benchmarks/util/statistics.h"
#include "queues/sync.h"

namespace bq::bench {

namespace {

constexpr int relaxes_a_series = 1'000;
constexpr int relax_series = 21;
constexpr double fewest_rounds = 10;
constexpr double most_rounds = 5'000;

// Median of several series.
double measure_relax_ns() {
  std::vector<double> each_ns;
  for (int series = 0; series < relax_series; ++series) {
    const Ticks first = now_ticks();
    for (int i = 0; i < relaxes_a_series; ++i) StdSync::relax();
    each_ns.push_back(ns_between(first, now_ticks()) / relaxes_a_series);
  }
  return median(each_ns);
}

}  // namespace

unsigned spin_limit_for(double relax_ns) {
  const double spin_ns = StdSync::reference_spin_limit * StdSync::reference_relax_ns;
  // Not by 0, where a clock is too coarse for a series.
  const double rounds = spin_ns / std::max(relax_ns, 0.01);
  return static_cast<unsigned>(std::lround(std::clamp(rounds, fewest_rounds, most_rounds)));
}

Json adapt_spin_limit() {
  const double relax_ns = measure_relax_ns();
  StdSync::spin_limit = spin_limit_for(relax_ns);
  return {{"pause_ns", rounded(relax_ns)}, {"spin_limit", StdSync::spin_limit.load()}};
}

}  // namespace bq::bench
