#include "benchmarks/scenario.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

#include "benchmarks/counters.h"
#include "benchmarks/read_claims.h"

namespace bq::bench {

namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

// Every key of the language. `swept` keys take one value or a list of them.
struct Key {
  std::string_view path;  // the name, behind its table's and a dot if it is in one: no name of ours has a dot
  bool swept;

  constexpr std::string_view table() const { return path.substr(0, path.rfind('.') + 1); }  // "consumer."
  constexpr std::string_view name() const { return path.substr(path.rfind('.') + 1); }
};
constexpr std::array keys{
    Key{"question", false},
    Key{"expect", false},
    Key{"rank", false},
    Key{"judged_by", false},
    Key{"rounds", false},
    Key{"queues", false},
    Key{"shape", false},
    Key{"stages", true},
    Key{"producers", true},
    Key{"consumers", true},
    Key{"capacity", true},
    Key{"message_bytes", true},
    Key{"payload", true},
    Key{"when_full", true},
    Key{"placement", true},
    Key{"neighbour", true},
    Key{"cpu_quota_pct", true},
    Key{"batch", true},
    Key{"rho", true},
    Key{"window_ms", true},
    Key{"producer.work", true},
    Key{"producer.process", true},
    Key{"producer.mean_ns", true},
    Key{"producer.cv", true},
    Key{"producer.burst_msgs", true},
    Key{"producer.burst_gap_ns", true},
    Key{"producer.trace_file", true},
    Key{"consumer.work", true},
    Key{"consumer.process", true},
    Key{"consumer.mean_ns", true},
    Key{"consumer.cv", true},
    Key{"consumer.burst_msgs", true},
    Key{"consumer.burst_gap_ns", true},
    Key{"consumer.trace_file", true},
    Key{"stage.work", true},
    Key{"stage.process", true},
    Key{"stage.mean_ns", true},
    Key{"stage.cv", true},
    Key{"stage.burst_msgs", true},
    Key{"stage.burst_gap_ns", true},
    Key{"stage.trace_file", true},
    Key{"arrivals.process", true},
    Key{"arrivals.mean_gap_ns", true},
    Key{"arrivals.rate_per_s", true},
    Key{"arrivals.cv", true},
    Key{"arrivals.burst_msgs", true},
    Key{"arrivals.burst_gap_ns", true},
    Key{"arrivals.trace_file", true},
    Key{"arrivals.wait", true},
};
constexpr std::array not_in_a_case{"question", "expect", "rank", "judged_by", "rounds", "queues"};

constexpr std::int64_t max_threads = 256;  // a side
constexpr std::int64_t max_stages = 16;
constexpr std::int64_t max_capacity = 1 << 24;
constexpr std::int64_t max_points = 1000;  // a file
constexpr double max_mean_ns = 1e8;        // the longest of a trial's exponential draws must still fit 32 bits
constexpr std::size_t max_trace = 10'000'000;
constexpr std::array tables{"producer", "consumer", "stage", "arrivals"};

// `table`: as Key::table() has it. A name in quotes may look like a path; it is none.
const Key* find_key(std::string_view table, std::string_view name) {
  const auto found = std::find_if(keys.begin(), keys.end(),
                                  [&](const Key& key) { return key.table() == table && key.name() == name; });
  return found == keys.end() ? nullptr : &*found;
}

// What `file` has for a key of the language.
const toml::node* node_at(const toml::table& file, std::string_view path) {
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return file.get(path);
  const toml::table* table = file.get_as<toml::table>(path.substr(0, dot));
  return table ? table->get(path.substr(dot + 1)) : nullptr;
}

// mean_us, mean, mean_milliseconds -> mean_ns: the same word with another unit or none. `path`: names and dots of an
// unknown key, joined.
std::string hint_for(std::string_view path) {
  const auto stem = [](std::string_view text) { return text.substr(0, text.rfind('_')); };
  for (const Key& key : keys) {
    if (key.path == path) {
      return "unknown, as a dot in quotes is part of the name: write it without the quotes: "s + std::string(path) +
             ", or in a table: [" + std::string(key.table().substr(0, key.table().size() - 1)) + "]";
    }
    if (stem(key.path) == stem(path) || stem(key.path) == path) {
      return "unknown; did you mean '"s + std::string(key.path) + "' (the unit is part of the name)?";
    }
  }
  std::string all;
  for (const Key& key : keys) all += (all.empty() ? "" : ", ") + std::string(key.path);
  return "unknown; the keys are " + all + ", [[case]], [[claim]], [[earlier_expect]]";
}

// Every key below `table` must be in the language.
void check_keys(const Place& place, const toml::table& table, const std::string& prefix, bool in_case) {
  for (const auto& [key_of_node, node] : table) {
    const std::string_view name = key_of_node.str();
    const std::string path = prefix + toml_name(name);
    if (prefix.empty() && std::find(tables.begin(), tables.end(), name) != tables.end()) {
      if (!node.is_table()) place.fail(node, path, "must be a table: [" + path + "]");
      check_keys(place, *node.as_table(), path + ".", in_case);
    } else if (prefix.empty() && name == "case" && !in_case) {
      const toml::array* cases = node.as_array();
      if (!cases || cases->empty() || !cases->is_array_of_tables()) place.fail(node, path, "must be tables: [[case]]");
    } else if (prefix.empty() && name == "claim" && !in_case) {
      continue;  // read_claims() checks them
    } else if (prefix.empty() && name == "earlier_expect" && !in_case) {
      continue;  // read_earlier_expects() checks them
    } else if (prefix.empty() && name == "name" && in_case) {
      if (!node.is_string()) place.fail(node, path, "must be a string");
    } else {
      const Key* key = find_key(prefix, name);
      if (!key) place.fail(node, path, hint_for(prefix + std::string(name)));
      if (in_case && std::find(not_in_a_case.begin(), not_in_a_case.end(), path) != not_in_a_case.end()) {
        place.fail(node, path, "belongs at the top of the file, not in a case");
      }
      if (node.is_array() && !key->swept && path != "queues") place.fail(node, path, "takes one value, not a list");
      if (node.is_array() && node.as_array()->empty()) place.fail(node, path, "the list is empty");
      if (node.is_table()) place.fail(node, path, "takes a value, not a table");
    }
  }
}

// One combination: the file, one of its cases on top, one choice from each list.
class Combination {
 public:
  Combination(const Place& place, const toml::table& file, const toml::table* overlay)
      : place_(place), file_(file), overlay_(overlay) {
    for (const Key& key : keys) {
      const toml::node* node = raw(key.path);
      if (key.swept && node && node->is_array()) axes_.push_back({key.path, node->as_array(), 0});
    }
  }

