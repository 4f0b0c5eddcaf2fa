#include "benchmarks/scenario/text_reader.h"

#include <sstream>

#include "benchmarks/scenario/rules.h"
#include "benchmarks/util/message_text.h"

namespace bq::bench {

std::string read_text(const TomlDiagnostics& diagnostics, const toml::node& node,
                      std::string_view key, std::size_t most, const char* kind, Lines lines) {
  const auto value = node.value_exact<std::string>();
  if (!value || value->empty()) diagnostics.fail(node, key, std::string("must be ") + kind);
  if (character_count(*value) > most) {
    diagnostics.fail(
        node, key, "is longer than " + std::to_string(most) + " characters, the limit: shorten it");
  }
  for (std::string_view rest = *value; !rest.empty();) {
    const Character character = first_character(rest);
    const std::string_view bytes = rest.substr(0, character.bytes);
    const bool is_layout = lines == Lines::several && (bytes == "\n" || bytes == "\t");
    if (is_control(character.code) && !is_layout)
      diagnostics.fail(node, key, "holds the control character " + shown(bytes) + ": remove it");
    rest.remove_prefix(character.bytes);
  }
  return *value;
}

std::string read_name(const TomlDiagnostics& diagnostics, const toml::node& node,
                      std::string_view key, const char* kind) {
  return read_text(diagnostics, node, key, max_name_characters, kind);
}

std::string read_date(const TomlDiagnostics& diagnostics, const toml::node& node,
                      std::string_view key) {
  const auto day = node.value_exact<toml::date>();
  if (!day) diagnostics.fail(node, key, "must be a date without quotes, such as 2026-11-28");
  std::ostringstream text;
  text << *day;
  return text.str();
}

void check_length(const TomlDiagnostics& diagnostics, const toml::node& node, std::string_view key,
                  std::size_t most) {
  if (!node.is_array() || node.as_array()->size() <= most) return;
  diagnostics.fail(node, key,
                   "has " + std::to_string(node.as_array()->size()) + " entries; the limit is " +
                       std::to_string(most) + ": shorten it");
}

}  // namespace bq::bench
