// Summaries of small samples.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

namespace bq::bench {

/// The middle value; of an even number of values the mean of the two in the middle, as numpy and
/// the scripts have it. `values` must not be empty.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

/// Jain's fairness index, (sum x)^2 / (n sum x^2): 1 for equal shares, k/n where k of n share
/// everything (Jain, Chiu, Hawe, DEC Research Report TR-301, 1984).
/// Absent for fewer than two shares, or where all are 0.
inline std::optional<double> jain_index(const std::vector<double>& shares) {
  double sum = 0, squares = 0;
  for (const double share : shares) {
    sum += share;
    squares += share * share;
  }
  if (shares.size() < 2 || squares <= 0) return std::nullopt;
  return sum * sum / (static_cast<double>(shares.size()) * squares);
}

}  // namespace bq::bench
