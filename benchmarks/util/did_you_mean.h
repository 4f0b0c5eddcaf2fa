// The names closest to a mistyped one, for messages about a name that does not exist.
#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bq::bench {

/// Least number of characters to insert, delete or replace that turns one word into the other
/// (Levenshtein 1966).
inline std::size_t edit_distance(std::string_view one, std::string_view other) {
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= one.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= other.size(); ++j) {
      const std::size_t replaced = diagonal + (one[i - 1] != other[j - 1]);
      diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

/// The three of `names` closest to `word`, those that begin with it first, as "a, b, c"; all of
/// them if there are no more than three. Of a long word only the beginning counts.
inline std::string closest_names(std::string_view word, std::vector<std::string> names) {
  word = word.substr(0, 100);
  const auto distance = [&](const std::string& name) {
    return std::pair(!name.starts_with(word), edit_distance(word, name));
  };
  std::stable_sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    return distance(a) < distance(b);
  });
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, names.size()); ++i)
    text += (i ? ", " : "") + names[i];
  return text;
}

}  // namespace bq::bench
