#include "benchmarks/run/selection.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include "benchmarks/platform/host_info.h"
#include "benchmarks/scenario/point_filter.h"
#include "benchmarks/scenario/scenario_file.h"
#include "benchmarks/trial/trial_environment.h"
#include "benchmarks/util/did_you_mean.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/message_text.h"
#include "benchmarks/util/name_filter.h"

namespace bq::bench {

namespace {

constexpr const char* default_queues = "default";  // in a scenario's list: the default line-up

std::string cell_name(const Point& point, const QueueEntry& queue) {
  return point.scenario + "/" + queue.name + point.name.substr(point.scenario.size());
}

NameFilter filter_of(const std::string& queue_regex) {
  return NameFilter("--queue", queue_regex);
}

void check_queue_regex(const std::string& queue_regex) {
  const NameFilter filter = filter_of(queue_regex);
  const auto& all = registered_queues();
  if (std::none_of(all.begin(), all.end(),
                   [&](const QueueEntry& queue) { return filter.matches(queue.name); })) {
    throw UsageError("--queue " + shown(queue_regex) +
                     ": no queue of that name (--queues lists them)");
  }
}

// Each queue that the scenario lists must exist and fit one of its points.
void check_listed_queues(const Scenario& scenario) {
  const auto fail = [&](const std::string& what) {
    throw UsageError(scenario.file + ":" + std::to_string(scenario.queues_line) +
                     ": key 'queues': " + what);
  };
  for (const std::string& name : scenario.queues) {
    if (name == default_queues) continue;
    const QueueEntry* queue = find_queue(name);
    if (!queue) fail("there is no queue '" + shown(name) + "' (--queues lists them)");
    std::optional<std::string> reason;
    for (const Point& point : scenario.points) {
      reason = unfit_reason(*queue, point);
      if (!reason) break;
    }
    if (reason) fail("'" + name + "' " + *reason);
  }
}

// Each queue that a claim names must be one of the scenario's.
void check_claimed_queues(const Scenario& scenario, const Claim& claim) {
  const auto check = [&](std::size_t line, const std::string& key, const std::string& name) {
    std::vector<std::string> known = scenario.queues;
    if (known.empty() || std::erase(known, default_queues)) {
      for (const QueueEntry& queue : registered_queues()) known.push_back(queue.name);
    }
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const std::string what = find_queue(name)
                                 ? "'" + name + "' is not among the scenario's queues"
                                 : "there is no queue '" + shown(name) + "' (--queues lists them)";
    throw UsageError(scenario.file + ":" + std::to_string(line) + ": key 'claim." + key +
                     "': " + what + "; the nearest are " + closest_names(name, known));
  };
  for (const std::string& name : claim.queues) check(claim.queue_line, "queue", name);
  if (!claim.than.empty()) check(claim.than_line, "than", claim.than);
}

// In decimal units, three digits: 512 B, 3.14 MB.
std::string text_of_bytes(double bytes) {
  constexpr std::array units{"B", "kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  for (; bytes >= 999.5 && unit + 1 < units.size(); ++unit) bytes /= 1000;
  std::ostringstream text;
  text.precision(3);
  text << bytes << ' ' << units[unit];
  return text.str();
}

// Every trial fills a bounded queue before it begins. `free_bytes`: unknown, if absent.
void check_memory(const Scenario& scenario, const Point& point,
                  const std::optional<double>& free_bytes) {
  const auto least_bytes = static_cast<double>(point.full_bytes());
  if (!free_bytes || least_bytes <= *free_bytes) return;
  const std::string queues =
      point.queues() > 1 ? std::to_string(point.queues()) + " queues of " : "";
  throw UsageError(scenario.file + ":" + std::to_string(point.capacity_line) +
                   ": key 'capacity': " + queues + std::to_string(point.capacity) +
                   " messages of " + std::to_string(point.message_bytes) + " bytes take at least " +
                   text_of_bytes(least_bytes) + " of memory, and " + text_of_bytes(*free_bytes) +
                   " are free: less capacity, or smaller message_bytes");
}

// Each thread has a working set of its own. `free_bytes`: unknown, if absent.
void check_working_sets(const Scenario& scenario, const Point& point,
                        const std::optional<double>& free_bytes) {
  const auto all_bytes = static_cast<double>(point.working_sets_bytes());
  if (!free_bytes || all_bytes <= *free_bytes) return;
  const auto [side, work] =
      point.producer.working_set_bytes > 0   ? std::pair{"producer", &point.producer}
      : point.consumer.working_set_bytes > 0 ? std::pair{"consumer", &point.consumer}
                                             : std::pair{"stage", &point.stage};
  throw UsageError(scenario.file + ":" + std::to_string(work->working_set_line) + ": key '" + side +
                   ".working_set_bytes': the working sets of all threads take " +
                   text_of_bytes(all_bytes) + " of memory, and " + text_of_bytes(*free_bytes) +
                   " are free: smaller ones, or fewer threads");
}

void add_cells(const Scenario& scenario, const SelectionOptions& options,
               const std::optional<double>& free_bytes, Selection& selection) {
  const std::vector<std::string> names = queues_of(scenario, options);
  for (const Point& point : scenario.points) {
    const std::optional<std::string> unavailable = unavailable_reason(point);
    if (!unavailable) check_working_sets(scenario, point, free_bytes);
    for (const std::string& name : names) {
      const QueueEntry& queue = *find_queue(name);
      const Cell cell{&point, &queue, cell_name(point, queue)};
      if (const auto reason = unavailable ? unavailable : unfit_reason(queue, point)) {
        selection.skipped.push_back({cell, *reason});
      } else {
        selection.cells.push_back(cell);
        if (queue.traits.bound != Bound::none) check_memory(scenario, point, free_bytes);
      }
    }
  }
}

}  // namespace

std::vector<std::string> queues_of(const Scenario& scenario, const SelectionOptions& options) {
  const auto is_listed = [&](const std::string& name) {
    return std::find(scenario.queues.begin(), scenario.queues.end(), name) != scenario.queues.end();
  };
  const bool takes_default = scenario.queues.empty() || is_listed(default_queues);
  const bool takes_extra = options.all || !options.queue_regex.empty();
  const NameFilter filter = filter_of(options.queue_regex);
  std::vector<std::string> names;
  for (const QueueEntry& queue : registered_queues()) {
    const bool in_line_up =
        queue.line_up == LineUp::by_default || (queue.line_up == LineUp::extra && takes_extra);
    const bool offered =
        is_listed(queue.name) || (takes_default && in_line_up) || queue.line_up == LineUp::outside;
    const bool matches = filter.matches(queue.name);
    // A pattern that contains the full name selects the queue even where the scenario does not list
    // it.
    const bool spelt_out = matches && options.queue_regex.find(queue.name) != std::string::npos;
    if (spelt_out || (offered && matches)) names.push_back(queue.name);
  }
  return names;
}

Selection select(const SelectionOptions& options) {
  check_queue_regex(options.queue_regex);
  Selection selection;
  const bool points_name_scenarios = options.scenarios.empty() && !options.points.empty();
  selection.scenarios =
      load_scenarios(points_name_scenarios ? files_of_points(options.points, options.scenarios_dir)
                                           : options.scenarios,
                     options.scenarios_dir);
  for (const Scenario& scenario : selection.scenarios) {
    check_listed_queues(scenario);
    for (const Claim& claim : scenario.claims) check_claimed_queues(scenario, claim);
  }
  // Only now: a listed queue must fit one of all points, not one of those that are kept.
  keep_points(options.points, selection.scenarios);
  const std::optional<double> free_bytes = available_memory_bytes();
  for (const Scenario& scenario : selection.scenarios)
    add_cells(scenario, options, free_bytes, selection);
  if (!selection.cells.empty()) return selection;
  std::string reasons;
  for (const SkippedCell& skip : selection.skipped)
    reasons += "; " + skip.cell.queue->name + " " + skip.reason;
  throw UsageError("nothing to measure: no queue fits --scenario, --point and --queue" + reasons);
}

}  // namespace bq::bench
