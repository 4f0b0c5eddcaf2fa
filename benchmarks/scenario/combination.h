// One combination of a scenario's swept values, and typed access to its keys.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "benchmarks/scenario/point.h"
#include "benchmarks/scenario/toml_diagnostics.h"
#include "benchmarks/util/enum_names.h"

namespace bq::bench {

class TraceFiles;

/// "0.5", as in names of points.
std::string text_of(const Point::Value& value);

/// The file, one of its cases on top, one choice from each list. All functions with a `path` take
/// Key::path(). Readers throw UsageError, which names file, line and key.
class Combination {
 public:
  /// The first combination. Keeps references to all four; `overlay` may be nullptr.
  Combination(const TomlDiagnostics& diagnostics, const toml::table& file,
              const toml::table* overlay, TraceFiles& traces);

  /// Steps to the next combination; false after the last.
  bool advance();
  /// The number of combinations; SIZE_MAX for all that are more.
  std::size_t count() const;
  /// Throws UsageError where a list holds a value twice.
  void check_repeats() const;
  /// The swept keys and the lengths of their lists, the longest first, for messages.
  std::string sweep_text() const;

  /// Nullptr where the file does not give the key.
  const toml::node* find(std::string_view path) const;
  bool gives(std::string_view path) const { return find(path) != nullptr; }
  /// Absent where the file does not give the key.
  std::optional<std::int64_t> read_count(std::string_view path, std::int64_t low,
                                         std::int64_t high) const;
  /// A number above 0 and at most `high`; absent where the file does not give the key.
  std::optional<double> read_positive(std::string_view path, double high) const;
  std::optional<std::string> read_text(std::string_view path) const;
  template <class E>
  std::optional<E> read_choice(std::string_view path) const {
    const auto text = read_choice_of(path, names_of<E>());
    return text ? enumerator_of<E>(*text) : std::nullopt;
  }
  /// One of `choices`; absent where the file does not give the key.
  std::optional<std::string> read_choice_of(std::string_view path,
                                            const std::vector<std::string>& choices) const;

  [[noreturn]] void fail(std::string_view path, const std::string& what) const;
  const TomlDiagnostics& diagnostics() const { return diagnostics_; }
  TraceFiles& traces() const { return traces_; }
  /// The line of the longest list; without lists, the line of the case.
  toml::source_index sweep_line() const;
  /// A line to report for a missing key.
  toml::source_index line() const { return (overlay_ ? *overlay_ : file_).source().begin.line; }
  /// The swept keys as parameters of the point: "consumer.mean_ns" -> "consumer_mean_ns".
  std::vector<std::pair<std::string, Point::Value>> params() const;

 private:
  struct Axis {
    std::string path;
    const toml::array* values;
    std::size_t choice;
  };

  const toml::node* raw(std::string_view path) const;
  std::vector<Axis> longest_first() const;

  const TomlDiagnostics& diagnostics_;
  const toml::table& file_;
  const toml::table* overlay_;
  TraceFiles& traces_;
  std::vector<Axis> axes_;
};

}  // namespace bq::bench