  /// Steps to the next combination; false after the last.
  bool advance() {
    for (auto axis = axes_.rbegin(); axis != axes_.rend(); ++axis) {
      if (++axis->choice < axis->values->size()) return true;
      axis->choice = 0;
    }
    return false;
  }
  std::size_t count() const {
    std::size_t product = 1;
    for (const Axis& axis : axes_) product *= axis.values->size();
    return product;
  }

  const toml::node* find(std::string_view path) const {
    for (const Axis& axis : axes_) {
      if (axis.path == path) return axis.values->get(axis.choice);
    }
    return raw(path);
  }
  const Place& place() const { return place_; }
  /// A line to blame for a missing key.
  toml::source_index line() const { return (overlay_ ? *overlay_ : file_).source().begin.line; }
  /// The swept keys, as names for parameters: "consumer.mean_ns" -> "consumer_mean_ns".
  std::vector<std::pair<std::string, Point::Value>> params() const {
    std::vector<std::pair<std::string, Point::Value>> result;
    for (const Axis& axis : axes_) {
      if (axis.values->size() < 2) continue;
      std::string name(axis.path);
      std::replace(name.begin(), name.end(), '.', '_');
      const toml::node& node = *axis.values->get(axis.choice);
      if (node.is_integer()) {
        result.emplace_back(name, node.as_integer()->get());
      } else if (node.is_floating_point()) {
        result.emplace_back(name, node.as_floating_point()->get());
      } else {
        result.emplace_back(name, node.value<std::string>().value_or(""));
      }
    }
    return result;
  }

