// queue_bench: runs scenarios on Google Benchmark. The only file that knows Google Benchmark.
//
// Alone it runs one round and prints Google Benchmark's table; scripts/bench drives it through
// --pilot and --round for a whole run.
#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/build_info.h"
#include "benchmarks/registry/queue_labels.h"
#include "benchmarks/run/ideal_listing.h"
#include "benchmarks/run/run_description.h"
#include "benchmarks/run/schema.h"
#include "benchmarks/run/session.h"
#include "benchmarks/scenario/counters.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/message_text.h"
#include "benchmarks/util/program.h"

namespace {

using namespace bq::bench;

void print_queues() {
  const std::vector<std::string> columns{
      "line_up", "origin",   "producers", "consumers", "capacities", "bound",  "fifo",
      "element", "blocking", "timed",     "close",     "stall",      "waiting"};
  std::vector<std::vector<std::string>> rows{{"queue"}};
  rows.front().insert(rows.front().end(), columns.begin(), columns.end());
  std::vector<std::string> notes{""};
  for (const QueueEntry& queue : registered_queues()) {
    const auto labels = queue_labels(queue);
    rows.push_back({queue.name});
    for (const std::string& column : columns)
      rows.back().push_back(labels[column].get<std::string>());
    notes.push_back("");
    for (const char* remark : {"note", "defect"}) {
      const auto text = labels[remark].get<std::string>();
      if (!text.empty()) notes.back() += std::string("  ") + remark + ": " + text + "\n";
    }
  }
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t i = 0; i + 1 < rows[r].size(); ++i) {
      std::cout << std::left << std::setw(static_cast<int>(widths[i]) + 2) << rows[r][i];
    }
    std::cout << rows[r].back() << '\n' << notes[r];
  }
}

void print_labels() {
  Json labels = Json::object();
  for (const QueueEntry& queue : registered_queues()) {
    labels[queue.name] = queue_labels(queue);
    labels[queue.name]["min_capacity"] = queue.traits.min_capacity;
    labels[queue.name]["max_capacity"] = queue.traits.max_capacity;
  }
  std::cout << labels.dump(2) << '\n';
}

void print_counters() {
  std::size_t width = 0;
  for (const Counter& counter : counters) width = std::max(width, counter.name.size());
  for (const Counter& counter : counters) {
    std::cout << std::left << std::setw(static_cast<int>(width) + 2) << counter.name << std::setw(9)
              << name_of(counter.better) << counter.meaning << '\n';
  }
}

void print_scenarios(const Session& session) {
  for (const Scenario& scenario : session.scenarios()) {
    std::cout << scenario.name << "  (" << scenario.file << ", " << scenario.points.size()
              << " points, " << scenario.rounds << " rounds)\n  " << scenario.question
              << "\n  expected: " << scenario.expect << '\n';
    for (const EarlierExpect& earlier : scenario.earlier_expect) {
      std::cout << "  expected until " << earlier.until << ": " << earlier.text << " ("
                << earlier.why << ")\n";
    }
    std::cout << "  queues:";
    for (const std::string& queue : session.queues_of(scenario)) std::cout << ' ' << queue;
    std::cout << '\n';
    for (const Point& point : scenario.points) std::cout << "    " << point.name << '\n';
  }
}

std::string benchmark_name(const TrialItem& item) {
  const bool beside = item.level != item.cell->point->level();
  return item.cell->name +
         (beside ? item.level == Level::untimed ? "/level:counted" : "/level:traced" : "");
}

void run_item(benchmark::State& state, Session& session, const Block& block,
              const TrialItem& item) {
  if (&item == &block.items.front()) session.begin(block);
  for ([[maybe_unused]] auto _ : state) {
    const TrialResult result = session.run(item);
    const std::string& error = result.fault.empty() ? result.void_reason : result.fault;
    if (!error.empty()) {
      state.SkipWithError(error.c_str());
      break;
    }
    state.SetIterationTime(result.window_ns / static_cast<double>(result.messages) * 1e-9);
    for (const auto& [name, value] : result.counters) state.counters[name] = value;
  }
  if (&item == &block.items.back()) session.finish(block);
}

// For runs that keep their results elsewhere.
class QuietReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>&) override {}
};

