// Where in a file something is wrong. For what reads TOML; needs toml++ included before.
#pragma once

#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>

#include "benchmarks/scenario.h"

namespace bq::bench {

/// Points at a key of a file in every message.
struct Place {
  const std::filesystem::path& file;

  [[noreturn]] void fail(const toml::node& node, std::string_view key, const std::string& what) const {
    fail(node.source().begin.line, key, what);
  }
  [[noreturn]] void fail(toml::source_index line, std::string_view key, const std::string& what) const {
    std::ostringstream message;
    message << file.string();
    if (line > 0) message << ':' << line;
    if (!key.empty()) message << ": key '" << key << "'";
    message << ": " << what;
    throw UsageError(message.str());
  }
};

}  // namespace bq::bench