 private:
  struct Axis {
    std::string_view path;
    const toml::array* values;
    std::size_t choice;
  };

  const toml::node* raw(std::string_view path) const {
    if (overlay_) {
      if (const toml::node* node = node_at(*overlay_, path)) return node;
      // A case that redefines a side's work, or the arrivals, starts them afresh: leftovers of another process would be
      // nonsense.
      const std::string table(path.substr(0, path.find('.')));
      for (const char* leaf : {".work", ".process"}) {
        if (table.size() < path.size() && node_at(*overlay_, table + leaf)) return nullptr;
      }
    }
    return node_at(file_, path);
  }

  const Place& place_;
  const toml::table& file_;
  const toml::table* overlay_;
  std::vector<Axis> axes_;
};

std::string read_string(const Combination& from, std::string_view path, const std::vector<std::string>& choices,
                        const std::string& fallback) {
  const toml::node* node = from.find(path);
  if (!node) return fallback;
  const auto value = node->value_exact<std::string>();
  if (value && (choices.empty() || std::find(choices.begin(), choices.end(), *value) != choices.end())) return *value;
  std::string wanted;
  for (const std::string& choice : choices) wanted += (wanted.empty() ? "" : ", ") + ("\"" + choice + "\"");
  from.place().fail(*node, path, choices.empty() ? "must be a string" : "must be one of " + wanted);
}

std::int64_t read_count(const Combination& from, std::string_view path, std::int64_t low, std::int64_t high,
                        std::optional<std::int64_t> fallback) {
  const toml::node* node = from.find(path);
  if (!node) {
    if (fallback) return *fallback;
    from.place().fail(from.line(), path, "missing");
  }
  const auto value = node->value_exact<std::int64_t>();
  if (!value || *value < low || *value > high) {
    from.place().fail(*node, path,
                      "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return *value;
}

std::optional<double> read_positive(const Combination& from, std::string_view path, double high) {
  const toml::node* node = from.find(path);
  if (!node) return std::nullopt;
  const auto value = node->is_number() ? node->value<double>() : std::nullopt;
  if (!value || !(*value > 0) || !(*value <= high)) {
    std::ostringstream what;
    what << "must be a number above 0 and at most " << high;
    from.place().fail(*node, path, what.str());
  }
  return value;
}

[[noreturn]] void fail_at(const Combination& from, const std::string& path, const std::string& what) {
  const toml::node* node = from.find(path);
  from.place().fail(node ? node->source().begin.line : from.line(), path, what);
}

// One number a line, ns; blank lines and what follows a # are left out.
std::shared_ptr<const Trace> read_trace(const Combination& from, const std::string& key, const std::string& name) {
  const fs::path file = from.place().file.parent_path() / name;
  const auto fail = [&](std::size_t line, const std::string& what) {
    fail_at(from, key, file.string() + (line ? ":" + std::to_string(line) : "") + ": " + what);
  };
  std::ifstream stream(file);
  std::error_code error;
  if (!fs::is_regular_file(file, error) || !stream)
    fail(0, "cannot be read; the path counts from the scenario's folder");
  auto trace = std::make_shared<Trace>();
  trace->file = name;
  double sum = 0;
  std::size_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    line.resize(std::min(line.size(), line.find('#')));
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) line.pop_back();
    const auto begin = std::find_if_not(line.begin(), line.end(), [](unsigned char c) { return std::isspace(c); });
    if (begin == line.end()) continue;
    const char* first = line.data() + (begin - line.begin());
    const char* last = line.data() + line.size();
    double ns = 0;
    const auto [end, trouble] = std::from_chars(first, last, ns);
    if (trouble != std::errc{} || end != last || !std::isfinite(ns)) {
      fail(number, "'" + std::string(first, last) + "' is not a number of nanoseconds; one a line");
    }
    if (ns < 0) fail(number, "a time cannot be negative");
    if (ns > 4e9) fail(number, "longer than 4 s");
    if (trace->ns.size() == max_trace) fail(number, "more than " + std::to_string(max_trace) + " times");
    trace->ns.push_back(ns);
    sum += ns;
  }
  if (trace->ns.empty()) fail(0, "holds no time");
  if (sum <= 0) fail(0, "all its times are 0");
  trace->mean_ns = sum / static_cast<double>(trace->ns.size());
  return trace;
}

// The stream of times that a table describes, but a mean that `rho` will give. `mean`: the key of the mean.
Process read_process(const Combination& from, const std::string& table, const char* mean,
                     const std::map<std::string, Process::Shape>& shapes, const std::string& fallback) {
  using Shape = Process::Shape;
  const auto key = [&](const char* leaf) { return table + "." + leaf; };
  std::vector<std::string> names;
  for (const auto& [name, shape] : shapes) names.push_back(name);
  Process process;
  process.shape = shapes.at(read_string(from, key("process"), names, fallback));
  process.mean_ns = read_positive(from, key(mean), max_mean_ns).value_or(0);
  const auto only_for = [&](Shape shape, const char* name, std::initializer_list<const char*> leaves) {
    for (const char* leaf : leaves) {
      const bool given = from.find(key(leaf)) != nullptr;
      if (process.shape != shape && given) fail_at(from, key(leaf), "needs " + key("process") + " = \"" + name + "\"");
      if (process.shape == shape && !given)
        fail_at(from, key(leaf), "missing: a " + std::string(name) + " process needs it");
    }
  };
  only_for(Shape::lognormal, "lognormal", {"cv"});
  only_for(Shape::bursty, "bursty", {"burst_msgs", "burst_gap_ns"});
  only_for(Shape::trace, "trace", {"trace_file"});
  if (process.shape == Shape::lognormal) process.cv = *read_positive(from, key("cv"), 10);
  if (process.shape == Shape::bursty) {
    process.burst_msgs = static_cast<std::uint64_t>(read_count(from, key("burst_msgs"), 2, 1'000'000, std::nullopt));
    process.burst_gap_ns = *read_positive(from, key("burst_gap_ns"), max_mean_ns);
  }
  if (process.shape == Shape::trace) {
    process.trace = read_trace(from, key("trace_file"), read_string(from, key("trace_file"), {}, ""));
    if (process.mean_ns == 0) process.mean_ns = process.trace->mean_ns;
  }
  return process;
}

Work read_work(const Combination& from, const std::string& side) {
  using Shape = Process::Shape;
  const auto key = [&](const char* leaf) { return side + "." + leaf; };
  Work work;
  const std::string kind = read_string(from, key("work"), {"spin", "sleep", "none"}, "none");
  if (kind == "none") {
    for (const char* leaf : {"process", "mean_ns", "cv", "burst_msgs", "burst_gap_ns", "trace_file"}) {
      if (from.find(key(leaf))) fail_at(from, key(leaf), "needs " + key("work") + " = \"spin\" or \"sleep\"");
    }
    return work;
  }
  static_cast<Process&>(work) = read_process(from, side, "mean_ns",
                                             {{"constant", Shape::constant},
                                              {"exponential", Shape::exponential},
                                              {"lognormal", Shape::lognormal},
                                              {"bursty", Shape::bursty},
                                              {"trace", Shape::trace}},
                                             "constant");
  work.kind = kind == "spin" ? Work::Kind::spin : Work::Kind::sleep;
  return work;
}

std::optional<Arrivals> read_arrivals(const Combination& from) {
  using Shape = Process::Shape;
  const auto given = [&](const char* key) { return from.find(key) != nullptr; };
  if (!given("arrivals.process")) {
    for (const Key& key : keys) {
      if (key.path.starts_with("arrivals.") && from.find(key.path)) fail_at(from, "arrivals.process", "missing");
    }
    return std::nullopt;
  }
  if (given("producer.work")) {
    fail_at(from, "producer.work", "with [arrivals] the producers do nothing but push what arrives: leave it out");
  }
  Arrivals arrivals;
  static_cast<Process&>(arrivals) = read_process(from, "arrivals", "mean_gap_ns",
                                                 {{"constant", Shape::constant},
                                                  {"poisson", Shape::exponential},
                                                  {"lognormal", Shape::lognormal},
                                                  {"bursty", Shape::bursty},
                                                  {"trace", Shape::trace}},
                                                 "");
  arrivals.wait = read_string(from, "arrivals.wait", {"spin", "sleep"}, "spin") == "spin" ? Arrivals::Wait::spin
                                                                                          : Arrivals::Wait::sleep;
  if (const auto rate = read_positive(from, "arrivals.rate_per_s", 1e9)) {
    if (given("arrivals.mean_gap_ns")) fail_at(from, "arrivals.rate_per_s", "give either this or arrivals.mean_gap_ns");
    arrivals.mean_ns = 1e9 / *rate;
  }
  return arrivals;
}

// `key`: where the mean comes from, for messages.
void check_process(const Combination& from, const std::string& table, const std::string& key, const Process& process) {
  if (process.mean_ns > max_mean_ns) {
    fail_at(from, from.find(key) ? key : "rho", "makes a mean of over 0.1 s a message");
  }
  if (process.shape != Process::Shape::bursty) return;
  const double burst = static_cast<double>(process.burst_msgs);
  const double pause_ns = process.mean_ns * burst - process.burst_gap_ns * (burst - 1);
  if (pause_ns > max_mean_ns) {
    fail_at(from, table + ".burst_msgs", "makes a mean pause of over 0.1 s: smaller bursts, or a shorter mean");
  }
  if (pause_ns <= 0) {
    fail_at(from, table + ".burst_gap_ns",
            "too long: the bursts alone are slower than the mean of " + std::to_string(std::lround(process.mean_ns)) +
                " ns");
  }
}

void check_work(const Combination& from, const std::string& side, const Work& work) {
  if (work.kind == Work::Kind::none) return;
  if (work.mean_ns <= 0) fail_at(from, side + ".mean_ns", side == "producer" ? "missing: give it, or rho" : "missing");
  check_process(from, side, side + ".mean_ns", work);
}

void check_arrivals(const Combination& from, const Arrivals& arrivals) {
  if (arrivals.mean_ns <= 0) fail_at(from, "arrivals.mean_gap_ns", "missing: give it, or arrivals.rate_per_s, or rho");
  check_process(from, "arrivals", from.find("arrivals.rate_per_s") ? "arrivals.rate_per_s" : "arrivals.mean_gap_ns",
                arrivals);
}

std::size_t read_batch(const Combination& from, const Point& point) {
  const auto batch = static_cast<std::size_t>(read_count(from, "batch", 1, max_capacity, 1));
  if (batch == 1) return batch;
  const Process& offer = point.arrivals ? static_cast<const Process&>(*point.arrivals) : point.producer;
  const std::string table = point.arrivals ? "arrivals" : "producer";
  if (!point.arrivals && point.producer.kind == Work::Kind::none)
    fail_at(from, "batch", "needs work of the producer, or [arrivals]");
  if (offer.shape == Process::Shape::bursty || offer.shape == Process::Shape::trace) {
    fail_at(from, "batch", "needs another " + table + ".process: a bursty one and a trace have batches of their own");
  }
  if (batch > point.capacity) {
    fail_at(from, "batch",
            "a batch of " + std::to_string(batch) + " never fits a capacity of " + std::to_string(point.capacity) +
                ": smaller batches, or more capacity");
  }
  return batch;
}

std::string text_of(const Point::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  std::ostringstream out;
  out.precision(12);
  std::visit([&](const auto& v) { out << v; }, value);
  return out.str();
}

void read_message(const Combination& from, Point& point) {
  constexpr std::int64_t largest = 1 << 20;
  const bool on_heap = read_string(from, "payload", {"in_queue", "heap"}, "in_queue") == "heap";
  point.payload = on_heap ? Payload::heap : Payload::in_queue;
  const std::int64_t bytes = read_count(from, "message_bytes", 8, largest, on_heap ? 64 : 8);
  point.message_bytes = static_cast<std::size_t>(bytes);
  if (on_heap ? bytes < 16 || bytes % 8 != 0 : bytes != 8 && bytes != 64 && bytes != 1024) {
    fail_at(from, "message_bytes",
            on_heap ? "must be a multiple of 8 and at least 16 with payload = \"heap\""
                    : "must be 8, 64 or 1024; other sizes need payload = \"heap\"");
  }
}

// Which queues there are, and between whom. A chain has one thread at each end of each queue.
void read_shape(const Combination& from, Point& point) {
  const std::string shape = read_string(from, "shape", {"queue", "pipeline", "ping_pong"}, "queue");
  point.shape = shape == "pipeline" ? Topology::pipeline : shape == "ping_pong" ? Topology::ping_pong : Topology::queue;
  if (point.shape == Topology::pipeline) {
    point.stages = static_cast<std::size_t>(read_count(from, "stages", 2, max_stages, std::nullopt));
    point.stage = read_work(from, "stage");
    check_work(from, "stage", point.stage);
  } else {
    for (const Key& key : keys) {
      const bool of_pipelines = key.path == "stages" || key.path.starts_with("stage.");
      if (of_pipelines && from.find(key.path)) fail_at(from, std::string(key.path), "needs shape = \"pipeline\"");
    }
  }
  if (!point.is_chain()) return;
  const std::initializer_list<std::pair<const char*, bool>> of_one_queue{
      {"producers", point.producers != 1},
      {"consumers", point.consumers != 1},
      {"payload", point.payload != Payload::in_queue},
      {"message_bytes", point.message_bytes != 8},
      {"when_full", point.when_full != WhenFull::wait},
      {"batch", point.batch != 1},
      {"rho", from.find("rho") != nullptr},
      {"cpu_quota_pct", point.cpu_quota_pct.has_value()},
      {"arrivals.process", point.arrivals.has_value()},
  };
  for (const auto& [key, given] : of_one_queue) {
    if (given) fail_at(from, key, "needs shape = \"queue\"; with \"" + shape + "\" leave it out");
  }
}

Point read_point(const Combination& from, const std::string& scenario, const std::string& case_name) {
  Point point;
  point.scenario = scenario;
  point.case_name = case_name;
  if (!case_name.empty()) point.params.emplace_back("case", case_name);
  for (auto& param : from.params()) point.params.push_back(std::move(param));
  point.name = scenario;
  for (const auto& [key, value] : point.params) point.name += "/" + key + ":" + text_of(value);

  point.producers = static_cast<std::size_t>(read_count(from, "producers", 1, max_threads, 1));
  point.consumers = static_cast<std::size_t>(read_count(from, "consumers", 1, max_threads, 1));
  point.capacity = static_cast<std::size_t>(read_count(from, "capacity", 1, max_capacity, std::nullopt));
  point.capacity_line = from.find("capacity")->source().begin.line;
  read_message(from, point);
  const std::string when_full = read_string(from, "when_full", {"wait", "drop"}, "wait");
  point.when_full = when_full == "drop" ? WhenFull::drop : WhenFull::wait;
  const std::string placement = read_string(from, "placement", {"spread", "free", "one_core"}, "spread");
  point.placement = placement == "free"       ? Placement::free
                    : placement == "one_core" ? Placement::one_core
                                              : Placement::spread;
  const std::string neighbour = read_string(from, "neighbour", {"none", "idle_priority"}, "none");
  point.neighbour = neighbour == "idle_priority" ? Neighbour::idle_priority : Neighbour::none;
  point.cpu_quota_pct = read_positive(from, "cpu_quota_pct", 100);
  if (point.cpu_quota_pct && point.neighbour != Neighbour::none) {
    fail_at(from, "cpu_quota_pct", "goes with neighbour = \"none\" only: neighbours would use the quota up");
  }
  point.producer = read_work(from, "producer");
  point.consumer = read_work(from, "consumer");

  point.arrivals = read_arrivals(from);
  if (point.arrivals && point.neighbour != Neighbour::none) {
    fail_at(from, "neighbour", "needs a closed loop: producers that watch the clock for arrivals take the cores, too");
  }
  point.batch = read_batch(from, point);
  read_shape(from, point);
  if (point.when_full == WhenFull::drop && !point.arrivals) fail_at(from, "when_full", "\"drop\" needs [arrivals]");

  check_work(from, "consumer", point.consumer);

  // rho is the offered load over what the consumers can do; it gives the producers' mean, or that of the gaps.
  const bool offers = point.arrivals || point.producer.kind != Work::Kind::none;
  const bool both = offers && point.consumer.kind != Work::Kind::none;
  const double consume_ns = point.consumer.mean_ns / static_cast<double>(point.consumers);
  const double producers = point.arrivals ? 1 : static_cast<double>(point.producers);
  double& offer_ns = point.arrivals ? point.arrivals->mean_ns : point.producer.mean_ns;
  if (const auto rho = read_positive(from, "rho", 100)) {
    if (!both) fail_at(from, "rho", "needs work on both sides, or arrivals and work of the consumer");
    for (const char* key : {"producer.mean_ns", "arrivals.mean_gap_ns", "arrivals.rate_per_s"}) {
      if (from.find(key)) fail_at(from, key, "give either this or rho, not both");
    }
    offer_ns = consume_ns * producers / *rho;
  }
  check_work(from, "producer", point.producer);
  if (point.arrivals) check_arrivals(from, *point.arrivals);
  if (both && !point.is_chain()) point.rho = consume_ns * producers / offer_ns;

  point.window_ms = read_positive(from, "window_ms", 300'000).value_or(0);
  return point;
}

std::vector<std::string> read_names(const Place& place, const toml::table& table, std::size_t& line) {
  std::vector<std::string> names;
  const toml::node* node = table.get("queues");
  if (!node) return names;
  line = node->source().begin.line;
  const toml::array* list = node->as_array();
  if (!list) place.fail(*node, "queues", "must be a list of names");
  for (const toml::node& name : *list) {
    if (!name.is_string()) place.fail(name, "queues", "must be a list of names");
    names.push_back(name.as_string()->get());
  }
  return names;
}

std::string require_text(const Place& place, const toml::table& table, const char* key) {
  const toml::node* node = table.get(key);
  if (!node) place.fail(0, key, "missing: every scenario states it in plain words");
  const auto text = node->value_exact<std::string>();
  if (!text || text->empty()) place.fail(*node, key, "must be a sentence");
  return *text;
}

std::vector<EarlierExpect> read_earlier_expects(const Place& place, const toml::table& file) {
  const toml::node* node = file.get("earlier_expect");
  if (!node) return {};
  const toml::array* listed = node->as_array();
  if (!listed || listed->empty() || !listed->is_array_of_tables()) {
    place.fail(*node, "earlier_expect", "must be tables: [[earlier_expect]]");
  }
  std::vector<EarlierExpect> earlier;
  for (const toml::node& each : *listed) {
    const toml::table& table = *each.as_table();
    for (const auto& [name, value] : table) {
      if (name == "until" || name == "text" || name == "why") continue;
      place.fail(value, "earlier_expect." + toml_name(name), "unknown; the keys are until, text, why");
    }
    const auto text = [&](const char* key) {
      const toml::node* found = table.get(key);
      const std::string path = "earlier_expect."s + key;
      if (!found) place.fail(table, path, "missing: every [[earlier_expect]] has until, text and why");
      const auto value = found->value_exact<std::string>();
      if (!value || value->empty()) place.fail(*found, path, "must be a sentence");
      return *value;
    };
    const toml::node* until = table.get("until");
    if (!until) place.fail(table, "earlier_expect.until", "missing: every [[earlier_expect]] has until, text and why");
    const auto day = until->value_exact<toml::date>();
    if (!day) place.fail(*until, "earlier_expect.until", "must be a date without quotes, such as 2026-11-28");
    std::ostringstream date;
    date << *day;
    earlier.push_back({date.str(), text("text"), text("why")});
  }
  return earlier;
}

const Counter* read_judge(const Place& place, const toml::node& node) {
  const auto name = node.value_exact<std::string>();
  if (!name) place.fail(node, "judged_by", "must be the name of a counter");
  check_counter(place, node, "judged_by", *name);
  const Counter* counter = find_counter(*name);
  if (counter->better == Better::neither) {
    place.fail(node, "judged_by", "'" + *name + "' ranks nothing: neither more nor less of it is better");
  }
  return counter;
}

}  // namespace

Scenario load_scenario(const fs::path& file) {
  const Place place{file};
  std::error_code error;
  if (!fs::is_regular_file(file, error)) place.fail(0, "", "no such scenario file");
  std::ifstream stream(file);
  if (!stream) place.fail(0, "", "cannot be read (check its permissions)");
  std::ostringstream text;
  text << stream.rdbuf();

  toml::table table;
  try {
    table = toml::parse(text.str(), file.string());
  } catch (const toml::parse_error& failure) {
    place.fail(failure.source().begin.line, "", "not valid TOML: " + std::string(failure.description()));
  }
  check_keys(place, table, "", false);

  Scenario scenario;
  scenario.name = file.stem().string();
  if (scenario.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos) {
    place.fail(0, "", "a scenario's file name is made of a-z, 0-9 and _");
  }
  scenario.file = file.string();
  scenario.question = require_text(place, table, "question");
  scenario.expect = require_text(place, table, "expect");
  scenario.earlier_expect = read_earlier_expects(place, table);
  scenario.queues = read_names(place, table, scenario.queues_line);
  const Combination top(place, table, nullptr);
  if (const toml::node* rank = table.get("rank")) {
    if (!rank->is_boolean()) place.fail(*rank, "rank", "must be true or false");
    scenario.rank = rank->as_boolean()->get();
  }
  if (const toml::node* judged_by = table.get("judged_by")) scenario.judged_by = read_judge(place, *judged_by);
  scenario.rounds = static_cast<std::size_t>(read_count(top, "rounds", 1, 10'000, 12));

  std::vector<std::pair<std::string, const toml::table*>> cases;
  if (const toml::array* overlays = table.get_as<toml::array>("case")) {
    for (const toml::node& node : *overlays) {
      const toml::table& overlay = *node.as_table();
      check_keys(place, overlay, "", true);
      const auto name = overlay.get("name");
      if (!name) place.fail(overlay, "name", "missing: every case has one");
      cases.emplace_back(name->as_string()->get(), &overlay);
    }
  } else {
    cases.emplace_back("", nullptr);
  }

  std::set<std::string> names;
  for (const auto& [case_name, overlay] : cases) {
    Combination combination(place, table, overlay);
    if (combination.count() + scenario.points.size() > max_points) {
      place.fail(combination.line(), "", "more than " + std::to_string(max_points) + " points: sweep less");
    }
    do {
      scenario.points.push_back(read_point(combination, scenario.name, case_name));
      if (!names.insert(scenario.points.back().name).second) {
        place.fail(combination.line(), "",
                   "the point " + scenario.points.back().name + " comes twice: a list repeats a value");
      }
    } while (combination.advance());
  }
  scenario.claims = read_claims(place, table, scenario.points);
  return scenario;
}

std::vector<Scenario> load_scenarios(const std::vector<std::string>& arguments, const fs::path& root) {
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
    if (fs::is_directory(root / argument)) return add_folder(root / argument);  // a plain name means ours
    std::vector<fs::path> named;
    if (fs::is_directory(root)) {
      for (const auto& entry : fs::recursive_directory_iterator(root)) {
        if (entry.path().extension() == ".toml" && entry.path().stem() == argument) named.push_back(entry.path());
      }
    }
    if (named.size() == 1) return files.push_back(named.front());
    if (named.size() > 1) {
      throw UsageError("--scenario " + argument + ": could be " + named[0].string() + " or " + named[1].string());
    }
    if (fs::is_directory(argument)) return add_folder(argument);
    if (fs::exists(argument)) return files.push_back(argument);
    throw UsageError("--scenario " + argument + ": no such file, folder or scenario below " + root.string() +
                     " (--list shows them)");
  };
  try {
    for (const std::string& argument : arguments.empty() ? std::vector<std::string>{"curated"} : arguments)
      add(argument);
  } catch (const fs::filesystem_error& failure) {
    throw UsageError(std::string("--scenario: ") + failure.what());
  }

  std::vector<Scenario> scenarios;
  std::map<std::string, std::string> seen;
  for (const fs::path& file : files) {
    const auto [where, fresh] = seen.emplace(file.stem().string(), file.string());
    if (!fresh) {
      throw UsageError(file.string() + ": the scenario '" + where->first + "' is selected twice (also " +
                       where->second + ")");
    }
    scenarios.push_back(load_scenario(file));
  }
  return scenarios;
}

}  // namespace bq::bench
