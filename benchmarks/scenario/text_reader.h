// Texts of a scenario file: of limited length, without control characters, since they become names
// of files, lines of tables and words in figures.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "benchmarks/scenario/toml_diagnostics.h"

namespace bq::bench {

enum class Lines { one, several };

/// A text that is not empty and has at most `most` characters. `kind`: what the value must be, for
/// messages: "a sentence". Throws UsageError.
std::string read_text(const TomlDiagnostics& diagnostics, const toml::node& node,
                      std::string_view key, std::size_t most, const char* kind,
                      Lines lines = Lines::one);

/// A name of a queue, a case or a counter.
std::string read_name(const TomlDiagnostics& diagnostics, const toml::node& node,
                      std::string_view key, const char* kind);

/// A date without quotes, as its text: "2026-11-28". Dates compare as their texts do.
std::string read_date(const TomlDiagnostics& diagnostics, const toml::node& node,
                      std::string_view key);

/// Throws UsageError where the node is a list of more than `most` values.
void check_length(const TomlDiagnostics& diagnostics, const toml::node& node, std::string_view key,
                  std::size_t most);

}  // namespace bq::bench
