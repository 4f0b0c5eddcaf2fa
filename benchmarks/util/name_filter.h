// Selects names by a regular expression from the command line.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace bq::bench {

/// Bounded in time and memory, whatever the expression: RE2 has no backtracking.
class NameFilter {
 public:
  static constexpr std::size_t max_characters = 1'000;

  /// `text`: the regular expression; empty: every name matches. `option`: where it comes from, for
  /// messages: "--queue". Throws UsageError.
  NameFilter(std::string_view option, const std::string& text);
  ~NameFilter();
  NameFilter(NameFilter&&) noexcept;
  NameFilter& operator=(NameFilter&&) noexcept;

  /// Whether the expression matches a part of the name.
  bool matches(std::string_view name) const;

 private:
  std::unique_ptr<re2::RE2> expression_;  // nullptr: every name matches
};

}  // namespace bq::bench
