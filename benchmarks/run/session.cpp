#include "benchmarks/run/session.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <random>
#include <sstream>
#include <string_view>
#include <utility>

#include "benchmarks/platform/clock.h"
#include "benchmarks/platform/syscall_counter.h"
#include "benchmarks/registry/owned_queue.h"
#include "benchmarks/registry/queue_labels.h"
#include "benchmarks/run/machine_baselines.h"
#include "benchmarks/run/pilot.h"
#include "benchmarks/run/result_rows.h"
#include "benchmarks/run/run_description.h"
#include "benchmarks/run/spin_limit.h"
#include "benchmarks/scenario/rules.h"
#include "benchmarks/scenario/serialization.h"
#include "benchmarks/trial/capacities.h"
#include "benchmarks/trial/placement.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/hash.h"
#include "benchmarks/util/message_text.h"
#include "benchmarks/util/statistics.h"
#include "benchmarks/util/text_file.h"
#include "queues/sync.h"

namespace bq::bench {

namespace {

constexpr double warmup_ns = 5e6;
constexpr std::size_t max_only_bytes = 100'000'000;  // of the file of --only
// A timestamped cell is repeated untimed in one round of so many, to measure the cost of the
// timestamps: more often where the work is short, since a loss there may be no larger.
constexpr std::size_t probe_effect_period = 12;
constexpr std::size_t probe_effect_period_of_short_work = 3;
constexpr double short_work_ns = 5'000;
// In the timestamped trial that verifies an untimed cell.
constexpr std::size_t most_messages_to_verify = 2'000'000;

std::int64_t wall_ns_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count();
}

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

// {role: ns} of the roles that take steps.
Json step_costs_json(const Point& point, const StepCosts& costs) {
  Json json = Json::object();
  const auto add = [&](const char* role, const Work& work, double step_ns) {
    if (takes_steps(work.kind)) json[role] = step_ns;
  };
  add("producer", point.producer, costs.producer_ns);
  add("stage", point.stage, costs.stage_ns);
  add("consumer", point.consumer, costs.consumer_ns);
  return json;
}

Json skip_row(const Cell& cell, const std::string& reason) {
  return {{"kind", "skip"},
          {"cell", cell.name},
          {"point", cell.point->name},
          {"queue", cell.queue->name},
          {"reason", reason}};
}

}  // namespace

Session::Session(SessionOptions options)
    : options_(std::move(options)),
      selection_(select(options_)),
      watchdog_(milliseconds_of(options_.hang_after_s), static_cast<int>(ExitStatus::hung),
                [this](const std::string& sentence) { report_hang_(sentence); }),
      runner_(watchdog_) {
  ns_per_tick();  // measured now, not inside the first probe
  read_only_file();
  if (!options_.out.empty()) {
    open_folder();
  } else if (options_.adapt_spin_limits) {
    adapt_spin_limit();
  }
}

void Session::read_only_file() {
  if (options_.only_file.empty()) return;
  const auto fail = [&](const std::string& what) {
    throw UsageError("--only " + shown(options_.only_file, max_shown_path) + ": " + what);
  };
  const FileText file = read_text_file(options_.only_file, max_only_bytes);
  if (!file.error.empty()) fail(file.error);
  std::set<std::string_view> known;
  for (const Scenario& scenario : selection_.scenarios) {
    for (const Point& point : scenario.points) known.insert(point.name);
  }
  std::istringstream lines(file.text);
  for (std::string line; std::getline(lines, line);) {
    if (!known.contains(line)) fail("there is no point '" + shown(line) + "' (--list shows them)");
    only_.insert(line);
  }
  if (only_.empty()) fail("names no point: write one a line");
}

// ------------------------------------------------------------------------------- the result folder

