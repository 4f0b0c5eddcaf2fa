// A histogram of durations with buckets of at most 1/32 relative width, after HdrHistogram (Gil
// Tene): exact below 64 ns, then 32 buckets an octave. Not thread-safe.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace bq::bench {

class Histogram {
 public:
  /// Negative durations (clock noise) count as 0.
  void add(double ns) {
    ns = std::max(ns, 0.0);
    const auto value = static_cast<std::uint64_t>(ns);
    const std::size_t bucket = bucket_of(value);
    if (bucket >= counts_.size()) counts_.resize(bucket + 1);
    ++counts_[bucket];
    ++count_;
    sum_ += ns;
    max_ = std::max(max_, ns);
  }

  std::uint64_t count() const { return count_; }
  double max() const { return max_; }
  std::optional<double> mean() const {
    return count_ ? std::optional(sum_ / static_cast<double>(count_)) : std::nullopt;
  }

  /// The q-quantile (0 < q < 1), interpolated inside its bucket; absent where fewer than 100
  /// samples lie beyond it.
  std::optional<double> quantile(double q) const {
    const double total = static_cast<double>(count_);
    if (total * (1 - q) < 100) return std::nullopt;
    double before = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      const double here = static_cast<double>(counts_[bucket]);
      if (here > 0 && before + here >= q * total) {
        const auto [lower, upper] = edges(bucket);
        const double share = (q * total - before) / here;
        return static_cast<double>(lower) + share * static_cast<double>(upper - lower);
      }
      before += here;
    }
    return max_;
  }

  struct Edges {
    std::uint64_t lower;  ///< inclusive, ns
    std::uint64_t upper;  ///< exclusive, ns
  };
  static Edges edges(std::size_t bucket) {
    if (bucket < 2 * per_octave) return {bucket, bucket + 1};
    const std::size_t octave = bucket / per_octave - 1;
    const std::uint64_t lower = static_cast<std::uint64_t>(bucket % per_octave + per_octave)
                                << octave;
    return {lower, lower + (std::uint64_t{1} << octave)};
  }

  /// Calls visit(edges, count) for every bucket that is not empty, in rising order.
  template <class Visit>
  void each(Visit visit) const {
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      if (counts_[bucket]) visit(edges(bucket), counts_[bucket]);
    }
  }

 private:
  static constexpr std::size_t per_octave = 32;

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < 2 * per_octave) return static_cast<std::size_t>(value);
    const auto octave = static_cast<std::size_t>(std::bit_width(value)) - 6;  // 64..127 -> 1
    return (octave + 1) * per_octave + static_cast<std::size_t>(value >> octave) - per_octave;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
  double max_ = 0;
};

}  // namespace bq::bench
