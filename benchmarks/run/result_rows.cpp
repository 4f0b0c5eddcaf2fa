#include "benchmarks/run/result_rows.h"

#include "benchmarks/scenario/keys.h"

namespace bq::bench {

namespace {

constexpr bool optional_field = false;

const RowField cell_field{"cell", "name", "name of the cell"};
const RowField point_field{"point", "name", "name of the point"};
const RowField queue_field{"queue", "name", "name of the queue"};
const RowField round_field{"round", "count", "number of the round"};
const RowField level_field{
    "level", "level",
    "`traced` (a timestamp before and after each call) or `counted` (no timestamps in the loop)"};

const std::vector<RowKind> kinds{
    {"run",
     "the first line, once",
     {{"schema", "count", "the version of this format"},
      {"context", "context", "the machine, the build and the command; see below"},
      {"scenarios", "{scenario}", "{name: scenario object}; see below"},
      {"queues", "{{text}}", "{name: labels}"}}},
    {"limits",
     "one a round: baselines of the machine",
     {round_field,
      {"park_round_trip_ns", "number",
       "two threads on two cores that wake each other by a futex, there and back, median"},
      {"spsc_msgs_per_s", "number",
       "`spsc_spin`, capacity 1024, no work, median of several runs of 6 ms; absent on one core",
       optional_field},
      {"timestamp_ns", "number", "what one timestamp costs; absent in runs before schema 2",
       optional_field}}},
    {"looks",
     "once, in a run with a budget of time: when verdicts are drawn, planned before the first one",
     {{"rounds", "[count]", "after how many rounds of a point, ascending"}}},
    {"skip",
     "one a cell that cannot run",
     {cell_field, point_field, queue_field, {"reason", "text", "in words"}}},
    {"start",
     "a trial begins; one without a `trial` or `plan` after it was cut short",
     {cell_field, {"round", "count", "number of the round; 0: the pilot"}, level_field}},
    {"plan",
     "one a cell, by the pilot; fixed for the run",
     {cell_field,
      point_field,
      queue_field,
      {"pilot_ns_per_msg", "number", "time per message that the pilot saw"},
      {"messages_per_producer", "count", "of each trial, the warm-up included"},
      {"warmup_messages_per_producer", "count", "before the window may open"},
      {"capacity", "count",
       "the nearest that a queue from outside can have, where it cannot have the point's",
       optional_field},
      {"wall_ns", "count", "what the pilot of this cell took; absent in runs until 2026-11-23",
       optional_field}}},
    {"syscalls",
     "one a cell, by the pilot, from a short trial in which the kernel counts (and which is slower "
     "for it); none where tracefs is not mounted or perf_event_open not allowed",
     {cell_field,
      point_field,
      queue_field,
      {"syscalls_per_msg", "number", "system calls inside push and pop"},
      {"producer_syscalls_per_msg", "number", "those of the producers", optional_field},
      {"stage_syscalls_per_msg", "number", "those of the middle stages", optional_field},
      {"consumer_syscalls_per_msg", "number", "those of the consumers", optional_field}}},
    {"property",
     "one a measurement of a queue, once a run, after the pilot; the last row of each (queue, "
     "name, params) counts",
     {queue_field,
      {"name", "name", "see below"},
      {"params", "{count}", "see below"},
      {"values", "{number?}", "{name with its unit: number}; absent with `error`", optional_field},
      {"error", "text",
       "what the queue did wrong, hung or crashed in; it has no rows after this one",
       optional_field}}},
    {"trial",
     "one a trial",
     {cell_field,
      point_field,
      {"scenario", "name", "name of the scenario"},
      queue_field,
      round_field,
      {"order", "count", "position in its process"},
      level_field,
      {"status", "status",
       "`ok`; `error`: a wrong, hung or crashed queue, whose cell has no numbers, those of earlier "
       "trials included; `void`: no window to measure"},
      {"message", "text", "of `error` and `void`: why", optional_field},
      {"hung", "flag", "of `error`: true if the queue made no progress", optional_field},
      {"messages", "count", "of `ok`: pushed inside the window", optional_field},
      {"window_ns", "number", "of `ok`: length of the window", optional_field},
      {"ns_per_msg", "number", "of `ok`: window / messages", optional_field},
      {"counters", "{number?}",
       "of `ok`: {counter: number}, each absent (or null) where it does not apply",
       optional_field}}},
    {"block",
     "after the last trial of a block",
     {point_field,
      round_field,
      {"disturbed", "flag", "whether its numbers are in doubt"},
      {"why", "text", "absent if not disturbed", optional_field},
      {"probe_before", "number",
       "thread CPU / wall of a spinning probe on the cores used, lowest core"},
      {"probe_after", "number", "the same after the block"},
      {"ns_per_step", "number",
       "calibration of the work: what a step takes; of `spin` work where no side takes steps, and "
       "of the producers where the sides take different ones (of the consumers, if the producers "
       "take none)"},
      {"ns_per_step_after", "number", "the same after the block"},
      {"ns_per_step_by_role", "{number}",
       "{`producer`, `stage`, `consumer`: number}: the same for each; absent unless the sides take "
       "different steps",
       optional_field},
      {"ns_per_step_by_role_after", "{number}", "the same after the block", optional_field},
      {"gap_share", "number",
       "median over its trials of `gap_share` or `generator_pause_share`, the larger; absent where "
       "no trial has one",
       optional_field},
      {"handoff_ns", "number", "one-way transfer of a cache line; absent on one core",
       optional_field},
      {"handoff_after_ns", "number",
       "the same after the block; absent on one core, and in runs before schema 4", optional_field},
      {"layout", "count",
       "which of the programs with their code at other places measured it; absent in runs before "
       "schema 4",
       optional_field},
      {"cores_exchanged", "flag",
       "whether the threads were dealt the cores from the other end, so that on two cores producer "
       "and consumer had each other's; absent in runs before schema 4",
       optional_field},
      {"wall_ns", "count", "what the block took, all in all; absent in runs until 2026-11-23",
       optional_field}}},
    {"histograms.jsonl",
     "one a distribution of a trial",
     {cell_field,
      round_field,
      level_field,
      {"name", "name", "a distribution's name with its unit: `sojourn_ns`"},
      {"count", "count", "number of values"},
      {"max", "number", "the largest value, ns"},
      {"buckets", "[bucket]",
       "[[lower_ns, upper_ns, count], ...], with a relative width of at most 1/32"}}},
    {"timelines.jsonl",
     "one a timestamped trial of one queue",
     {cell_field,
      round_field,
      level_field,
      {"slice_ns", "number", "slices divide the window"},
      {"occupancy", "[count]", "[messages inside at the end of each slice]"},
      {"pushed", "[count]", "[messages pushed in each slice]"}}},
};

const RowKind context_kind{
    "context",
    "of the `run` row",
    {{"date", "name", "when the run began: `2026-11-28T21:00:17+0000`"},
     {"host_name", "text", "name of the machine"},
     {"cpu_model", "text", "the processor's name"},
     {"cores", "count", "number of cores that the run may use"},
     {"kernel", "text", "release of the kernel"},
     {"physical_cores", "[[count]]",
      "the CPUs that the run may use, those of one physical core together; absent if unknown, and "
      "in runs before schema 3",
      optional_field},
     {"virtual_machine", "text",
      "the product or the hypervisor: `Amazon EC2`, `KVM`, `unknown hypervisor`; absent on a "
      "machine without one, and in runs before schema 3",
      optional_field},
     {"governor", "text",
      "frequency governor of the CPUs that the run may use, several joined with a comma; absent if "
      "unknown",
      optional_field},
     {"frequency_driver", "text",
      "the kernel's driver of frequency scaling; absent if unknown, and in runs before schema 3",
      optional_field},
     {"turbo", "name",
      "`on` or `off`: whether the processor may raise its clock rate above the nominal one; "
      "absent if unknown, and in runs before schema 3",
      optional_field},
     {"cpu_quota_cores", "number",
      "what the CPU cgroups that the program was started in give it; absent if that is no less "
      "than `cores`",
      optional_field},
     {"busy_cores", "number",
      "what other processes used of the CPUs that the run may use, in cores, in half a second "
      "before the pilot; absent if unknown, beside other runs, and in runs before schema 3",
      optional_field},
     {"load_average", "number",
      "processes that ran or wanted to, averaged over the minute before, the build included; "
      "absent in runs before schema 3",
      optional_field},
     {"steal_pct", "number",
      "of the CPU time wanted since the system was started, what the hypervisor gave to others; "
      "absent in runs before schema 3",
      optional_field},
     {"pause_ns", "number",
      "with `--adapt-spin-limits`: one round of the spin loop of our own queues", optional_field},
     {"spin_limit", "count",
      "with `--adapt-spin-limits`: how many rounds our own queues spin before they yield or sleep; "
      "200 without",
      optional_field},
     {"compiler", "text", "name and version"},
     {"build_type", "text", "CMake's"},
     {"flags", "text", "of the compiler"},
     {"libraries", "{text}", "{name: version}"},
     {"version", "text", "of this suite; absent in runs before 0.1.0", optional_field},
     {"commit", "text", "`unknown` if built without git, or from no checkout"},
     {"dirty", "flag", "whether the checkout had changes"},
     {"binary_id", "text", "hash of the program"},
     {"seed", "count", "random seed: drawn work and order of trials"},
     {"clock", "text", "source of the timestamps"},
     {"default_rounds", "count", "rounds that the scenarios ask for"},
     {"arguments", "any", "of the command that made the run; absent without `./scripts/bench`",
      optional_field}}};

const std::vector<RowField> distribution_fields{
    {"process", "process", "the distribution of the times", optional_field},
    {"mean_ns", "number", "mean time a message", optional_field},
    {"cv", "number", "of a lognormal distribution: standard deviation / mean", optional_field},
    {"burst_msgs", "count", "of a bursty one: messages a burst", optional_field},
    {"burst_gap_ns", "number", "of a bursty one: time between its messages", optional_field},
    {"trace_file", "text", "of a trace: its name", optional_field},
    {"trace_times", "count", "of a trace: how many times it holds", optional_field},
    {"trace_hash", "count", "of a trace: a hash of its times", optional_field},
};

std::vector<RowField> with_distribution(std::vector<RowField> fields) {
  fields.insert(fields.end(), distribution_fields.begin(), distribution_fields.end());
  return fields;
}

// The type of a key that a point's object holds.
std::string_view type_of(const Key& key) {
  if (key.type == "table") return key.name == "arrivals" ? "arrivals" : "side";
  if (!key.values.empty()) return key.name;  // that of its enumeration
  if (key.type == "whole number") return "count";
  return key.type;
}

// A key that is absent has its default: writers may omit those.
RowKind point_kind() {
  RowKind point{"point",
                "of a scenario",
                {{"name", "name", "name of the point"},
                 {"scenario", "name", "name of the scenario"},
                 {"params", "{any}", "{swept key: value}"},
                 {"case", "name", "name of the case; absent without cases", optional_field},
                 {"level", "level", "the level that gives its number"}}};
  for (const Key& key : keys()) {
    if (key.write) point.fields.push_back({key.name, type_of(key), key.meaning, optional_field});
  }
  return point;
}

std::vector<RowKind> all_objects() {
  return {
      context_kind,
      {"scenario",
       "of the `run` row",
       {{"name", "name", "name of the scenario"},
        {"file", "text", "where it was read, below scenarios/"},
        {"question", "text", "what the scenario asks"},
        {"expect", "text", "the answer that its author expects"},
        {"rank", "flag", "whether its points count in the score"},
        {"rounds", "count", "rounds of a default run"},
        {"judged_by", "judge", "what ranks the queues; absent: see scenarios/README.md",
         optional_field},
        {"queues", "[name]", "its queues, in order"},
        {"points", "[point]", "its points, in order"},
        {"earlier_expect", "[earlier_expect]", "expectations that runs contradicted",
         optional_field},
        {"claims", "[claim]", "what a run scores right or wrong", optional_field}}},
      point_kind(),
      {"side", "of a point: `producer`, `consumer`, `stage`",
       with_distribution(
           {{"work", "work", "what its threads do for a message"},
            {"working_set_bytes", "count",
             "of `memory`: what each thread walks; in runs from schema 4 on", optional_field}})},
      {"arrivals", "of a point with an open loop",
       with_distribution({{"wait", "wait", "how a producer waits for the next"}})},
      {"judge",
       "of a scenario",
       {{"counter", "name", "name of a counter"},
        {"better", "better", "which direction is better"}}},
      {"claim",
       "of a scenario",
       {{"says", "text", "the claim in words"},
        {"counter", "name", "name of a counter"},
        {"queues", "[name]", "of which queues; absent: each bounded one", optional_field},
        {"points", "[name]", "at which points"},
        {"than", "name", "the queue to divide by", optional_field},
        {"than_points", "[name]", "the points to divide by", optional_field},
        {"above", "number", "lower bound", optional_field},
        {"below", "number", "upper bound", optional_field},
        {"since", "name", "when it was stated in this form; from schema 4 on", optional_field},
        {"replaces", "[earlier_claim]", "its earlier forms; absent: none", optional_field}}},
      {"earlier_claim",
       "of a claim",
       {{"until", "name", "when it was replaced"},
        {"says", "text", "the claim in words"},
        {"bound", "text", "its counter and bound in words"},
        {"why", "text", "why it was replaced"}}},
      {"earlier_expect",
       "of a scenario",
       {{"until", "name", "when it was replaced"},
        {"text", "text", "what `expect` said"},
        {"why", "text", "what contradicts it"}}},
  };
}

}  // namespace

const std::vector<RowKind>& row_kinds() {
  return kinds;
}

const std::vector<RowKind>& object_kinds() {
  static const std::vector<RowKind> objects = all_objects();
  return objects;
}

}  // namespace bq::bench