Json Session::run_row() const {
  Json context = context_json(options_.seed);
  std::size_t rounds = 1;
  Json scenarios = Json::object();
  for (const Scenario& scenario : selection_.scenarios) {
    rounds = std::max(rounds, scenario.rounds);
    Json& json = scenarios[scenario.name] = scenario_json(scenario, queues_of(scenario));
    const auto below =
        std::filesystem::path(scenario.file).lexically_relative(options_.scenarios_dir);
    if (!below.empty() && *below.begin() != "..")
      json["file"] = below.string();  // not an absolute path, which would name a home folder
  }
  context["default_rounds"] = rounds;
  if (!options_.note_arguments.empty()) {
    context["arguments"] = Json::parse(options_.note_arguments, nullptr, false);
    if (context["arguments"].is_discarded()) throw UsageError("--note-arguments: not JSON");
  }
  Json queues = Json::object();
  for (const Cell& cell : selection_.cells) queues[cell.queue->name] = queue_labels(*cell.queue);
  for (const SkippedCell& skip : selection_.skipped) {
    queues[skip.cell.queue->name] = queue_labels(*skip.cell.queue);
  }
  return {{"kind", "run"},
          {"schema", schema_version},
          {"context", context},
          {"scenarios", scenarios},
          {"queues", queues}};
}

void Session::open_folder() {
  const std::vector<Json> rows = ResultFolder::read(options_.out);
  Json run = run_row();
  folder_.emplace(options_.out);
  if (rows.empty()) {
    // Once a run, before anything is measured. Runs beside this one would only see each other.
    if (!options_.beside_others) add_busy_cores(run["context"]);
    if (options_.adapt_spin_limits) run["context"].update(adapt_spin_limit());
    write(run);
    write_skips();
    return;
  }
  const Json& old = rows.front();
  const auto refuse = [&](const std::string& what) {
    throw UsageError((options_.out / "trials.jsonl").string() + ": was made " + what +
                     ": start a new run in another folder");
  };
  if (old["kind"] != "run") refuse("without a `run` row");
  if (old["context"].value("binary_id", "") != run["context"]["binary_id"].get<std::string>())
    refuse("by another build of this program");
  if (old["context"].value("seed", std::uint64_t{0}) != options_.seed) refuse("with another seed");
  if (old["scenarios"] != run["scenarios"]) refuse("with other scenarios or queues");
  if (old["context"].contains("spin_limit") != options_.adapt_spin_limits)
    refuse(options_.adapt_spin_limits ? "without --adapt-spin-limits" : "with --adapt-spin-limits");
  if (options_.adapt_spin_limits)  // measured once a run: all its processes spin alike
    StdSync::spin_limit = old["context"]["spin_limit"].get<unsigned>();
  state_.recall(rows, options_.round);
  write_crash();
  write_skips();
}

void Session::write(const Json& row) {
  if (folder_) folder_->append(row);
}

void Session::write_skips() {
  for (const SkippedCell& skip : selection_.skipped) {
    if (state_.skipped.insert(skip.cell.name).second) write(skip_row(skip.cell, skip.reason));
  }
}

// The trial during which the last process died.
void Session::write_crash() {
  if (options_.crash_reason.empty() || !state_.unfinished) return;
  for (const Cell& cell : selection_.cells) {
    if (cell.name != state_.unfinished->cell) continue;
    Json row = trial_row({&cell, state_.unfinished->level}, "error");
    row["message"] = message_line("crashed: " + options_.crash_reason);
    write(row);
    state_.failed.insert(cell.name);
  }
}

Json Session::trial_row(const TrialItem& item, const char* status) const {
  return {{"kind", "trial"},
          {"cell", item.cell->name},
          {"point", item.cell->point->name},
          {"scenario", item.cell->point->scenario},
          {"queue", item.cell->queue->name},
          {"round", options_.round},
          {"order", order_},
          {"level", name_of(item.level)},
          {"status", status}};
}

Json Session::start_row(const TrialItem& item, std::uint64_t round) const {
  return {{"kind", "start"},
          {"cell", item.cell->name},
          {"round", round},
          {"level", name_of(item.level)}};
}

// ---------------------------------------------------------------------------------------- failures