void run_round(Session& session, const char* program, std::vector<std::string> benchmark_flags,
               bool quiet) {
  for (const std::string& flag : benchmark_flags) {
    for (const char* harmful : {"--benchmark_filter", "--benchmark_repetitions",
                                "--benchmark_enable_random_interleaving"}) {
      if (flag.starts_with(harmful)) {
        throw UsageError(shown(flag) +
                         ": would tear blocks apart; choose with --scenario, --point and --queue, "
                         "repeat with --round");
      }
    }
  }
  std::vector<char*> arguments{const_cast<char*>(program)};
  for (std::string& flag : benchmark_flags) arguments.push_back(flag.data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (count > 1) throw UsageError("unknown argument " + shown(arguments[1]) + " (see --help)");

  const std::vector<Block> blocks = session.plan_round();
  for (const Block& block : blocks) {
    for (const TrialItem& item : block.items) {
      // One iteration is one trial, timed by itself: the threads and the clock are the harness's.
      benchmark::RegisterBenchmark(
          benchmark_name(item).c_str(),
          [&](benchmark::State& state) { run_item(state, session, block, item); })
          ->UseManualTime()
          ->Iterations(1)
          ->Unit(benchmark::kNanosecond);
    }
  }
  QuietReporter nothing;
  benchmark::RunSpecifiedBenchmarks(quiet ? &nothing : nullptr);
  benchmark::Shutdown();
}

// What the command line asks for.
struct Arguments {
  SessionOptions session;
  bool pilot = false, properties = false;
  bool list = false, queues = false, labels = false, counters = false, schema = false;
  bool machine = false;
  std::string ideal_capacities;
};

void add_options(CLI::App& app, Arguments& arguments) {
  SessionOptions& session = arguments.session;
  app.add_option("--scenario", session.scenarios,
                 "name, folder or file; may be repeated (default: curated)")
      ->allow_extra_args(false);
  app.add_option("--point", session.points,
                 "only this point, as --list names it; its scenario follows from the name; may be "
                 "repeated")
      ->allow_extra_args(false);
  app.add_option("--scenarios-dir", session.scenarios_dir, "folder in which names are looked up");
  app.add_option("--queue", session.queue_regex,
                 "only queues whose name matches this regular expression");
  app.add_flag("--all", session.all, "run the extra queues, too");
  app.add_option("--seed", session.seed, "random seed: drawn work and order of trials")
      ->check(whole_number(0, UINT64_MAX));
  app.add_option("--out", session.out, "existing folder for trials.jsonl");
  app.add_flag("--pilot", arguments.pilot, "decide the number of messages of each cell");
  app.add_flag("--properties", arguments.properties,
               "measure CPU while blocked, close, memory and construction");
  app.add_option("--round", session.round, "number of the round to run")
      ->check(whole_number(1, 1'000'000));
  app.add_option("--only", session.only_file,
                 "file with the points to run in this process, one a line");
  app.add_option("--crash-reason", session.crash_reason,
                 "how the previous process died during a trial");
  app.add_flag("--beside-others", session.beside_others,
               "other runs go on at the same time: skip the machine baselines");
  app.add_flag("--adapt-spin-limits", session.adapt_spin_limits,
               "measure what a pause costs here, and have our own queues spin as long as they do "
               "where their limits were set");
  app.add_option("--note-arguments", session.note_arguments, "JSON to keep with the results");
  app.add_option("--hang-after", session.hang_after_s,
                 "seconds without progress that count as a hang")
      ->check(number(0.5, 600));
  app.add_flag("--list", arguments.list, "print the scenarios and their points");
  app.add_option("--ideal", arguments.ideal_capacities,
                 "print what a queue that costs nothing makes of each point's drawn work, as JSON, "
                 "with these capacities (1,16,64) and with no bound; measures nothing");
  app.add_flag("--queues", arguments.queues, "print the queues and their labels");
  app.add_flag("--labels", arguments.labels,
               "print the labels of the queues, and their capacities, as JSON");
  app.add_flag("--counters", arguments.counters,
               "print the counters: name, which direction is better, meaning");
  app.add_flag("--schema", arguments.schema,
               "print all keys, names, counters, row kinds, rules and exit statuses as JSON");
  app.add_flag("--machine", arguments.machine,
               "print what a run's context would say of this machine, as JSON; takes 0.5 s");
  app.allow_extras();
}

ExitStatus run(Arguments& arguments, const char* program,
               const std::vector<std::string>& benchmark_flags) {
  if (arguments.schema) {
    std::cout << schema_json().dump(2) << '\n';
    return ExitStatus::ok;
  }
  if (arguments.machine) {
    Json machine = machine_json();
    add_busy_cores(machine);
    std::cout << machine.dump(2) << '\n';
    return ExitStatus::ok;
  }
  if (arguments.queues) {
    print_queues();
    return ExitStatus::ok;
  }
  if (arguments.labels) {
    print_labels();
    return ExitStatus::ok;
  }
  if (arguments.counters) {
    print_counters();
    return ExitStatus::ok;
  }
  const bool writes = !arguments.session.out.empty();
  if (arguments.pilot && !writes) throw UsageError("--pilot needs --out");
  if (arguments.properties && !writes) throw UsageError("--properties needs --out");
  if (arguments.pilot || arguments.properties) arguments.session.round = 0;
  arguments.session.crash_reason = shown(arguments.session.crash_reason, max_message);
  Session session(arguments.session);
  if (!arguments.ideal_capacities.empty()) {
    print_ideals(session.scenarios(), arguments.session.seed,
                 parse_capacities(arguments.ideal_capacities), std::cout);
  } else if (arguments.list) {
    print_scenarios(session);
  } else if (arguments.pilot) {
    session.pilot();
  } else if (arguments.properties) {
    session.properties();
  } else {
    run_round(session, program, benchmark_flags, writes);
    if (!writes && session.any_failed()) return ExitStatus::queue_failed;
  }
  return ExitStatus::ok;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  arguments.session.scenarios_dir = BQ_SCENARIOS_DIR;
  CLI::App app{
      "Measures bounded blocking queues. Without scripts/bench it runs one round, printed by "
      "Google Benchmark, whose "
      "--benchmark_* flags are passed on. scripts/bench drives a whole run."};
  add_options(app, arguments);
  return run_program(app, argc, argv, [&] { return run(arguments, argv[0], app.remaining()); });
}
