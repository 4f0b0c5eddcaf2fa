#include "benchmarks/run/row_check.h"

#include <algorithm>
#include <cmath>

#include "benchmarks/run/result_rows.h"
#include "benchmarks/scenario/counters.h"
#include "benchmarks/scenario/point.h"
#include "benchmarks/scenario/rules.h"
#include "benchmarks/util/enum_names.h"
#include "benchmarks/util/message_text.h"

namespace bq::bench {

namespace {

using Error = std::optional<std::string>;

Error error_in(const Json& value, std::string_view type, const std::string& path);

bool has_control_character(std::string_view text, bool allows_lines) {
  while (!text.empty()) {
    const Character character = first_character(text);
    const bool is_layout = character.code == '\n' || character.code == '\t';
    if (is_control(character.code) && !(allows_lines && is_layout)) return true;
    text.remove_prefix(character.bytes);
  }
  return false;
}

bool is_shallow(const Json& value, int levels) {
  if (!value.is_structured()) return true;
  return levels > 0 && std::all_of(value.begin(), value.end(),
                                   [=](const Json& part) { return is_shallow(part, levels - 1); });
}

bool is_count(const Json& value) {
  return value.is_number_unsigned() ||
         (value.is_number_integer() && value.get<std::int64_t>() >= 0);
}

bool is_number(const Json& value) {
  return value.is_number() && std::abs(value.get<double>()) <= most_row_number;
}

bool is_bucket(const Json& value) {
  return value.is_array() && value.size() == 3 &&
         std::all_of(value.begin(), value.end(), is_number) &&
         value[0].get<double>() < value[1].get<double>() && is_count(value[2]);
}

bool is_text(const Json& value, std::size_t most, bool allows_lines) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return character_count(text) <= most && !has_control_character(text, allows_lines);
}

// The fields of a row or an object.
Error error_in_fields(const Json& object, const RowKind& kind, const std::string& path) {
  const auto name_of_key = [&](std::string_view field) {
    return "key '" + path + (path.empty() ? "" : ".") + std::string(field) + "'";
  };
  for (const auto& [name, value] : object.items()) {
    const auto field =
        std::find_if(kind.fields.begin(), kind.fields.end(),
                     [&wanted = name](const RowField& f) { return f.name == wanted; });
    if (field != kind.fields.end()) {
      const std::string below = path + (path.empty() ? "" : ".") + name;
      if (Error error = error_in(value, field->type, below)) return error;
    } else if (name != "kind" || !path.empty()) {
      return name_of_key(name) + ": unknown";
    }
  }
  for (const RowField& field : kind.fields) {
    if (field.required && !object.contains(field.name))
      return name_of_key(field.name) + ": missing";
  }
  return std::nullopt;
}

Error error_in_parts(const Json& value, std::string_view type, const std::string& path) {
  for (const auto& [name, part] : value.items()) {
    if (Error error = error_in(part, type, path + "." + name)) return error;
  }
  return std::nullopt;
}

// Of a type that is one word.
Error error_in_word(const Json& value, std::string_view type, const std::string& path) {
  const auto must_be = [&](const std::string& what) {
    return "key '" + path + "': must be " + what;
  };
  const auto unless = [&](bool holds, const char* what) {
    return holds ? Error() : Error(must_be(what));
  };
  if (type == "flag") return unless(value.is_boolean(), "true or false");
  if (type == "count") return unless(is_count(value), "a whole number of at least 0");
  if (type == "number") return unless(is_number(value), "a number, at most 1e18 in size");
  if (type == "bucket") return unless(is_bucket(value), "[lower, upper, count]");
  if (type == "any") return unless(is_shallow(value, most_row_levels), "at most 20 levels deep");
  if (type == "name") {
    return unless(is_text(value, most_name_characters, false) && value != "",
                  "a text of 1 to 1,000 characters on one line");
  }
  if (type == "text") {
    return unless(is_text(value, most_text_characters, true),
                  "a text of at most 10,000 characters, without control characters");
  }
  if (const auto values = row_enumerations().find(type); values != row_enumerations().end()) {
    if (std::find(values->begin(), values->end(), value) != values->end()) return std::nullopt;
    return must_be("one of " + values->dump());
  }
  const auto kind = std::find_if(object_kinds().begin(), object_kinds().end(),
                                 [&](const RowKind& k) { return k.kind == type; });
  if (kind == object_kinds().end()) {
    return "run/result_rows.cpp lacks the type '" + std::string(type) + "'";
  }
  if (!value.is_object()) return must_be("an object");
  return error_in_fields(value, *kind, path);
}

Error error_in(const Json& value, std::string_view type, const std::string& path) {
  if (type.ends_with('?')) {
    const bool is_nan = value.is_number_float() && !std::isfinite(value.get<double>());
    if (value.is_null() || is_nan) return std::nullopt;  // JSON has no NaN: it is written as null
    type.remove_suffix(1);
  }
  if (!type.starts_with('[') && !type.starts_with('{')) return error_in_word(value, type, path);
  const bool is_list = type.starts_with('[');
  const std::string_view part = type.substr(1, type.size() - 2);
  if (is_list && !value.is_array()) return "key '" + path + "': must be a list";
  if (!is_list && !value.is_object()) return "key '" + path + "': must be an object";
  return error_in_parts(value, part, path);
}

}  // namespace

const Json& row_enumerations() {
  static const Json all{{"shape", names_of<Topology>()},       {"payload", names_of<Payload>()},
                        {"when_full", names_of<WhenFull>()},   {"placement", names_of<Placement>()},
                        {"neighbour", names_of<Neighbour>()},  {"work", names_of<WorkKind>()},
                        {"process", names_of<Distribution>()}, {"wait", names_of<ArrivalWait>()},
                        {"level", names_of<Level>()},          {"better", names_of<Better>()},
                        {"status", {"ok", "error", "void"}}};
  return all;
}

std::optional<std::string> row_error(std::string_view kind, const Json& row) {
  const auto listed = std::find_if(row_kinds().begin(), row_kinds().end(),
                                   [&](const RowKind& k) { return k.kind == kind; });
  if (listed == row_kinds().end()) return "there is no row kind '" + std::string(kind) + "'";
  Error error = error_in_fields(row, *listed, "");
  if (!error) return std::nullopt;
  return "'" + std::string(kind) + "' row: " + *error;
}

}  // namespace bq::bench