void Session::fail_cell(const TrialItem& item, const std::string& message) {
  std::cerr << "queue_bench: " << item.cell->name << ": " << message << std::endl;
  Json row = trial_row(item, "error");
  row["message"] = message_line(message);  // a queue may say anything
  write(row);
  state_.failed.insert(item.cell->name);
}

// Each hang costs the watchdog's time limit: a queue that hung in one cell runs in no other one.
void Session::fail_cells_of_hung_queues() {
  for (const Cell& cell : selection_.cells) {
    const auto hung = state_.hung_queues.find(cell.queue->name);
    if (hung == state_.hung_queues.end() || state_.failed.contains(cell.name)) continue;
    fail_cell({&cell, cell.point->level()}, "not run: hung in " + hung->second);
  }
}

// ------------------------------------------------------------------------------------------- pilot

TrialResult Session::run_trial(const TrialItem& item, TrialSize size, bool counts_syscalls) {
  report_hang_ = [this, item](const std::string& sentence) {
    std::cerr << "queue_bench: " << item.cell->name << ": " << sentence << std::endl;
    Json row = trial_row(item, "error");
    row["message"] = message_line(sentence);
    row["hung"] = true;
    write(row);
  };
  TrialRequest request{*item.cell->point, *item.cell->queue, item.level, size};
  request.seed = options_.seed;
  request.round = options_.round;
  request.step_costs = probe_.step_costs;
  request.handoff_ns = handoff_ns_;
  request.counts_syscalls = counts_syscalls;
  request.core_order = core_order();
  return runner_.run(request);
}

void Session::pilot() {
  fail_cells_of_hung_queues();
  std::string_view calibrated;  // point
  for (const Cell& cell : selection_.cells) {
    if (!is_selected(*cell.point) || state_.sizes.contains(cell.name) || is_excluded(cell))
      continue;
    const Point& point = *cell.point;
    if (point.name != std::exchange(calibrated, point.name)) probe_ = probe_cores(point);
    size_cell(cell);
  }
  count_syscalls();
}

// Afterwards the cell has a size, or is out.
void Session::size_cell(const Cell& cell) {
  Point point = *cell.point;
  point.capacity = nearest_capacity(cell.queue->traits, point.capacity).value();
  const bool has_other_capacity = point.capacity != cell.point->capacity;
  const TrialItem item{&cell, point.level()};
  write(start_row(item, 0));
  const auto start = std::chrono::steady_clock::now();
  const PilotSettings settings{warmup_ns, least_window_ns(point, core_count(point))};
  try {
    const PilotResult pilot = run_pilot(point, cell.queue->traits.bound != Bound::none, settings,
                                        [&](TrialSize size) { return run_trial(item, size); });
    Json row{{"kind", "plan"},
             {"cell", cell.name},
             {"point", point.name},
             {"queue", cell.queue->name},
             {"pilot_ns_per_msg", pilot.ns_per_msg},
             {"messages_per_producer", pilot.size.messages_per_producer},
             {"warmup_messages_per_producer", pilot.size.warmup_per_producer},
             {"wall_ns", wall_ns_since(start)}};
    if (has_other_capacity) row["capacity"] = point.capacity;
    write(row);
    state_.sizes[cell.name] = pilot.size;
  } catch (const Unmeasurable& reason) {
    write(skip_row(cell, reason.what()));
    state_.skipped.insert(cell.name);
  } catch (const QueueFault& fault) {
    fail_cell(item, fault.what());
  }
}

void Session::count_syscalls() {
  const SyscallTracepoint tracepoint;
  if (!tracepoint.works()) return;
  std::string_view calibrated;  // point
  for (const Cell& cell : selection_.cells) {
    if (!is_selected(*cell.point) || state_.syscalls_counted.contains(cell.name) ||
        is_excluded(cell))
      continue;
    const Point& point = *cell.point;
    if (point.name != std::exchange(calibrated, point.name)) probe_ = probe_cores(point);
    count_syscalls_of(cell);
  }
}

