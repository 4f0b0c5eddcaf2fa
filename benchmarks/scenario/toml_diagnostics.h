// Error messages of TOML readers: file, line and key.
#pragma once

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>

#include "benchmarks/scenario/toml.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/message_text.h"

namespace bq::bench {

/// A key's name as TOML has it: in quotes where it is not bare, so that a dot in a name does not
/// look like a path.
inline std::string toml_name(std::string_view name) {
  const auto is_bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  const bool bare = !name.empty() && std::all_of(name.begin(), name.end(), is_bare);
  return bare ? shown(name) : '"' + shown(name) + '"';
}

/// Throws UsageError with messages that name the file, the line and the key.
struct TomlDiagnostics {
  const std::filesystem::path& file;

  [[noreturn]] void fail(const toml::node& node, std::string_view key,
                         const std::string& what) const {
    fail(node.source().begin.line, key, what);
  }
  [[noreturn]] void fail(toml::source_index line, std::string_view key,
                         const std::string& what) const {
    std::ostringstream message;
    message << shown(file.string(), max_shown_path);
    if (line > 0) message << ':' << line;
    if (!key.empty()) message << ": key '" << shown(key) << "'";
    message << ": " << what;
    throw UsageError(message.str());
  }
};

}  // namespace bq::bench
