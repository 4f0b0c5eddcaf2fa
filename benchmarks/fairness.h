// How evenly something is shared out.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace bq::bench {

/// Jain's fairness index (Jain, Chiu, Hawe 1984): (sum x)^2 / (n sum x^2). 1: all alike; k/n: k of n share everything.
/// Absent for fewer than two, or where nobody has anything.
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
