#include "benchmarks/session.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <utility>

#include "benchmarks/capacities.h"
#include "benchmarks/chain.h"
#include "benchmarks/clock.h"
#include "benchmarks/describe.h"
#include "benchmarks/limits.h"
#include "benchmarks/nearest.h"
#include "benchmarks/properties.h"
#include "benchmarks/surroundings.h"
#include "benchmarks/syscall_count.h"

namespace bq::bench {

namespace {

constexpr int schema = 1;
constexpr double warmup_ns = 5e6;
constexpr std::size_t probe_effect_period = 12;  // a traced cell also gets a counted trial every so many rounds
// A block during which its cores gave less than this of themselves, or whose median trial lost more than that to gaps,
// is disturbed.
constexpr double least_cpu_share = 0.97;
constexpr double most_gap_share = 0.03;

// To six digits, of which noise leaves three: the others would be a third of the file. Counts stay as they are.
double rounded(double value) {
  if (value == std::trunc(value)) return value;
  char text[32];
  const auto written = std::to_chars(std::begin(text), std::end(text), value, std::chars_format::general, 6);
  double result = value;
  std::from_chars(text, written.ptr, result);
  return result;
}

// Of one trial: a traced message takes some 150 bytes.
constexpr std::size_t most_traced_messages = 10'000'000;
constexpr std::size_t most_counted_messages = 1'000'000'000;
constexpr const char* default_queues = "default";           // in a scenario's list: the default line-up
constexpr std::size_t most_messages_to_verify = 2'000'000;  // in the traced trial that stands for a counted cell

// A cell that cannot be measured, through no fault of its queue.
struct Unmeasurable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A trial showed a fault.
struct WrongQueue : std::runtime_error {
  using std::runtime_error::runtime_error;
};

const char* name_of(Level level) {
  return level == Level::traced ? "traced" : "counted";
}

std::string cell_name(const Point& point, const QueueEntry& queue) {
  return point.scenario + "/" + queue.name + point.name.substr(point.scenario.size());
}

// What a claim calls a queue must be one, and one of the scenario's.
void check_queues(const Scenario& scenario, const Claim& claim) {
  const auto check = [&](std::size_t line, const std::string& key, const std::string& name) {
    std::vector<std::string> known = scenario.queues;
    if (known.empty() || std::erase(known, default_queues)) {
      for (const QueueEntry& queue : registered_queues()) known.push_back(queue.name);
    }
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const std::string what = find_queue(name) ? "'" + name + "' is not among the scenario's queues"
                                              : "there is no queue '" + name + "' (--queues lists them)";
    throw UsageError(scenario.file + ":" + std::to_string(line) + ": key 'claim." + key + "': " + what +
                     "; the nearest are " + nearest(name, known));
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
void check_memory(const Scenario& scenario, const Point& point, const std::optional<double>& free_bytes) {
  const auto least_bytes = static_cast<double>(point.full_bytes());
  if (!free_bytes || least_bytes <= *free_bytes) return;
  const std::string queues = point.queues() > 1 ? std::to_string(point.queues()) + " queues of " : "";
  throw UsageError(scenario.file + ":" + std::to_string(point.capacity_line) + ": key 'capacity': " + queues +
                   std::to_string(point.capacity) + " messages of " + std::to_string(point.message_bytes) +
                   " bytes take at least " + text_of_bytes(least_bytes) + " of memory, and " +
                   text_of_bytes(*free_bytes) + " are free: less capacity, or smaller message_bytes");
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::int64_t wall_ns_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now() - begun).count();
}

Json buckets_of(const Histogram& histogram) {
  Json buckets = Json::array();
  histogram.each([&](Histogram::Edges edges, std::uint64_t count) {
    buckets.push_back({edges.lower, edges.upper, count});
  });
  return buckets;
}

}  // namespace

Session::Session(SessionOptions options) : options_(std::move(options)) {
  ns_per_tick();  // measured now, not inside the first probe
  scenarios_ = load_scenarios(options_.scenarios, options_.scenarios_dir);
  select();
  read_only_file();
  if (!options_.out.empty()) open_journal();
  watchdog_ = std::make_unique<Watchdog>(std::chrono::milliseconds(std::llround(options_.hang_after_s * 1000)),
                                         exit_hung, [this](const std::string& what) {
                                           std::cerr << "queue_bench: " << in_flight_->cell->name << ": " << what
                                                     << std::endl;
                                           Json row = trial_row(*in_flight_, "error");
                                           row["message"] = what;
                                           row["hung"] = true;
                                           write(row);
                                         });
}

std::vector<std::string> Session::queues_of(const Scenario& scenario) const {
  std::vector<std::string> names;
  const auto listed = [&](const std::string& name) {
    return std::find(scenario.queues.begin(), scenario.queues.end(), name) != scenario.queues.end();
  };
  const bool default_too = scenario.queues.empty() || listed(default_queues);
  for (const QueueEntry& queue : registered_queues()) {
    const bool in_line_up =
        listed(queue.name) ||
        (default_too && (queue.line_up == LineUp::by_default ||
                         (queue.line_up == LineUp::extra && (options_.all || !options_.queue_regex.empty()))));
    const bool wanted = options_.queue_regex.empty() || std::regex_search(queue.name, std::regex(options_.queue_regex));
    // A pattern that spells the name out means this queue, whatever the scenario's line-up.
    const bool in_full = wanted && options_.queue_regex.find(queue.name) != std::string::npos;
    if (in_full || (in_line_up && wanted)) names.push_back(queue.name);
  }
  return names;
}

// Decides the cells.
void Session::select() {
  if (!options_.queue_regex.empty()) {
    try {
      const std::regex regex(options_.queue_regex);
      const auto& all = registered_queues();
      if (std::none_of(all.begin(), all.end(), [&](const QueueEntry& q) { return std::regex_search(q.name, regex); })) {
        throw UsageError("--queue " + options_.queue_regex + ": no queue of that name (--queues lists them)");
      }
    } catch (const std::regex_error&) {
      throw UsageError("--queue " + options_.queue_regex + ": not a regular expression");
    }
  }
  const std::optional<double> free_bytes = available_memory_bytes();
  for (const Scenario& scenario : scenarios_) {
    const auto complain = [&](const std::string& what) {
      throw UsageError(scenario.file + ":" + std::to_string(scenario.queues_line) + ": key 'queues': " + what);
    };
    for (const std::string& name : scenario.queues) {
      if (name == default_queues) continue;
      if (!find_queue(name)) complain("there is no queue '" + name + "' (--queues lists them)");
    }
    for (const std::string& name : scenario.queues) {
      if (name == default_queues) continue;
      std::optional<std::string> reason;
      for (const Point& point : scenario.points) {
        reason = unfit_reason(*find_queue(name), point);
        if (!reason) break;
      }
      if (reason) complain("'" + name + "' " + *reason);
    }
    for (const Claim& claim : scenario.claims) check_queues(scenario, claim);
    for (const Point& point : scenario.points) {
      const std::optional<std::string> unavailable = unavailable_reason(point);
      for (const std::string& name : queues_of(scenario)) {
        const QueueEntry& queue = *find_queue(name);
        const std::string cell = cell_name(point, queue);
        if (const auto reason = unavailable ? unavailable : unfit_reason(queue, point)) {
          skips_.push_back(
              {{"kind", "skip"}, {"cell", cell}, {"point", point.name}, {"queue", name}, {"reason", *reason}});
        } else {
          cells_.push_back({&point, &queue, cell});
          if (queue.traits.bound != Bound::none) check_memory(scenario, point, free_bytes);
        }
      }
    }
  }
  if (cells_.empty()) {
    std::string why;
    for (const Json& skip : skips_) {
      why += "; " + skip["queue"].get<std::string>() + " " + skip["reason"].get<std::string>();
    }
    throw UsageError("nothing to measure: no queue fits --scenario and --queue" + why);
  }
}

Json Session::describe_run() const {
  Json context = describe_context(options_.seed);
  std::size_t rounds = 1;
  Json scenarios = Json::object();
  for (const Scenario& scenario : scenarios_) {
    rounds = std::max(rounds, scenario.rounds);
    Json& described = scenarios[scenario.name] = describe_scenario(scenario, queues_of(scenario));
    const auto below = std::filesystem::path(scenario.file).lexically_relative(options_.scenarios_dir);
    if (!below.empty() && *below.begin() != "..") described["file"] = below.string();  // nobody's home folder
  }
  context["default_rounds"] = rounds;
  if (!options_.note_arguments.empty()) {
    context["arguments"] = Json::parse(options_.note_arguments, nullptr, false);
    if (context["arguments"].is_discarded()) throw UsageError("--note-arguments: not JSON");
  }
  Json queues = Json::object();
  for (const Cell& cell : cells_) queues[cell.queue->name] = describe_queue(*cell.queue);
  for (const Json& skip : skips_) {
    const std::string name = skip["queue"];
    queues[name] = describe_queue(*find_queue(name));
  }
  return {{"kind", "run"}, {"schema", schema}, {"context", context}, {"scenarios", scenarios}, {"queues", queues}};
}

void Session::open_journal() {
  const auto file = options_.out / "trials.jsonl";
  std::error_code error;
  if (!std::filesystem::is_directory(options_.out, error)) throw UsageError(options_.out.string() + ": no such folder");
  const std::vector<Json> rows = Journal::read(file);
  Json run = describe_run();
  trials_.emplace(file);
  histograms_.emplace(options_.out / "histograms.jsonl");
  timelines_.emplace(options_.out / "timelines.jsonl");
  if (rows.empty()) {
    write(run);
    write_skips();
    return;
  }
  const Json& old = rows.front();
  const auto refuse = [&](const std::string& what) {
    throw UsageError(file.string() + ": was made " + what + ": start a new run in another folder");
  };
  if (old.value("kind", "") != "run" || old.value("schema", 0) != schema) refuse("by another version of this program");
  if (old["context"].value("binary_id", "") != run["context"]["binary_id"]) refuse("by another build of this program");
  if (old["context"].value("seed", std::uint64_t{0}) != options_.seed) refuse("with another seed");
  if (old["scenarios"] != run["scenarios"]) refuse("with other scenarios or queues");
  recall(rows);
  write_skips();
}

void Session::write_skips() {
  for (const Json& skip : skips_) {
    if (skipped_.insert(skip["cell"]).second) write(skip);
  }
}

// Takes over what earlier processes of this run wrote.
void Session::recall(const std::vector<Json>& rows) {
  const Json* unfinished = nullptr;
  for (const Json& row : rows) {
    const std::string kind = row["kind"];
    if (kind == "plan") {
      plans_[row["cell"]] = {row["messages_per_producer"], row["warmup_messages_per_producer"]};
      unfinished = nullptr;
    } else if (kind == "skip") {
      skipped_.insert(row["cell"]);
      unfinished = nullptr;
    } else if (kind == "syscalls") {
      syscalls_counted_.insert(row["cell"]);
      unfinished = nullptr;
    } else if (kind == "start") {
      unfinished = &row;
    } else if (kind == "trial") {
      unfinished = nullptr;
      if (row["status"] == "error") {
        failed_.insert(row["cell"]);
        if (row.value("hung", false)) hung_queues_[row["queue"]] = row["cell"];
      }
      if (row["status"] == "ok" && row["level"] == "traced") verified_.insert(row["cell"]);
    } else if (kind == "block" && row["round"] == options_.round) {
      done_points_.insert(row["point"]);
    }
  }
  if (!options_.blame.empty() && unfinished) {
    for (const Cell& cell : cells_) {
      if (cell.name != (*unfinished)["cell"]) continue;
      Json row = trial_row({&cell, (*unfinished)["level"] == "traced" ? Level::traced : Level::counted}, "error");
      row["message"] = "crashed: " + options_.blame;
      write(row);
      failed_.insert(cell.name);
    }
  }
}

void Session::read_only_file() {
  if (options_.only_file.empty()) return;
  std::ifstream file(options_.only_file);
  if (!file) throw UsageError("--only " + options_.only_file + ": cannot be read");
  for (std::string line; std::getline(file, line);) only_.insert(line);
}

void Session::write(const Json& row) {
  if (trials_) trials_->append(row);
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

// ---------------------------------------------------------------------------------------------------------- pilot

Measurement Session::run_once(const Cell& cell, Level level, const Plan& plan, bool counts_syscalls) {
  const bool bounded = cell.queue->traits.bound != Bound::none;
  const TrialPlan trial{*cell.point, level,   plan.warmup_per_producer, plan.messages_per_producer,
                        demands_,    bounded, counts_syscalls};
  draw_demands(*cell.point, options_.seed, options_.round, probe_.ns_per_step, plan.messages_per_producer, demands_);
  Surroundings around(*cell.point);
  const bool is_chain = cell.point->is_chain();
  try {
    if (is_chain) {
      cell.queue->loops.chain(trial, chain_record_, *watchdog_);
    } else {
      cell.queue->loops.for_point (*cell.point)(trial, record_, *watchdog_);
    }
  } catch (const std::invalid_argument& refused) {  // before any thread began
    Measurement none;
    none.fault = refused_capacity(cell.point->capacity, refused);
    return none;
  }
  around.end();
  const Traits& traits = cell.queue->traits;
  const std::size_t cores = core_count(*cell.point);
  Measurement measurement = is_chain ? measure_chain(trial, chain_record_, traits, handoff_ns_, cores)
                                     : measure(trial, record_, traits, handoff_ns_, cores);
  around.add_counters(probe_.ns_per_step, measurement);
  return measurement;
}

// Least time between messages that sleeping sides can give in the long run: what a short trial says below it is the luck
// of its few draws. (Spinning work has no such bound: a core may be faster than its calibration.)
double slept_ns_per_msg(const Point& point, bool bounded) {
  const auto slept = [](const Work& work, std::size_t threads) {
    return work.kind == Work::Kind::sleep ? work.mean_ns / static_cast<double>(threads) : 0;
  };
  const bool waits_for_consumers = bounded && point.when_full == WhenFull::wait;
  return std::max(slept(point.producer, point.producers),
                  waits_for_consumers ? slept(point.consumer, point.consumers) : 0);
}

// Small trials, growing until one lasts long enough to be believed; the fastest of three of those, since noise only
// slows down.
Session::Plan Session::make_plan(const Cell& cell, double& ns_per_msg) {
  constexpr double enough_ns = 8e6;
  const Point& point = *cell.point;
  const double producers = static_cast<double>(point.producers);
  // Every message of a chain may wait for a wake-up, or for a turn on the core.
  ns_per_msg = std::max(point.ideal_ns_per_msg(), point.is_chain() ? 10'000.0 : 100.0);
  const std::size_t most_messages =
      (point.level() == Level::traced ? most_traced_messages : most_counted_messages) / point.queues();
  std::size_t each = static_cast<std::size_t>(std::clamp(3e6 / ns_per_msg / producers, 32.0, 2000.0));
  double fastest = point.arrivals ? point.ideal_ns_per_msg() : 0;  // an open loop's pace is known
  for (int attempt = 0, believed = 0; !point.arrivals && attempt < 12 && believed < 3; ++attempt) {
    const Measurement measurement = run_once(cell, point.level(), {each, each / 8});
    if (!measurement.fault.empty()) throw WrongQueue(measurement.fault);
    if (!measurement.void_reason.empty()) {
      each *= 4;
      if (each * point.producers > most_messages)
        throw Unmeasurable("no window to measure: " + measurement.void_reason);
      continue;
    }
    const double ns = measurement.window_ns / static_cast<double>(measurement.messages);
    if (measurement.window_ns >= enough_ns) {
      fastest = believed == 0 ? ns : std::min(fastest, ns);
      ++believed;
    } else if (believed == 0) {
      fastest = ns;
    }
    each = std::max(each, static_cast<std::size_t>(1.5 * enough_ns / ns / producers) + 8);
  }
  if (fastest == 0) throw Unmeasurable("no window to measure, however many messages were tried");
  ns_per_msg = std::max(fastest, slept_ns_per_msg(point, cell.queue->traits.bound != Bound::none));
  const double window_ns = least_window_ns(point, core_count(point));
  const double fillings = point.arrivals ? 0 : 2.0 * static_cast<double>(point.queues() * point.capacity);
  const double warm = std::max(warmup_ns / ns_per_msg, fillings) / producers;
  const double measured = 1.05 * window_ns / ns_per_msg / producers;  // the fastest producer ends the window
  if ((warm + measured) * producers > static_cast<double>(most_messages)) {
    throw Unmeasurable("a window of " + std::to_string(std::llround(window_ns / 1e6)) + " ms takes more than " +
                       std::to_string(most_messages) + " messages: ask for less capacity or more work");
  }
  const auto warmup = static_cast<std::size_t>(std::ceil(warm));
  return {warmup + static_cast<std::size_t>(std::ceil(measured)), warmup};
}

const Session::Plan& Session::plan_for(const Cell& cell) {
  const auto known = plans_.find(cell.name);
  if (known != plans_.end()) return known->second;
  const TrialItem item{&cell, cell.point->level()};
  in_flight_ = &item;
  write({{"kind", "start"}, {"cell", cell.name}, {"round", 0}, {"level", name_of(item.level)}});
  double ns_per_msg = 0;
  const auto begun = std::chrono::steady_clock::now();
  try {
    const Plan plan = make_plan(cell, ns_per_msg);
    write({{"kind", "plan"},
           {"cell", cell.name},
           {"point", cell.point->name},
           {"queue", cell.queue->name},
           {"pilot_ns_per_msg", ns_per_msg},
           {"messages_per_producer", plan.messages_per_producer},
           {"warmup_messages_per_producer", plan.warmup_per_producer},
           {"wall_ns", wall_ns_since(begun)}});
    return plans_[cell.name] = plan;
  } catch (const Unmeasurable& reason) {
    write({{"kind", "skip"},
           {"cell", cell.name},
           {"point", cell.point->name},
           {"queue", cell.queue->name},
           {"reason", reason.what()}});
    skipped_.insert(cell.name);
    return plans_[cell.name];
  } catch (const WrongQueue& fault) {
    Json row = trial_row(item, "error");
    row["message"] = fault.what();
    note_failure(cell, row);
    return plans_[cell.name];
  }
}

void Session::note_failure(const Cell& cell, const Json& row) {
  std::cerr << "queue_bench: " << cell.name << ": " << row["message"].get<std::string>() << std::endl;
  write(row);
  failed_.insert(cell.name);
}

// Each hang costs the watchdog's patience: a queue that hung in one cell gets no other chance in this run.
void Session::give_up_on_hung_queues() {
  for (const Cell& cell : cells_) {
    const auto hung = hung_queues_.find(cell.queue->name);
    if (hung == hung_queues_.end() || failed(cell)) continue;
    Json row = trial_row({&cell, cell.point->level()}, "error");
    row["message"] = "not run: hung in " + hung->second;
    note_failure(cell, row);
  }
}

void Session::pilot() {
  give_up_on_hung_queues();
  std::string_view calibrated;  // point
  for (const Cell& cell : cells_) {
    if (!asked_for(*cell.point) || plans_.contains(cell.name) || skipped_.contains(cell.name) || failed(cell)) continue;
    const Point& point = *cell.point;
    if (point.name != std::exchange(calibrated, point.name)) probe_ = probe_cores(point);
    plan_for(cell);
  }
  count_syscalls();
}

// In a short trial of its own for each cell: counting makes every call dearer.
void Session::count_syscalls() {
  constexpr std::size_t part = 4;  // of the planned messages: enough for a mean
  const SyscallTracepoint tracepoint;
  if (!tracepoint.works()) return;
  std::string_view calibrated;  // point
  for (const Cell& cell : cells_) {
    if (syscalls_counted_.contains(cell.name) || skipped_.contains(cell.name) || failed(cell)) continue;
    const Point& point = *cell.point;
    if (point.name != std::exchange(calibrated, point.name)) probe_ = probe_cores(point);
    Plan plan = plans_.at(cell.name);
    plan.messages_per_producer =
        plan.warmup_per_producer + (plan.messages_per_producer - plan.warmup_per_producer) / part + 1;
    const TrialItem item{&cell, point.level()};
    in_flight_ = &item;
    write({{"kind", "start"}, {"cell", cell.name}, {"round", 0}, {"level", name_of(item.level)}});
    const Measurement measurement = run_once(cell, item.level, plan, true);
    if (!measurement.fault.empty()) {
      Json row = trial_row(item, "error");
      row["message"] = measurement.fault;
      note_failure(cell, row);
      continue;
    }
    Json row{{"kind", "syscalls"}, {"cell", cell.name}, {"point", cell.point->name}, {"queue", cell.queue->name}};
    for (const char* name :
         {"syscalls_per_msg", "producer_syscalls_per_msg", "stage_syscalls_per_msg", "consumer_syscalls_per_msg"}) {
      if (const auto value = measurement.counter(name)) row[name] = *value;
    }
    write(row);
  }
}

// ------------------------------------------------------------------------------------------------------ properties

void Session::properties() {
  std::set<std::string> selected;
  for (const Cell& cell : cells_) selected.insert(cell.queue->name);
  for (const Json& skip : skips_) selected.insert(skip["queue"]);
  std::set<std::tuple<std::string, std::string, Json>> done;
  std::set<std::string> broken;
  for (const Json& row : Journal::read(options_.out / "trials.jsonl")) {
    if (row["kind"] != "property") continue;
    done.emplace(row["queue"], row["name"], row["params"]);
    if (row.contains("error")) broken.insert(row["queue"]);
  }
  std::string blame = options_.blame;
  for (const std::string& name : selected) {
    const QueueEntry& queue = *find_queue(name);
    for (const Property& property : properties_of(queue.traits)) {
      if (broken.contains(name) || done.contains({name, property.name(), property.params()})) continue;
      Json row{{"kind", "property"}, {"queue", name}, {"name", property.name()}, {"params", property.params()}};
      const auto give_up_on_it = [&](const std::string& why) {
        std::cerr << "queue_bench: " << name << ": " << property.name() << property.params() << ": " << why
                  << std::endl;
        row["error"] = why;
        write(row);
        broken.insert(name);
      };
      // In the order of measuring, the first that is missing is the one that took the last process down.
      if (!blame.empty()) {
        give_up_on_it("crashed: " + std::exchange(blame, ""));
      } else if (hung_queues_.contains(name)) {
        give_up_on_it("not measured: hung in " + hung_queues_[name]);
      } else {
        const auto limit = std::chrono::milliseconds(std::llround(options_.hang_after_s * 1000));
        const TimeLimit watch(limit, [&] {
          give_up_on_it("hung: no end after " + std::to_string(limit.count() / 1000) + " s");
          std::_Exit(exit_hung);
        });
        try {
          row["values"] = Json::object();
          for (const auto& [value_name, value] : measure_property(queue.type, property))
            row["values"][value_name] = value;
          if (!row["values"].empty()) write(row);
        } catch (const PropertyFault& fault) {
          row.erase("values");
          give_up_on_it(fault.what());
        }
      }
    }
  }
}

// ---------------------------------------------------------------------------------------------------------- rounds

std::vector<Block> Session::plan_round() {
  give_up_on_hung_queues();
  std::vector<Block> blocks;
  for (const Scenario& scenario : scenarios_) {
    for (const Point& point : scenario.points) {
      if (done_points_.contains(point.name) || !asked_for(point)) continue;
      Block block{&point, {}};
      for (std::size_t i = 0; i < cells_.size(); ++i) {
        const Cell& cell = cells_[i];
        if (cell.point != &point || skipped_.contains(cell.name) || failed(cell)) continue;
        block.items.push_back({&cell, point.level()});
        if (point.level() == Level::counted) {
          // A race's number stands only if a traced trial of the cell passed in the same run.
          if (!verified_.contains(cell.name)) block.items.push_back({&cell, Level::traced});
        } else if (point.can_be_counted() && (i + options_.round) % probe_effect_period == 0) {
          block.items.push_back({&cell, Level::counted});
        }
      }
      // Keyed by the point, so that leaving one out does not change the others.
      std::mt19937_64 random(hash_text(point.name, options_.seed) ^ mix64(options_.round));
      std::shuffle(block.items.begin(), block.items.end(), random);
      if (!block.items.empty()) blocks.push_back(std::move(block));
    }
  }
  std::mt19937_64 random(mix64(options_.seed) ^ options_.round);
  std::shuffle(blocks.begin(), blocks.end(), random);
  if (!blocks.empty()) write_limits();
  return blocks;
}

// What the machine can do at the time of this round.
void Session::write_limits() {
  if (!trials_ || options_.beside_others) return;
  const Limits limits = measure_limits();
  Json row{{"kind", "limits"}, {"round", options_.round}, {"park_round_trip_ns", limits.park_round_trip_ns}};
  if (limits.spsc_msgs_per_s) row["spsc_msgs_per_s"] = *limits.spsc_msgs_per_s;
  write(row);
}

void Session::begin(const Block& block) {
  begun_ = std::chrono::steady_clock::now();
  probe_ = probe_cores(*block.point);
  handoff_ns_ = measure_handoff_ns(*block.point);
  gap_shares_.clear();
  if (!trials_) {  // nobody has made a pilot
    for (const TrialItem& item : block.items) {
      if (!failed(*item.cell)) plan_for(*item.cell);
    }
  }
}

Measurement Session::run(const TrialItem& item) {
  const Cell& cell = *item.cell;
  Measurement measurement;
  if (failed(cell)) {
    measurement.fault = "failed before in this run";
    return measurement;
  }
  Plan plan = plan_for(cell);
  if (failed(cell)) {
    measurement.fault = "failed in the pilot";
    return measurement;
  }
  if (skipped_.contains(cell.name)) {
    measurement.void_reason = "skipped: it has no window to measure";
    return measurement;
  }
  if (item.level != cell.point->level() && item.level == Level::traced) {
    plan.messages_per_producer = std::min(plan.messages_per_producer,
                                          plan.warmup_per_producer + most_messages_to_verify / cell.point->producers);
  }
  ++order_;
  in_flight_ = &item;
  write({{"kind", "start"}, {"cell", cell.name}, {"round", options_.round}, {"level", name_of(item.level)}});
  measurement = run_once(cell, item.level, plan);
  if (!measurement.fault.empty()) {
    Json row = trial_row(item, "error");
    row["message"] = measurement.fault;
    note_failure(cell, row);
    return measurement;
  }
  if (!measurement.void_reason.empty()) {
    Json row = trial_row(item, "void");
    row["message"] = measurement.void_reason;
    write(row);
    return measurement;
  }
  const Json key{{"cell", cell.name}, {"round", options_.round}, {"level", name_of(item.level)}};
  if (trials_) {
    for (const auto& [name, histogram] : measurement.histograms) {
      Json row = key;
      row["name"] = name;
      row["count"] = histogram.count();
      row["max"] = rounded(histogram.max());
      row["buckets"] = buckets_of(histogram);
      histograms_->append(row);
    }
    if (measurement.timeline) {
      Json row = key;
      row["slice_ns"] = measurement.timeline->slice_ns;
      row["occupancy"] = measurement.timeline->occupancy;
      row["pushed"] = measurement.timeline->pushed;
      timelines_->append(row);
    }
  }
  Json row = trial_row(item, "ok");
  row["messages"] = measurement.messages;
  row["window_ns"] = rounded(measurement.window_ns);
  row["ns_per_msg"] = rounded(measurement.window_ns / static_cast<double>(measurement.messages));
  row["counters"] = Json::object();
  for (const auto& [name, value] : measurement.counters) row["counters"][name] = rounded(value);
  write(row);
  if (const auto gaps = measurement.counter("gap_share")) gap_shares_.push_back(*gaps);
  return measurement;
}

void Session::finish(const Block& block) {
  const Probe after = probe_cores(*block.point);
  Json row{{"kind", "block"},
           {"point", block.point->name},
           {"round", options_.round},
           {"disturbed", false},
           {"probe_before", probe_.cpu_share},
           {"probe_after", after.cpu_share},
           {"ns_per_step", probe_.ns_per_step},
           {"ns_per_step_after", after.ns_per_step}};
  if (!gap_shares_.empty()) row["gap_share"] = median(gap_shares_);
  if (handoff_ns_) row["handoff_ns"] = *handoff_ns_;
  row["wall_ns"] = wall_ns_since(begun_);
  const double drift = std::abs(after.ns_per_step / probe_.ns_per_step - 1);
  std::string why;
  if (std::min(probe_.cpu_share, after.cpu_share) < least_cpu_share)
    why = "the probe's cores were busy with something else";
  if (drift > 0.05) why = "the cores changed speed";
  if (!gap_shares_.empty() && median(gap_shares_) > most_gap_share) why = "threads lost their cores during the trials";
  if (!why.empty()) {
    row["disturbed"] = true;
    row["why"] = why;
  }
  write(row);
}

}  // namespace bq::bench
