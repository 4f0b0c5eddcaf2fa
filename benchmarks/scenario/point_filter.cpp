#include "benchmarks/scenario/point_filter.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "benchmarks/scenario/rules.h"
#include "benchmarks/scenario/scenario_file.h"
#include "benchmarks/util/did_you_mean.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/message_text.h"

namespace bq::bench {

namespace {

namespace fs = std::filesystem;

std::string scenario_of(std::string_view point_name) {
  return std::string(point_name.substr(0, point_name.find('/')));
}

[[noreturn]] void fail(const std::string& point_name, const std::string& what) {
  throw UsageError("--point " + shown(point_name, max_sentence_characters) + ": " + what);
}

std::vector<std::string> names_of(const std::vector<Scenario>& scenarios) {
  std::vector<std::string> names;
  for (const Scenario& scenario : scenarios) names.push_back(scenario.name);
  return names;
}

std::vector<std::string> names_of(const std::vector<Point>& points) {
  std::vector<std::string> names;
  for (const Point& point : points) names.push_back(point.name);
  return names;
}

void check_point(const std::string& name, const std::vector<Scenario>& scenarios) {
  const std::string wanted = scenario_of(name);
  const auto scenario = std::find_if(scenarios.begin(), scenarios.end(),
                                     [&](const Scenario& each) { return each.name == wanted; });
  if (scenario == scenarios.end()) {
    fail(name, "--scenario selects no scenario '" + shown(wanted) + "'; the nearest are " +
                   closest_names(wanted, names_of(scenarios)) +
                   ": correct the name, or leave out --scenario");
  }
  const std::vector<std::string> known = names_of(scenario->points);
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  fail(name, "there is no such point; the nearest are " + closest_names(name, known) +
                 " (./scripts/bench --scenario " + shown(scenario->file, max_shown_path) +
                 " --list shows all)");
}

}  // namespace

std::vector<std::string> files_of_points(const std::vector<std::string>& names,
                                         const fs::path& root) {
  std::vector<fs::path> files;
  try {
    files = scenario_files(root);
  } catch (const fs::filesystem_error& failure) {
    throw UsageError("--scenarios-dir " + shown(root.string(), max_shown_path) + ": " +
                     failure.code().message() + ": check the path and its permissions");
  }
  std::vector<std::string> known;
  for (const fs::path& file : files) known.push_back(file.stem().string());

  std::vector<std::string> wanted;
  for (const std::string& name : names) {
    const std::string scenario = scenario_of(name);
    const auto is_its_file = [&](const fs::path& file) { return file.stem() == scenario; };
    const auto file = std::find_if(files.begin(), files.end(), is_its_file);
    if (file == files.end()) {
      const std::string nearest =
          known.empty() ? "" : "; the nearest are " + closest_names(scenario, known);
      fail(name, "there is no scenario '" + shown(scenario) + "' below " +
                     shown(root.string(), max_shown_path) + nearest +
                     " (./scripts/bench --list shows points; name a file with --scenario)");
    }
    if (const auto other = std::find_if(file + 1, files.end(), is_its_file); other != files.end())
      fail(name, "could be of " + file->string() + " or " + other->string() +
                     ": name one with --scenario");
    if (std::find(wanted.begin(), wanted.end(), file->string()) == wanted.end())
      wanted.push_back(file->string());
  }
  return wanted;
}

void keep_points(const std::vector<std::string>& names, std::vector<Scenario>& scenarios) {
  if (names.empty()) return;
  for (const std::string& name : names) check_point(name, scenarios);
  const std::set<std::string> kept(names.begin(), names.end());
  const auto is_left_out = [&](const std::string& name) { return !kept.contains(name); };
  for (Scenario& scenario : scenarios) {
    std::erase_if(scenario.points, [&](const Point& point) { return is_left_out(point.name); });
    std::erase_if(scenario.claims, [&](const Claim& claim) {
      return std::any_of(claim.points.begin(), claim.points.end(), is_left_out) ||
             std::any_of(claim.than_points.begin(), claim.than_points.end(), is_left_out);
    });
  }
  std::erase_if(scenarios, [](const Scenario& scenario) { return scenario.points.empty(); });
}

}  // namespace bq::bench
