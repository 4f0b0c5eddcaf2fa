#include "benchmarks/scenario/keys.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <utility>

#include "benchmarks/scenario/combination.h"
#include "benchmarks/scenario/message.h"
#include "benchmarks/scenario/point.h"
#include "benchmarks/scenario/process_reader.h"
#include "benchmarks/scenario/rules.h"

namespace bq::bench {

namespace {

constexpr std::array point_tables{"producer", "consumer", "stage", "arrivals"};

// ------------------------------------------------------------- keys that are one member of a point
// Their default is the member's initial value.

Key count_key(const char* name, const char* unit, std::int64_t high, std::size_t Point::*member,
              const std::string& meaning) {
  Key key{"", name, "whole number", unit, std::to_string(Point{}.*member), meaning};
  key.read = [=](const Combination& from, Point& point) {
    if (const auto value = from.read_count(name, 1, high))
      point.*member = static_cast<std::size_t>(*value);
  };
  key.write = [=](const Point& point, Json& json) { json[name] = point.*member; };
  key.default_value = Point{}.*member;
  return key;
}

template <class E>
Key choice_key(const char* name, E Point::*member, const char* meaning) {
  Key key{"", name, "text", "", '`' + std::string(name_of(Point{}.*member)) + '`', meaning};
  key.values = names_of<E>();
  key.read = [=](const Combination& from, Point& point) {
    point.*member = from.read_choice<E>(name).value_or(point.*member);
  };
  key.write = [=](const Point& point, Json& json) { json[name] = name_of(point.*member); };
  key.default_value = name_of(Point{}.*member);
  return key;
}

Key number_key(const char* name, const char* unit, double high,
               std::optional<double> Point::*member, const char* default_text,
               const char* meaning) {
  Key key{"", name, "number", unit, default_text, meaning};
  key.read = [=](const Combination& from, Point& point) {
    point.*member = from.read_positive(name, high);
  };
  key.write = [=](const Point& point, Json& json) {
    if (point.*member) json[name] = *(point.*member);
  };
  return key;
}

// ------------------------------------------------------------ keys whose reader is written by hand

Key capacity_key() {
  Key key{"",
          "capacity",
          "whole number",
          "messages",
          "required",
          "1 to 16,777,216; of each queue; full queues must fit into the free memory, as each "
          "trial fills them "
          "before it begins"};
  key.read = [](const Combination& from, Point& point) {
    const auto value = from.read_count("capacity", 1, max_capacity);
    if (!value) from.fail("capacity", "missing: add a line such as capacity = 16");
    point.capacity = static_cast<std::size_t>(*value);
    point.capacity_line = from.find("capacity")->source().begin.line;
  };
  key.write = [](const Point& point, Json& json) { json["capacity"] = point.capacity; };
  key.default_value = Point{}.capacity;
  return key;
}

// Must be listed after `payload`, on which its default depends.
Key message_bytes_key() {
  std::string sizes;
  for (std::size_t i = 0; i < InQueueMessages::count; ++i) {
    const bool last = i + 1 == InQueueMessages::count;
    sizes += (i == 0 ? "" : last ? " or " : ", ") + std::to_string(InQueueMessages::bytes[i]);
  }
  Key key{"",
          "message_bytes",
          "whole number",
          "bytes",
          std::to_string(Point{}.message_bytes) + ", on the heap 64",
          "in the queue: " + sizes + "; on the heap: a multiple of 8 from 16 to 1,048,576"};
  key.read = [sizes](const Combination& from, Point& point) {
    const bool on_heap = point.payload == Payload::heap;
    if (on_heap) point.message_bytes = 64;
    if (const auto bytes = from.read_count("message_bytes", 8, max_heap_message_bytes)) {
      point.message_bytes = static_cast<std::size_t>(*bytes);
    }
    const auto& in_queue = InQueueMessages::bytes;
    if (on_heap && (point.message_bytes < 16 || point.message_bytes % 8 != 0)) {
      from.fail("message_bytes", "must be a multiple of 8 and at least 16 with payload = \"heap\"");
    }
    if (!on_heap &&
        std::find(in_queue.begin(), in_queue.end(), point.message_bytes) == in_queue.end()) {
      from.fail("message_bytes", "must be " + sizes + "; other sizes need payload = \"heap\"");
    }
  };
  key.write = [](const Point& point, Json& json) { json["message_bytes"] = point.message_bytes; };
  key.default_value = Point{}.message_bytes;
  return key;
}

Key stages_key() {
  Key key{"",
          "stages",
          "whole number",
          "threads",
          "required in a pipeline",
          "of a pipeline, 2 to 16, the producer and the consumer among them"};
  key.read = [](const Combination& from, Point& point) {
    const auto stages = from.read_count("stages", 2, max_stages);
    const bool pipeline = point.topology == Topology::pipeline;
    if (pipeline && !stages) from.fail("stages", "missing");
    if (!pipeline && stages) from.fail("stages", "needs shape = \"pipeline\"");
    if (pipeline) point.stages = static_cast<std::size_t>(*stages);
  };
  key.write = [](const Point& point, Json& json) {
    if (point.topology == Topology::pipeline) json["stages"] = point.stages;
  };
  key.default_value = Point{}.stages;
  return key;
}

// ----------------------------------------------------------------------------------------- tables

void write_process(const Process& process, Json& json) {
  json["process"] = name_of(process.distribution);
  json["mean_ns"] = process.mean_ns;
  if (process.distribution == Distribution::lognormal) json["cv"] = process.cv;
  if (process.distribution == Distribution::bursty) {
    json["burst_msgs"] = process.burst_msgs;
    json["burst_gap_ns"] = process.burst_gap_ns;
  }
  if (!process.trace) return;
  json["trace_file"] = process.trace->file;
  json["trace_times"] = process.trace->ns.size();
  json["trace_hash"] = process.trace->hash;
}

Json work_json(const Work& work) {
  Json json{{"work", name_of(work.kind)}};
  if (work.kind != WorkKind::none) write_process(work, json);
  if (work.kind == WorkKind::memory) json["working_set_bytes"] = work.working_set_bytes;
  return json;
}

Key work_table(const char* name, Work Point::*member, const char* meaning) {
  Key key{"", name, "table", "", "no work", meaning, false};
  key.read = [=](const Combination& from, Point& point) { point.*member = read_work(from, name); };
  key.write = [=](const Point& point, Json& json) { json[name] = work_json(point.*member); };
  return key;
}

Key stage_table() {
  Key key = work_table(
      "stage", &Point::stage,
      "the work of each stage in the middle of a pipeline, between its pop and its push");
  key.read = [](const Combination& from, Point& point) {
    for (const std::string& leaf : key_names_of("stage")) {
      const bool misplaced = point.topology != Topology::pipeline && from.gives("stage." + leaf);
      if (misplaced) from.fail("stage." + leaf, "needs shape = \"pipeline\"");
    }
    point.stage = read_work(from, "stage");
  };
  key.write = [](const Point& point, Json& json) {
    if (point.middle_stages() > 0) json["stage"] = work_json(point.stage);
  };
  return key;
}

Key arrivals_table() {
  Key key{"",
          "arrivals",
          "table",
          "",
          "closed loop",
          "open loop: messages arrive at these times, whether there is room or not, and latency "
          "counts from there. "
          "The producers have no work then",
          false};
  key.read = [](const Combination& from, Point& point) { point.arrivals = read_arrivals(from); };
  key.write = [](const Point& point, Json& json) {
    if (!point.arrivals) return;
    write_process(*point.arrivals, json["arrivals"]);
    json["arrivals"]["wait"] = name_of(point.arrivals->wait);
  };
  return key;
}

// The keys that [producer], [consumer], [stage] and [arrivals] have in common, but for the mean.
void add_distribution_keys(const std::string& table, std::vector<Key>& all) {
  all.push_back(
      {table, "cv", "number", "", "", "lognormal: standard deviation / mean, at most 10"});
  all.push_back({table, "burst_msgs", "whole number", "messages", "", "bursty: messages a burst"});
  all.push_back({table, "burst_gap_ns", "number", "ns", "",
                 "bursty: time between the messages of a burst; the pause after it is exponential, "
                 "as long as the "
                 "mean asks"});
  all.push_back({table, "trace_file", "text", "", "",
                 "trace: a file of recorded times, one number a line, in ns; the path is relative "
                 "to the scenario's "
                 "folder. Read cyclically; each producer starts at a different position"});
}

void add_work_table(Key table, std::vector<Key>& all) {
  const std::string name = table.name;
  all.push_back(std::move(table));
  Key work{name,
           "work",
           "text",
           "",
           "`none`",
           "`spin`, `wide` and `memory` burn CPU, in calibrated steps: of one chain of "
           "multiplications; of several independent chains, which fill the execution units and "
           "which a spinning neighbour on the same core slows down; of a walk through memory. "
           "`sleep`: blocks; `none`"};
  work.values = names_of<WorkKind>();
  all.push_back(work);
  all.push_back({name, "working_set_bytes", "whole number", "bytes", "required with `memory`",
                 "memory: what each thread walks, in a random order of its cache lines; a step "
                 "loads a line and stores to it; a multiple of 64 from 4,096 to 268,435,456"});
  Key process{name, "process", "text", "", "`constant`", "the distribution of the times"};
  process.values = names_of<Distribution>();
  all.push_back(process);
  all.push_back({name, "mean_ns", "number", "ns",
                 "required with work, unless `rho` or a trace gives it",
                 "mean time a message, over everything; a trace is scaled to it"});
  add_distribution_keys(name, all);
}

void add_arrivals_table(std::vector<Key>& all) {
  all.push_back(arrivals_table());
  Key process{"arrivals", "process", "text", "", "required", "the distribution of the gaps"};
  for (const std::string& name : names_of<Distribution>()) {
    process.values.push_back(arrival_name_of(*enumerator_of<Distribution>(name)));
  }
  all.push_back(process);
  all.push_back({"arrivals", "mean_gap_ns", "number", "ns", "this, the next, or `rho`",
                 "mean time between two messages, over all producers, each of which has a stream "
                 "of its own"});
  all.push_back({"arrivals", "rate_per_s", "number", "msgs/s", "", "the same as a rate"});
  add_distribution_keys("arrivals", all);
  Key wait{"arrivals",
           "wait",
           "text",
           "",
           '`' + std::string(name_of(Arrivals{}.wait)) + '`',
           "how a producer waits for the next arrival: `spin` reads the clock, `sleep` does so "
           "only for the last "
           "0.1 ms"};
  wait.values = names_of<ArrivalWait>();
  all.push_back(wait);
}

// Keys of the file, which the scenario reads (scenario_file.cpp).
void add_scenario_keys(std::vector<Key>& all) {
  const auto add = [&](const char* name, const char* type, std::string default_text,
                       const char* meaning) {
    all.push_back({"", name, type, "", std::move(default_text), meaning, false, false});
  };
  add("question", "text", "required", "what the scenario asks, in plain words");
  add("expect", "text", "required", "the answer you expect, and why");
  add("rank", "bool", "`true`",
      "whether its queues get verdicts, and its points count in the table and the overview");
  add("judged_by", "name of a counter",
      "lost time; in an open loop the median excess; throughput without work",
      "what judges the queues; one of `queue_bench --counters` of which less or more is better");
  add("rounds", "whole number", std::to_string(default_rounds),
      "rounds of a default run; the most of all selected scenarios counts");
  add("queues", "list of names", "the default line-up",
      "the queues that it runs; `\"default\"` among them adds the default line-up");
}

void add_repeated_tables(std::vector<Key>& all) {
  const auto add = [&](const char* table, const char* name, const char* type,
                       const char* default_text, const char* meaning) {
    all.push_back({table, name, type, "", default_text, meaning, false, false});
  };
  add("", "case", "tables", "",
      "a named variant: its keys override the file's; each case is swept by itself");
  all.push_back({"case", "name", "text", "", "required",
                 "the case's name, a part of its points' names", false});
  add("", "claim", "tables", "", "what the run scores right or wrong");
  add("claim", "says", "text", "required", "the claim in plain words");
  add("claim", "counter", "name of a counter", "required", "one of `queue_bench --counters`");
  add("claim", "queue", "name or list of names", "required",
      "the claim must hold for all of them; `\"each\"`: every bounded queue that ran");
  add("claim", "where", "table", "all points",
      "the points that it is about: swept keys as in the points' names (`--list`; "
      "`consumer_mean_ns`, `case`), each "
      "with a value or a list");
  add("claim", "than", "name of a queue", "",
      "the claim is about the ratio to this queue, inside each block");
  add("claim", "than_where", "table", "",
      "instead of `than`: other points, selected as by `where`; the claim is about the ratio of "
      "the same queue here "
      "to there");
  add("claim", "above", "number", "this, `below` or both",
      "the lower bound, in the counter's unit or of the ratio");
  add("claim", "below", "number", "this, `above` or both", "the upper bound");
  add("claim", "since", "date", "required",
      "when it was stated in this form: `2026-11-28`, without quotes");
  add("claim", "replaces", "tables", "",
      "what it was before, a table for each earlier form; a bound that is exchanged stays "
      "readable");
  add("claim.replaces", "until", "date", "required",
      "when that form was replaced; not later than `since`");
  add("claim.replaces", "says", "text", "required", "what it said");
  add("claim.replaces", "bound", "text", "required", "its counter and bound, in words");
  add("claim.replaces", "why", "text", "required",
      "why it was replaced, and whether runs had contradicted it");
  add("", "earlier_expect", "tables", "",
      "an `expect` that runs contradicted, kept beside the new one: a prediction that failed is a "
      "result");
  add("earlier_expect", "until", "date", "required",
      "when it was replaced: `2026-11-28`, without quotes");
  add("earlier_expect", "text", "text", "required", "what `expect` said");
  add("earlier_expect", "why", "text", "required", "what contradicts it, and by how much");
}

std::vector<Key> all_keys() {
  std::vector<Key> all;
  add_scenario_keys(all);
  all.push_back(choice_key(
      "shape", &Point::topology,
      "`queue`: one, between producers and consumers; `pipeline`: a row of stages with a queue "
      "between each two, the producer first and the consumer last; `ping_pong`: a client pushes "
      "requests into one queue and pops each reply from another, a server pops, works and "
      "pushes. The last two take one producer and one consumer, 8-byte messages, a closed loop, "
      "and no `batch`, `rho` or quota"));
  all.back().swept = false;
  all.push_back(stages_key());
  const std::string threads =
      "1 to " + std::to_string(max_threads) + "; a point with more than " +
      std::to_string(max_threads_per_core) +
      " threads for each core that it may use here is skipped, with the reason";
  all.push_back(count_key("producers", "threads", max_threads, &Point::producers, threads));
  all.push_back(count_key("consumers", "threads", max_threads, &Point::consumers, threads));
  all.push_back(capacity_key());
  all.push_back(choice_key(
      "payload", &Point::payload,
      "where a message's bytes travel: `in_queue`, or `heap`: allocated by the producer, freed by "
      "the consumer, and a pointer passes through the queue"));
  all.push_back(message_bytes_key());
  all.push_back(choice_key(
      "when_full", &Point::when_full,
      "what a producer does without room: `wait`, or `drop` the message (`try_push`; needs "
      "`[arrivals]`)"));
  all.push_back(choice_key(
      "placement", &Point::placement,
      "`spread`: thread i on allowed core i mod n, consumers first, a pipeline's stages from the "
      "last on; `free`: no pinning; `one_core`"));
  all.push_back(choice_key(
      "neighbour", &Point::neighbour,
      "the background load during a trial: `none`; `idle_priority`: on each core a thread of "
      "SCHED_IDLE that spins; not with `[arrivals]`"));
  all.push_back(number_key(
      "cpu_quota_pct", "%", 100, &Point::cpu_quota_pct, "no quota",
      "the trial runs in a CPU cgroup that gives it this share of the used cores' time, in "
      "periods of 100 ms; above 0, at most 100; not with a neighbour"));
  all.push_back(count_key(
      "batch", "messages", max_capacity, &Point::batch,
      "pushed one after the other after one piece of work (of the first), or arriving at once; "
      "`mean_ns` stays the mean per message; at most `capacity`"));
  all.push_back(number_key(
      "rho", "", 100, &Point::rho, "",
      "offered load over service capacity, (producers / producer mean) / (consumers / consumer "
      "mean), at most 100; sets `producer.mean_ns`, or the mean gap of the arrivals"));
  all.push_back(number_key("window_ms", "ms", 300'000, &Point::window_ms, "see below",
                           "least length of the measured window, at most 300,000"));
  add_work_table(
      work_table("producer", &Point::producer,
                 "the work of each producer for each message, before its push; in a ping-pong the "
                 "client's, between a reply and its next request"),
      all);
  add_work_table(
      work_table(
          "consumer", &Point::consumer,
          "the work of each consumer for each message, after its pop; in a ping-pong the server's"),
      all);
  add_work_table(stage_table(), all);
  add_arrivals_table(all);
  add_repeated_tables(all);
  return all;
}

}  // namespace

const std::vector<Key>& keys() {
  static const std::vector<Key> all = all_keys();
  return all;
}

const Key* find_key(std::string_view table, std::string_view name) {
  const auto key = std::find_if(keys().begin(), keys().end(),
                                [&](const Key& k) { return k.table == table && k.name == name; });
  return key == keys().end() ? nullptr : &*key;
}

std::vector<std::string> key_names_of(std::string_view table) {
  std::vector<std::string> names;
  for (const Key& key : keys()) {
    if (key.table == table) names.push_back(key.name);
  }
  return names;
}

bool is_point_table(std::string_view name) {
  return std::find(point_tables.begin(), point_tables.end(), name) != point_tables.end();
}

}  // namespace bq::bench