// In a short trial of its own, since counting makes every call slower.
void Session::count_syscalls_of(const Cell& cell) {
  constexpr std::size_t part = 4;  // of the planned messages: enough for a mean
  TrialSize size = state_.sizes.at(cell.name);
  size.messages_per_producer =
      size.warmup_per_producer + (size.messages_per_producer - size.warmup_per_producer) / part + 1;
  const TrialItem item{&cell, cell.point->level()};
  write(start_row(item, 0));
  const TrialResult result = run_trial(item, size, true);
  if (!result.fault.empty()) return fail_cell(item, result.fault);
  Json row{{"kind", "syscalls"},
           {"cell", cell.name},
           {"point", cell.point->name},
           {"queue", cell.queue->name}};
  for (const auto& [name, value] : result.counters) {
    if (name.ends_with("syscalls_per_msg")) row[name] = value;
  }
  if (row.contains("syscalls_per_msg")) write(row);
}

// ------------------------------------------------------------------------------------------ rounds

std::vector<Block> Session::plan_round() {
  fail_cells_of_hung_queues();
  std::vector<Block> blocks;
  for (const Scenario& scenario : selection_.scenarios) {
    for (const Point& point : scenario.points) {
      if (state_.finished_points.contains(point.name) || !is_selected(point)) continue;
      Block block{&point, items_of(point)};
      // Keyed by the point, so that leaving one out does not change the others.
      std::mt19937_64 random(hash_text(point.name, options_.seed) ^ mix64(options_.round));
      std::shuffle(block.items.begin(), block.items.end(), random);
      if (!block.items.empty()) blocks.push_back(std::move(block));
    }
  }
  std::mt19937_64 random(mix64(options_.seed) ^ options_.round);
  std::shuffle(blocks.begin(), blocks.end(), random);
  if (!blocks.empty()) write_baselines();
  return blocks;
}

std::vector<TrialItem> Session::items_of(const Point& point) const {
  std::vector<TrialItem> items;
  const std::size_t period = point.ideal_ns_per_msg() < short_work_ns
                                 ? probe_effect_period_of_short_work
                                 : probe_effect_period;
  // Keyed by the point, as the order of the items is.
  std::uint64_t turn = hash_text(point.name, 0) + options_.round;
  for (const Cell& cell : selection_.cells) {
    if (cell.point != &point) continue;
    const bool shows_probe_effect = turn++ % period == 0;
    if (is_excluded(cell)) continue;
    items.push_back({&cell, point.level()});
    const bool untimed = point.level() == Level::untimed;
    // A race's number stands only if a timestamped trial of the cell passed in the same run.
    if (untimed && !state_.verified.contains(cell.name))
      items.push_back({&cell, Level::timestamped});
    if (!untimed && point.can_be_untimed() && shows_probe_effect)
      items.push_back({&cell, Level::untimed});
  }
  return items;
}

void Session::write_baselines() {
  if (!folder_ || options_.beside_others) return;
  const MachineBaselines baselines = measure_machine_baselines();
  Json row{{"kind", "limits"},
           {"round", options_.round},
           {"park_round_trip_ns", baselines.park_round_trip_ns},
           {"timestamp_ns", baselines.timestamp_ns}};
  if (baselines.spsc_msgs_per_s) row["spsc_msgs_per_s"] = *baselines.spsc_msgs_per_s;
  write(row);
}

void Session::begin(const Block& block) {
  block_start_ = std::chrono::steady_clock::now();
  probe_ = probe_cores(*block.point);
  handoff_ns_ = measure_handoff_ns(*block.point);
  gap_shares_.clear();
  if (folder_) return;
  for (const TrialItem& item : block.items) {  // no process before this one has run a pilot
    if (!is_excluded(*item.cell) && !state_.sizes.contains(item.cell->name)) size_cell(*item.cell);
  }
}

