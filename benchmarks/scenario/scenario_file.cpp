#include "benchmarks/scenario/scenario_file.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

#include "benchmarks/scenario/claim_parser.h"
#include "benchmarks/scenario/combination.h"
#include "benchmarks/scenario/counters.h"
#include "benchmarks/scenario/keys.h"
#include "benchmarks/scenario/point_parser.h"
#include "benchmarks/scenario/rules.h"
#include "benchmarks/util/did_you_mean.h"

namespace bq::bench {

namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

// ---------------------------------------------------------------------- unknown and misplaced keys

// mean_us, mean, mean_milliseconds -> mean_ns: the same word with another unit or none. `path`: the
// names of an unknown key, joined by dots.
std::string hint_for(std::string_view path) {
  const auto stem = [](std::string_view text) { return text.substr(0, text.rfind('_')); };
  std::vector<std::string> names;
  for (const Key& key : keys()) {
    const std::string known = key.path();
    if (known == path) {
      return "unknown, as a dot in quotes is part of the name: write it without the quotes: "s +
             known + ", or in a table: [" + key.table + "]";
    }
    if (stem(known) == stem(path) || stem(known) == path) {
      return "unknown; did you mean '"s + known + "' (the unit is part of the name)?";
    }
    names.push_back(known);
  }
  return "unknown; the nearest are " + closest_names(path, names) +
         " (queue_bench --schema lists all keys)";
}

void check_tables(const TomlDiagnostics& diagnostics, const toml::node& node,
                  const std::string& name) {
  const toml::array* tables = node.as_array();
  if (!tables || tables->empty() || !tables->is_array_of_tables()) {
    diagnostics.fail(node, name, "must be tables: [[" + name + "]]");
  }
}

void check_key(const TomlDiagnostics& diagnostics, const toml::node& node, const Key& key,
               bool in_case) {
  const std::string path = key.path();
  if (in_case && !key.in_case)
    diagnostics.fail(node, path, "belongs at the top of the file, not in a case");
  if (key.type == "tables") return check_tables(diagnostics, node, path);
  if (node.is_array() && !key.swept && key.type != "list of names") {
    diagnostics.fail(node, path, "takes one value, not a list");
  }
  if (node.is_array() && node.as_array()->empty())
    diagnostics.fail(node, path, "the list is empty");
  if (node.is_table()) diagnostics.fail(node, path, "takes a value, not a table");
}

// Every key of `table` and below must be in the language. `name`: empty for the file and its cases.
void check_keys(const TomlDiagnostics& diagnostics, const toml::table& table,
                const std::string& name, bool in_case) {
  for (const auto& [key_of_node, node] : table) {
    const std::string_view leaf = key_of_node.str();
    const std::string path = (name.empty() ? "" : name + ".") + toml_name(leaf);
    if (name.empty() && is_point_table(leaf)) {
      if (!node.is_table()) diagnostics.fail(node, path, "must be a table: [" + path + "]");
      check_keys(diagnostics, *node.as_table(), path, in_case);
    } else if (in_case && name.empty() && leaf == "name") {
      if (!node.is_string()) diagnostics.fail(node, path, "must be a string");
    } else if (const Key* key = find_key(name, leaf)) {
      check_key(diagnostics, node, *key, in_case);
    } else {
      diagnostics.fail(node, path, hint_for((name.empty() ? "" : name + ".") + std::string(leaf)));
    }
  }
}

// ---------------------------------------------------------------------------- keys of the scenario

std::vector<std::string> read_names(const TomlDiagnostics& diagnostics, const toml::table& table,
                                    std::size_t& line) {
  std::vector<std::string> names;
  const toml::node* node = table.get("queues");
  if (!node) return names;
  line = node->source().begin.line;
  const toml::array* list = node->as_array();
  if (!list) diagnostics.fail(*node, "queues", "must be a list of names");
  for (const toml::node& name : *list) {
    if (!name.is_string()) diagnostics.fail(name, "queues", "must be a list of names");
    names.push_back(name.as_string()->get());
  }
  return names;
}

std::string require_text(const TomlDiagnostics& diagnostics, const toml::table& table,
                         const char* key) {
  const toml::node* node = table.get(key);
  if (!node) diagnostics.fail(0, key, "missing: every scenario states it in plain words");
  const auto text = node->value_exact<std::string>();
  if (!text || text->empty()) diagnostics.fail(*node, key, "must be a sentence");
  return *text;
}

std::vector<EarlierExpect> read_earlier_expects(const TomlDiagnostics& diagnostics,
                                                const toml::table& file) {
  const toml::node* node = file.get("earlier_expect");
  if (!node) return {};
  const std::vector<std::string> known = key_names_of("earlier_expect");
  std::vector<EarlierExpect> earlier;
  for (const toml::node& entry : *node->as_array()) {
    const toml::table& table = *entry.as_table();
    for (const auto& [name, value] : table) {
      if (std::find(known.begin(), known.end(), name.str()) != known.end()) continue;
      diagnostics.fail(value, "earlier_expect." + toml_name(name),
                       "unknown; the keys are until, text, why");
    }
    const auto text = [&](const char* key) {
      const toml::node* text_node = table.get(key);
      const std::string path = "earlier_expect."s + key;
      if (!text_node)
        diagnostics.fail(table, path, "missing: every [[earlier_expect]] has until, text and why");
      const auto value = text_node->value_exact<std::string>();
      if (!value || value->empty()) diagnostics.fail(*text_node, path, "must be a sentence");
      return *value;
    };
    const toml::node* until = table.get("until");
    if (!until)
      diagnostics.fail(table, "earlier_expect.until",
                       "missing: every [[earlier_expect]] has until, text and why");
    const auto day = until->value_exact<toml::date>();
    if (!day)
      diagnostics.fail(*until, "earlier_expect.until",
                       "must be a date without quotes, such as 2026-11-28");
    std::ostringstream date;
    date << *day;
    earlier.push_back({date.str(), text("text"), text("why")});
  }
  return earlier;
}

const Counter* read_judge(const TomlDiagnostics& diagnostics, const toml::node& node) {
  const auto name = node.value_exact<std::string>();
  if (!name) diagnostics.fail(node, "judged_by", "must be the name of a counter");
  check_counter(diagnostics, node, "judged_by", *name);
  const Counter* counter = find_counter(*name);
  if (counter->better == Better::neither) {
    diagnostics.fail(node, "judged_by",
                     "'" + *name + "' ranks nothing: neither more nor less of it is better");
  }
  return counter;
}

// Every combination of every case; of the file alone, if it has no case.
std::vector<Point> read_points(const TomlDiagnostics& diagnostics, const toml::table& table,
                               const std::string& scenario) {
  std::vector<std::pair<std::string, const toml::table*>> cases;
  if (const toml::array* overlays = table.get_as<toml::array>("case")) {
    for (const toml::node& node : *overlays) {
      const toml::table& overlay = *node.as_table();
      check_keys(diagnostics, overlay, "", true);
      const auto name = overlay.get("name");
      if (!name) diagnostics.fail(overlay, "name", "missing: every case has one");
      cases.emplace_back(name->as_string()->get(), &overlay);
    }
  } else {
    cases.emplace_back("", nullptr);
  }

  std::vector<Point> points;
  std::set<std::string> names;
  for (const auto& [case_name, overlay] : cases) {
    Combination combination(diagnostics, table, overlay);
    if (combination.count() + points.size() > max_points) {
      diagnostics.fail(combination.line(), "",
                       "more than " + std::to_string(max_points) + " points: sweep less");
    }
    do {
      points.push_back(read_point(combination, scenario, case_name));
      if (!names.insert(points.back().name).second) {
        diagnostics.fail(
            combination.line(), "",
            "the point " + points.back().name + " comes twice: a list repeats a value");
      }
    } while (combination.advance());
  }
  return points;
}

}  // namespace

