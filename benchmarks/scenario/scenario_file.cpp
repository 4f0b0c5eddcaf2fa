#include "benchmarks/scenario/scenario_file.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "benchmarks/scenario/claim_parser.h"
#include "benchmarks/scenario/combination.h"
#include "benchmarks/scenario/counters.h"
#include "benchmarks/scenario/keys.h"
#include "benchmarks/scenario/point_parser.h"
#include "benchmarks/scenario/rules.h"
#include "benchmarks/scenario/text_reader.h"
#include "benchmarks/scenario/trace_files.h"
#include "benchmarks/util/did_you_mean.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/message_text.h"
#include "benchmarks/util/text_file.h"

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
      read_name(diagnostics, node, path, "a string");
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
  check_length(diagnostics, *node, "queues", max_listed_queues);
  for (const toml::node& name : *list)
    names.push_back(read_name(diagnostics, name, "queues", "a list of names"));
  return names;
}

// `example`: a text that the key could have.
std::string require_text(const TomlDiagnostics& diagnostics, const toml::table& table,
                         const char* key, std::size_t most, Lines lines, const char* example) {
  const toml::node* node = table.get(key);
  if (!node) {
    diagnostics.fail(0, key,
                     "missing: every scenario states it in plain words; add a line such as "s +
                         key + " = \"" + example + "\"");
  }
  return read_text(diagnostics, *node, key, most, "a sentence", lines);
}

std::vector<EarlierExpect> read_earlier_expects(const TomlDiagnostics& diagnostics,
                                                const toml::table& file) {
  const toml::node* node = file.get("earlier_expect");
  if (!node) return {};
  const std::vector<std::string> known = key_names_of("earlier_expect");
  check_length(diagnostics, *node, "earlier_expect", max_tables);
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
      return read_text(diagnostics, *text_node, path, max_text_characters, "a sentence",
                       Lines::several);
    };
    const toml::node* until = table.get("until");
    if (!until)
      diagnostics.fail(table, "earlier_expect.until",
                       "missing: every [[earlier_expect]] has until, text and why");
    std::string day = read_date(diagnostics, *until, "earlier_expect.until");
    earlier.push_back({std::move(day), text("text"), text("why")});
  }
  return earlier;
}

const Counter* read_judge(const TomlDiagnostics& diagnostics, const toml::node& node) {
  const std::string name = read_name(diagnostics, node, "judged_by", "the name of a counter");
  check_counter(diagnostics, node, "judged_by", name);
  const Counter* counter = find_counter(name);
  if (counter->better == Better::neither) {
    diagnostics.fail(node, "judged_by",
                     "'" + name + "' ranks nothing: neither more nor less of it is better");
  }
  return counter;
}

using Case = std::pair<std::string, const toml::table*>;

// A nameless one without a table, where the file has none.
std::vector<Case> read_cases(const TomlDiagnostics& diagnostics, const toml::table& file) {
  const toml::array* overlays = file.get_as<toml::array>("case");
  if (!overlays) return {{"", nullptr}};
  check_length(diagnostics, *overlays, "case", max_points);
  std::vector<Case> cases;
  std::set<std::string> names;
  for (const toml::node& node : *overlays) {
    const toml::table& overlay = *node.as_table();
    check_keys(diagnostics, overlay, "", true);
    const toml::node* name = overlay.get("name");
    if (!name) diagnostics.fail(overlay, "name", "missing: every case has one");
    cases.emplace_back(name->as_string()->get(), &overlay);
    if (!names.insert(cases.back().first).second) {
      diagnostics.fail(*name, "name",
                       "two cases are named '" + cases.back().first + "': rename one");
    }
  }
  return cases;
}

void check_count(const TomlDiagnostics& diagnostics, const Combination& combination,
                 std::size_t points_before) {
  if (combination.count() <= max_points - points_before) return;
  const std::string limit = "more than " + std::to_string(max_points) + " points, the limit";
  const std::string lists = combination.sweep_text();
  diagnostics.fail(combination.sweep_line(), lists.substr(0, lists.find(' ')),
                   points_before == 0 ? "the lists make " + limit + ": shorten " + lists
                                      : "the cases make " + limit + " of all of them together" +
                                            (lists.empty() ? "" : ": shorten " + lists) +
                                            ", or split the scenario");
}

// Every combination of every case; of the file alone, if it has no case.
std::vector<Point> read_points(const TomlDiagnostics& diagnostics, const toml::table& table,
                               const std::string& scenario, TraceFiles& traces) {
  std::vector<Point> points;
  std::set<std::string> names;
  for (const auto& [case_name, overlay] : read_cases(diagnostics, table)) {
    Combination combination(diagnostics, table, overlay, traces);
    check_count(diagnostics, combination, points.size());
    combination.check_repeats();
    do {
      points.push_back(read_point(combination, scenario, case_name));
      if (!names.insert(points.back().name).second) {
        diagnostics.fail(combination.line(), "name",
                         "the point " + shown(points.back().name, max_sentence_characters) +
                             " comes twice: rename the case");
      }
    } while (combination.advance());
  }
  return points;
}

// ------------------------------------------------------------------------------------------- files

void check_file_name(const TomlDiagnostics& diagnostics, const std::string& name) {
  if (!is_utf8(diagnostics.file.string()))
    diagnostics.fail(0, "", "the path is not UTF-8: rename the folder or the file");
  if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
    diagnostics.fail(0, "", "a scenario's file name is made of a-z, 0-9 and _");
  if (name.size() > max_name_characters) {
    diagnostics.fail(0, "",
                     "the name is longer than " + std::to_string(max_name_characters) +
                         " characters, the limit: rename the file");
  }
}