TrialResult Session::run(const TrialItem& item) {
  const Cell& cell = *item.cell;
  TrialResult result;
  if (!is_excluded(cell) && !state_.sizes.contains(cell.name)) size_cell(cell);
  if (state_.failed.contains(cell.name)) {
    result.fault = "failed before in this run";
    return result;
  }
  if (state_.skipped.contains(cell.name)) {
    result.void_reason = "skipped: it has no window to measure";
    return result;
  }
  TrialSize size = state_.sizes.at(cell.name);
  if (item.level == Level::timestamped && cell.point->level() == Level::untimed) {
    const std::size_t most =
        size.warmup_per_producer + most_messages_to_verify / cell.point->producers;
    size.messages_per_producer = std::min(size.messages_per_producer, most);
  }
  ++order_;
  write(start_row(item, options_.round));
  result = run_trial(item, size);
  if (!result.fault.empty()) {
    fail_cell(item, result.fault);
    return result;
  }
  if (!result.void_reason.empty()) {
    Json row = trial_row(item, "void");
    row["message"] = result.void_reason;
    write(row);
    return result;
  }
  if (folder_) {
    const Json key{{"cell", cell.name}, {"round", options_.round}, {"level", name_of(item.level)}};
    folder_->append_details(key, result);
  }
  Json row = trial_row(item, "ok");
  row["messages"] = result.messages;
  row["window_ns"] = rounded(result.window_ns);
  row["ns_per_msg"] = rounded(result.window_ns / static_cast<double>(result.messages));
  row["counters"] = Json::object();
  for (const auto& [name, value] : result.counters) row["counters"][name] = rounded(value);
  write(row);
  note_preemptions(result);
  return result;
}

// Every other round: no role keeps the core that serves the interrupts, or the faster one.
CoreOrder Session::core_order() const {
  return options_.round != 0 && options_.round % 2 == 0 ? CoreOrder::descending
                                                        : CoreOrder::ascending;
}

// Of the threads that work and of those that generate arrivals, the ones that lost more.
void Session::note_preemptions(const TrialResult& result) {
  const auto at_work = result.counter("gap_share");
  const auto generating = result.counter("generator_pause_share");
  if (at_work || generating)
    gap_shares_.push_back(std::max(at_work.value_or(0), generating.value_or(0)));
}

// Why the block's numbers are in doubt; empty if they are not.
std::string Session::disturbance(const CoreProbe& after) const {
  if (!gap_shares_.empty() && median(gap_shares_) > most_gap_share)
    return "threads lost their cores during the trials";
  // By the chain of multiplications. What steps of other work cost depends on what the machine's
  // other guests do to caches and execution units, and changes by a tenth and more in most blocks;
  // losses are counted at the times that the work really took.
  if (std::abs(after.step_costs.spin_ns / probe_.step_costs.spin_ns - 1) > most_speed_drift)
    return "the cores changed speed";
  if (std::min(probe_.cpu_share, after.cpu_share) < least_cpu_share) {
    return "the probe's cores were busy with something else";
  }
  return "";
}

void Session::finish(const Block& block) {
  const CoreProbe after = probe_cores(*block.point);
  const std::optional<double> handoff_after_ns = measure_handoff_ns(*block.point);
  const std::string why = disturbance(after);
  Json row{{"kind", "block"},
           {"point", block.point->name},
           {"round", options_.round},
           {"disturbed", !why.empty()},
           {"probe_before", probe_.cpu_share},
           {"probe_after", after.cpu_share},
           {"ns_per_step", ns_per_step(*block.point, probe_.step_costs)},
           {"ns_per_step_after", ns_per_step(*block.point, after.step_costs)}};
  if (block.point->works_in_steps().size() > 1) {
    row["ns_per_step_by_role"] = step_costs_json(*block.point, probe_.step_costs);
    row["ns_per_step_by_role_after"] = step_costs_json(*block.point, after.step_costs);
  }
  if (!gap_shares_.empty()) row["gap_share"] = median(gap_shares_);
  if (handoff_ns_) row["handoff_ns"] = *handoff_ns_;
  if (handoff_after_ns) row["handoff_after_ns"] = *handoff_after_ns;
  row["layout"] = layout();
  row["cores_exchanged"] = core_order() == CoreOrder::descending;
  row["wall_ns"] = wall_ns_since(block_start_);
  if (!why.empty()) row["why"] = why;
  write(row);
}

}  // namespace bq::bench