Scenario load_scenario(const fs::path& file) {
  const TomlDiagnostics diagnostics{file};
  std::error_code error;
  if (!fs::is_regular_file(file, error)) diagnostics.fail(0, "", "no such scenario file");
  std::ifstream stream(file);
  if (!stream) diagnostics.fail(0, "", "cannot be read (check its permissions)");
  std::ostringstream text;
  text << stream.rdbuf();

  toml::table table;
  try {
    table = toml::parse(text.str(), file.string());
  } catch (const toml::parse_error& failure) {
    diagnostics.fail(failure.source().begin.line, "",
                     "not valid TOML: " + std::string(failure.description()));
  }
  check_keys(diagnostics, table, "", false);

  Scenario scenario;
  scenario.name = file.stem().string();
  if (scenario.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") !=
      std::string::npos) {
    diagnostics.fail(0, "", "a scenario's file name is made of a-z, 0-9 and _");
  }
  scenario.file = file.string();
  scenario.question = require_text(diagnostics, table, "question");
  scenario.expect = require_text(diagnostics, table, "expect");
  scenario.earlier_expect = read_earlier_expects(diagnostics, table);
  scenario.queues = read_names(diagnostics, table, scenario.queues_line);
  const Combination top(diagnostics, table, nullptr);
  if (const toml::node* rank = table.get("rank")) {
    if (!rank->is_boolean()) diagnostics.fail(*rank, "rank", "must be true or false");
    scenario.rank = rank->as_boolean()->get();
  }
  if (const toml::node* judged_by = table.get("judged_by"))
    scenario.judged_by = read_judge(diagnostics, *judged_by);
  scenario.rounds = static_cast<std::size_t>(
      top.read_count("rounds", 1, most_rounds).value_or(static_cast<std::int64_t>(default_rounds)));

  scenario.points = read_points(diagnostics, table, scenario.name);
  scenario.claims = read_claims(diagnostics, table, scenario.points);
  return scenario;
}