toml::table parse_file(const TomlDiagnostics& diagnostics) {
  const FileText file = read_text_file(diagnostics.file, max_scenario_bytes);
  if (!file.error.empty()) diagnostics.fail(0, "", file.error);
  const auto dots = static_cast<std::size_t>(std::count(file.text.begin(), file.text.end(), '.'));
  if (dots > max_scenario_dots) {
    diagnostics.fail(0, "",
                     "holds " + std::to_string(dots) + " dots, which may nest keys too deeply; " +
                         "the limit is " + std::to_string(max_scenario_dots) + ": split it");
  }
  try {
    return toml::parse(file.text, diagnostics.file.string());
  } catch (const toml::parse_error& failure) {
    diagnostics.fail(failure.source().begin.line, "",
                     "not valid TOML: " + shown(failure.description(), max_sentence_characters));
  }
}

}  // namespace

Scenario load_scenario(const fs::path& file) {
  const TomlDiagnostics diagnostics{file};
  const std::string name = file.stem().string();
  check_file_name(diagnostics, name);
  const toml::table table = parse_file(diagnostics);
  check_keys(diagnostics, table, "", false);

  Scenario scenario;
  scenario.name = name;
  scenario.file = file.string();
  scenario.question = require_text(diagnostics, table, "question", max_sentence_characters,
                                   Lines::one, "What does capacity 1 cost?");
  scenario.expect = require_text(diagnostics, table, "expect", max_text_characters, Lines::several,
                                 "Queues that spin lose the least.");
  scenario.earlier_expect = read_earlier_expects(diagnostics, table);
  scenario.queues = read_names(diagnostics, table, scenario.queues_line);
  TraceFiles traces(file.parent_path());
  const Combination top(diagnostics, table, nullptr, traces);
  if (const toml::node* rank = table.get("rank")) {
    if (!rank->is_boolean()) diagnostics.fail(*rank, "rank", "must be true or false");
    scenario.rank = rank->as_boolean()->get();
  }
  if (const toml::node* judged_by = table.get("judged_by"))
    scenario.judged_by = read_judge(diagnostics, *judged_by);
  scenario.rounds = static_cast<std::size_t>(
      top.read_count("rounds", 1, most_rounds).value_or(static_cast<std::int64_t>(default_rounds)));

  scenario.points = read_points(diagnostics, table, scenario.name, traces);
  scenario.claims = read_claims(diagnostics, table, scenario.points);
  return scenario;
}

namespace {

void add_folder(const fs::path& folder, std::vector<fs::path>& files) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".toml") found.push_back(entry.path());
  }
  if (found.empty())
    throw UsageError(shown(folder.string(), max_shown_path) + ": holds no scenario (*.toml)");
  std::sort(found.begin(), found.end());
  files.insert(files.end(), found.begin(), found.end());
}

// Paths below `root`.
std::vector<fs::path> files_named(const std::string& name, const fs::path& root) {
  std::vector<fs::path> files = scenario_files(root);
  std::erase_if(files, [&](const fs::path& file) { return file.stem() != name; });
  return files;
}

// What one --scenario names.
void add_scenarios(const std::string& argument, const fs::path& root,
                   std::vector<fs::path>& files) {
  const std::string option = "--scenario " + shown(argument, max_shown_path) + ": ";
  if (argument.empty()) throw UsageError(option + "names nothing: give a name, a folder or a file");
  try {
    // A plain name means ours.
    if (fs::is_directory(root / argument)) return add_folder(root / argument, files);
    const std::vector<fs::path> named = files_named(argument, root);
    if (named.size() == 1) return files.push_back(named.front());
    if (named.size() > 1)
      throw UsageError(option + "could be " + named[0].string() + " or " + named[1].string());
    if (fs::is_directory(argument)) return add_folder(argument, files);
    if (fs::exists(argument)) return files.push_back(argument);
  } catch (const fs::filesystem_error& failure) {
    throw UsageError(option + failure.code().message() + ": check the path and its permissions");
  }
  const std::string where = shown(root.string(), max_shown_path);
  if (!fs::is_directory(root))
    throw UsageError(option + "no such file or folder, and the folder of scenarios, " + where +
                     ", does not exist (see --scenarios-dir)");
  throw UsageError(option + "no such file, folder or scenario below " + where +
                   " (--list shows them)");
}

}  // namespace

std::vector<fs::path> scenario_files(const fs::path& root) {
  std::vector<fs::path> files;
  if (!fs::is_directory(root)) return files;
  for (const auto& entry :
       fs::recursive_directory_iterator(root, fs::directory_options::skip_permission_denied)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  return files;
}

std::vector<Scenario> load_scenarios(const std::vector<std::string>& arguments,
                                     const fs::path& root) {
  std::vector<fs::path> files;
  for (const std::string& argument :
       arguments.empty() ? std::vector<std::string>{"curated"} : arguments)
    add_scenarios(argument, root, files);
  if (files.size() > max_scenario_files) {
    throw UsageError("--scenario: " + std::to_string(files.size()) +
                     " scenarios are selected; the limit is " + std::to_string(max_scenario_files) +
                     ": name fewer");
  }

  std::vector<Scenario> scenarios;
  std::map<std::string, std::string> seen;
  for (const fs::path& file : files) {
    const auto [where, fresh] = seen.emplace(file.stem().string(), file.string());
    if (!fresh) {
      throw UsageError(shown(file.string(), max_shown_path) + ": the scenario '" + where->first +
                       "' is selected twice (also " + where->second + ")");
    }
    scenarios.push_back(load_scenario(file));
  }
  return scenarios;
}

}  // namespace bq::bench
