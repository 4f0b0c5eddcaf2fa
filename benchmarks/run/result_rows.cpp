#include "benchmarks/run/result_rows.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace bq::bench {

namespace {

constexpr bool optional_field = false;

const RowField cell_field{"cell", "name of the cell"};
const RowField point_field{"point", "name of the point"};
const RowField queue_field{"queue", "name of the queue"};
const RowField round_field{"round", "number of the round"};
const RowField level_field{
    "level",
    "`traced` (a timestamp before and after each call) or `counted` (no timestamps in the "
    "loop)"};

const std::vector<RowKind> kinds{
    {"run",
     "the first line, once",
     {{"schema", "the version of this format"},
      {"context",
       "`date`, `host_name`, `cpu_model`, `cores` (allowed), `kernel`, `governor` (absent if "
       "unknown), `compiler`, "
       "`build_type`, `flags`, `libraries` {name: version}, `commit` (`unknown` if built without "
       "git, or from no "
       "checkout), `dirty` (bool), `binary_id`, `seed`, `clock`, `cpu_quota_cores` (what the CPU "
       "cgroups that the "
       "program was started in give it; absent if that is no less than `cores`), `default_rounds`, "
       "`arguments` (of "
       "the command that made the run)"},
      {"scenarios", "{name: scenario object}"},
      {"queues", "{name: labels}"}}},
    {"limits",
     "one a round: baselines of the machine",
     {round_field,
      {"park_round_trip_ns",
       "two threads on two cores that wake each other by a futex, there and back, median"},
      {"spsc_msgs_per_s",
       "`spsc_spin`, capacity 1024, no work, median of several runs of 6 ms; absent on one core",
       optional_field}}},
    {"skip",
     "one a cell that cannot run",
     {cell_field, point_field, queue_field, {"reason", "in words"}}},
    {"start",
     "a trial begins; one without a `trial` or `plan` after it was cut short",
     {cell_field, {"round", "number of the round; 0: the pilot"}, level_field}},
    {"plan",
     "one a cell, by the pilot; fixed for the run",
     {cell_field,
      point_field,
      queue_field,
      {"pilot_ns_per_msg", "time per message that the pilot saw"},
      {"messages_per_producer", "of each trial, the warm-up included"},
      {"warmup_messages_per_producer", "before the window may open"},
      {"wall_ns", "what the pilot of this cell took"}}},
    {"syscalls",
     "one a cell, by the pilot, from a short trial in which the kernel counts (and which is slower "
     "for it); none "
     "where tracefs is not mounted or perf_event_open not allowed",
     {cell_field,
      point_field,
      queue_field,
      {"syscalls_per_msg", "system calls inside push and pop"},
      {"producer_syscalls_per_msg", "those of the producers", optional_field},
      {"stage_syscalls_per_msg", "those of the middle stages", optional_field},
      {"consumer_syscalls_per_msg", "those of the consumers", optional_field}}},
    {"property",
     "one a measurement of a queue, once a run, after the pilot; the last row of each (queue, "
     "name, params) counts",
     {queue_field,
      {"name", "see below"},
      {"params", "see below"},
      {"values", "{name with its unit: number}; absent with `error`", optional_field},
      {"error", "what the queue did wrong, hung or crashed in; it has no rows after this one",
       optional_field}}},
    {"trial",
     "one a trial",
     {cell_field,
      point_field,
      {"scenario", "name of the scenario"},
      queue_field,
      round_field,
      {"order", "position in its process"},
      level_field,
      {"status",
       "`ok`; `error`: a wrong, hung or crashed queue, whose cell has no numbers, those of earlier "
       "trials "
       "included; `void`: no window to measure"},
      {"message", "of `error` and `void`: why", optional_field},
      {"hung", "of `error`: true if the queue made no progress", optional_field},
      {"messages", "of `ok`: pushed inside the window", optional_field},
      {"window_ns", "of `ok`: length of the window", optional_field},
      {"ns_per_msg", "of `ok`: window / messages", optional_field},
      {"counters", "of `ok`: {counter: number}, each absent where it does not apply",
       optional_field}}},
    {"block",
     "after the last trial of a block",
     {point_field,
      round_field,
      {"disturbed", "bool"},
      {"why", "absent if not disturbed", optional_field},
      {"probe_before", "thread CPU / wall of a spinning probe on the cores used, lowest core"},
      {"probe_after", "the same after the block"},
      {"ns_per_step", "calibration of the spin work"},
      {"ns_per_step_after", "the same after the block"},
      {"gap_share", "median over its trials; absent where no trial has one", optional_field},
      {"handoff_ns", "one-way transfer of a cache line; absent on one core", optional_field},
      {"wall_ns", "what the block took, all in all"}}},
    {"histograms.jsonl",
     "one a distribution of a trial",
     {cell_field,
      round_field,
      level_field,
      {"name", "a distribution's name with its unit: `sojourn_ns`"},
      {"count", "number of values"},
      {"max", "the largest value, ns"},
      {"buckets", "[[lower_ns, upper_ns, count], ...], with a relative width of at most 1/32"}}},
    {"timelines.jsonl",
     "one a timestamped trial of one queue",
     {cell_field,
      round_field,
      level_field,
      {"slice_ns", "slices divide the window"},
      {"occupancy", "[messages inside at the end of each slice]"},
      {"pushed", "[messages pushed in each slice]"}}},
};

}  // namespace

const std::vector<RowKind>& row_kinds() {
  return kinds;
}

void check_row(std::string_view kind, const Json& row) {
  const auto fail = [&](std::string_view field, const char* what) {
    throw std::logic_error("run/result_rows.cpp: a '" + std::string(kind) + "' row " + what + " '" +
                           std::string(field) + "'");
  };
  const auto listed =
      std::find_if(kinds.begin(), kinds.end(), [&](const RowKind& k) { return k.kind == kind; });
  if (listed == kinds.end())
    throw std::logic_error("run/result_rows.cpp lacks the row kind '" + std::string(kind) + "'");
  for (const auto& [name, value] : row.items()) {
    const auto is_named = [&wanted = name](const RowField& field) { return field.name == wanted; };
    if (name != "kind" && std::none_of(listed->fields.begin(), listed->fields.end(), is_named)) {
      fail(name, "has the unlisted field");
    }
  }
  for (const RowField& field : listed->fields) {
    if (field.required && !row.contains(field.name)) fail(field.name, "lacks the field");
  }
}

}  // namespace bq::bench