std::vector<Scenario> load_scenarios(const std::vector<std::string>& arguments,
                                     const fs::path& root) {
  std::vector<fs::path> files;
  const auto add_folder = [&](const fs::path& folder) {
    const std::size_t before = files.size();
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".toml") files.push_back(entry.path());
    }
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
    if (files.size() == before) throw UsageError(folder.string() + ": holds no scenario (*.toml)");
  };
  const auto add = [&](const std::string& argument) {
    // A plain name means ours.
    if (fs::is_directory(root / argument)) return add_folder(root / argument);
    std::vector<fs::path> named;
    if (fs::is_directory(root)) {
      for (const auto& entry : fs::recursive_directory_iterator(root)) {
        if (entry.path().extension() == ".toml" && entry.path().stem() == argument)
          named.push_back(entry.path());
      }
    }
    if (named.size() == 1) return files.push_back(named.front());
    if (named.size() > 1) {
      throw UsageError("--scenario " + argument + ": could be " + named[0].string() + " or " +
                       named[1].string());
    }
    if (fs::is_directory(argument)) return add_folder(argument);
    if (fs::exists(argument)) return files.push_back(argument);
    throw UsageError("--scenario " + argument + ": no such file, folder or scenario below " +
                     root.string() + " (--list shows them)");
  };
  try {
    for (const std::string& argument :
         arguments.empty() ? std::vector<std::string>{"curated"} : arguments)
      add(argument);
  } catch (const fs::filesystem_error& failure) {
    throw UsageError(std::string("--scenario: ") + failure.what());
  }

  std::vector<Scenario> scenarios;
  std::map<std::string, std::string> seen;
  for (const fs::path& file : files) {
    const auto [where, fresh] = seen.emplace(file.stem().string(), file.string());
    if (!fresh) {
      throw UsageError(file.string() + ": the scenario '" + where->first +
                       "' is selected twice (also " + where->second + ")");
    }
    scenarios.push_back(load_scenario(file));
  }
  return scenarios;
}

}  // namespace bq::bench
