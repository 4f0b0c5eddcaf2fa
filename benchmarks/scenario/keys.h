// Every key of the scenario language: the one table that the parser, the serialisation, the hints
// for unknown names, `queue_bench --schema` and the pages read. A new key is one entry in keys.cpp,
// one member of Point, and the code that acts on it; then run ./scripts/generate.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/util/json.h"

namespace bq::bench {

class Combination;
struct Point;

struct Key {
  /// The table that holds it: "producer"; empty at the top of the file.
  std::string table;
  std::string name;  ///< as in TOML
  std::string type;  ///< what its value is: "whole number", "text", "table", ...
  std::string unit;  ///< empty without one
  /// The default, for people; empty where the key is simply absent.
  std::string default_text;
  std::string meaning;                   ///< for the page, Markdown
  bool swept = true;                     ///< whether a list of values makes several points
  bool in_case = true;                   ///< whether a [[case]] may hold it
  std::vector<std::string> values = {};  ///< the allowed texts, where there is a fixed set

  /// Reads the key (of a table: the table) into the point. Empty: read with its table, or by the
  /// scenario. Throws UsageError.
  std::function<void(const Combination&, Point&)> read = nullptr;
  /// Adds the key to the JSON form of the point; nothing where it does not apply.
  std::function<void(const Point&, Json&)> write = nullptr;
  /// The value in a point whose scenario omits the key; null: the key is absent.
  Json default_value = nullptr;

  /// "capacity", "producer.mean_ns"
  std::string path() const { return table.empty() ? name : table + "." + name; }
};

/// All keys, in the order of the page.
const std::vector<Key>& keys();

/// Nullptr if there is none. `table` as in Key.
const Key* find_key(std::string_view table, std::string_view name);

/// Names of the keys of one table, in the order of keys().
std::vector<std::string> key_names_of(std::string_view table);

/// Whether `name` is a table of a point: "producer", "arrivals", ...
bool is_point_table(std::string_view name);

}  // namespace bq::bench
