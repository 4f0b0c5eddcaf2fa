#include "benchmarks/describe.h"

#include <gnu/libc-version.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>

#include "benchmarks/build_info.h"
#include "benchmarks/cgroup.h"
#include "benchmarks/clock.h"
#include "benchmarks/counters.h"
#include "benchmarks/json.h"
#include "benchmarks/machine.h"
#include "benchmarks/workload.h"

namespace bq::bench {

namespace {

std::string local_time() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm local{};
  localtime_r(&now, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &local);
  return text;
}

std::string compiler() {
#if defined(__clang__)
  return "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__) + "." +
         std::to_string(__clang_patchlevel__);
#else
  return "g++ " __VERSION__;
#endif
}

const char* name_of(Work::Kind kind) {
  return kind == Work::Kind::spin ? "spin" : kind == Work::Kind::sleep ? "sleep" : "none";
}
const char* name_of(Process::Shape shape) {
  switch (shape) {
    case Process::Shape::constant:
      return "constant";
    case Process::Shape::exponential:
      return "exponential";
    case Process::Shape::lognormal:
      return "lognormal";
    case Process::Shape::bursty:
      return "bursty";
    case Process::Shape::trace:
      return "trace";
  }
  return "";
}
const char* name_of(Placement placement) {
  return placement == Placement::free ? "free" : placement == Placement::one_core ? "one_core" : "spread";
}

void describe_process(const Process& process, Json& json) {
  json["process"] = name_of(process.shape);
  json["mean_ns"] = process.mean_ns;
  if (process.shape == Process::Shape::lognormal) json["cv"] = process.cv;
  if (process.shape == Process::Shape::bursty) {
    json["burst_msgs"] = process.burst_msgs;
    json["burst_gap_ns"] = process.burst_gap_ns;
  }
  if (process.trace) {
    const std::string_view bytes(reinterpret_cast<const char*>(process.trace->ns.data()),
                                 process.trace->ns.size() * sizeof(double));
    json["trace_file"] = process.trace->file;
    json["trace_times"] = process.trace->ns.size();
    json["trace_hash"] = hash_text(bytes, 0);
  }
}

Json describe_work(const Work& work) {
  Json json{{"work", name_of(work.kind)}};
  if (work.kind != Work::Kind::none) describe_process(work, json);
  return json;
}

Json describe_arrivals(const Arrivals& arrivals) {
  Json json;
  describe_process(arrivals, json);
  json["wait"] = arrivals.wait == Arrivals::Wait::sleep ? "sleep" : "spin";
  return json;
}

Json describe_claim(const Claim& claim) {
  Json json{{"says", claim.says}, {"counter", claim.counter}};
  if (!claim.queues.empty()) json["queues"] = claim.queues;
  json["points"] = claim.points;
  if (!claim.than.empty()) json["than"] = claim.than;
  if (!claim.than_points.empty()) json["than_points"] = claim.than_points;
  if (claim.above) json["above"] = *claim.above;
  if (claim.below) json["below"] = *claim.below;
  return json;
}

}  // namespace

std::string binary_id() {
  std::ifstream self("/proc/self/exe", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(self), {}};
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash_text(bytes, 0)));
  return text;
}

Json describe_context(std::uint64_t seed) {
  const MachineInfo machine = describe_machine();
  Json context{{"date", local_time()},
               {"host_name", machine.host_name},
               {"cpu_model", machine.cpu_model},
               {"cores", allowed_cores().size()},
               {"kernel", machine.kernel}};
  if (!machine.governor.empty()) context["governor"] = machine.governor;
  if (const auto group = own_group("cpu")) {
    const auto quota = quota_cores(*group);
    if (quota && *quota < static_cast<double>(allowed_cores().size())) context["cpu_quota_cores"] = *quota;
  }
  context["compiler"] = compiler();
  context["build_type"] = BQ_BUILD_TYPE;
  context["flags"] = BQ_FLAGS;
  context["libraries"] = {{"glibc", gnu_get_libc_version()}};
  context["libraries"].update(Json::parse(BQ_LIBRARIES));
  context["commit"] = BQ_COMMIT;
  context["dirty"] = static_cast<bool>(BQ_DIRTY);
  context["binary_id"] = binary_id();
  context["seed"] = seed;
  context["clock"] = clock_name();
  return context;
}

Json describe_point(const Point& point) {
  Json params = Json::object();
  for (const auto& [key, value] : point.params) std::visit([&param = params[key]](const auto& v) { param = v; }, value);
  Json json{{"name", point.name}, {"scenario", point.scenario}, {"params", params}};
  if (!point.case_name.empty()) json["case"] = point.case_name;
  if (point.shape == Topology::pipeline) json["shape"] = "pipeline";
  if (point.shape == Topology::ping_pong) json["shape"] = "ping_pong";
  json["producers"] = point.producers;
  json["consumers"] = point.consumers;
  if (point.shape == Topology::pipeline) json["stages"] = point.stages;
  json["capacity"] = point.capacity;
  json["message_bytes"] = point.message_bytes;
  if (point.payload == Payload::heap) json["payload"] = "heap";
  if (point.when_full == WhenFull::drop) json["when_full"] = "drop";
  json["placement"] = name_of(point.placement);
  if (point.rho) json["rho"] = *point.rho;
  if (point.neighbour == Neighbour::idle_priority) json["neighbour"] = "idle_priority";
  if (point.cpu_quota_pct) json["cpu_quota_pct"] = *point.cpu_quota_pct;
  json["producer"] = describe_work(point.producer);
  json["consumer"] = describe_work(point.consumer);
  if (point.middle_stages() > 0) json["stage"] = describe_work(point.stage);
  if (point.arrivals) json["arrivals"] = describe_arrivals(*point.arrivals);
  if (point.batch > 1) json["batch"] = point.batch;
  if (point.window_ms > 0) json["window_ms"] = point.window_ms;
  json["level"] = point.level() == Level::traced ? "traced" : "counted";
  return json;
}

Json describe_scenario(const Scenario& scenario, const std::vector<std::string>& queues) {
  Json points = Json::array();
  for (const Point& point : scenario.points) points.push_back(describe_point(point));
  Json json{{"name", scenario.name},     {"file", scenario.file}, {"question", scenario.question},
            {"expect", scenario.expect}, {"rank", scenario.rank}, {"rounds", scenario.rounds}};
  if (scenario.judged_by) {
    json["judged_by"] = {{"counter", scenario.judged_by->name}, {"better", name_of(scenario.judged_by->better)}};
  }
  json["queues"] = queues;
  json["points"] = points;
  for (const EarlierExpect& earlier : scenario.earlier_expect) {
    json["earlier_expect"].push_back({{"until", earlier.until}, {"text", earlier.text}, {"why", earlier.why}});
  }
  for (const Claim& claim : scenario.claims) json["claims"].push_back(describe_claim(claim));
  return json;
}

Json describe_queue(const QueueEntry& queue) {
  const Traits& t = queue.traits;
  const auto pick = [](auto value, std::initializer_list<const char*> names) {
    return names.begin()[static_cast<int>(value)];
  };
  return {{"line_up", pick(queue.line_up, {"default", "extra", "named"})},
          {"origin", pick(t.origin, {"house", "peer"})},
          {"producers", pick(t.producers, {"one", "many"})},
          {"consumers", pick(t.consumers, {"one", "many"})},
          {"capacities", pick(t.capacities, {"any", "power of two", "range", "unbounded"})},
          {"bound", pick(t.bound, {"exact", "rounded", "none"})},
          {"element", pick(t.element, {"any", "nothrow movable", "default constructible", "trivial"})},
          {"fifo", pick(t.fifo, {"global", "per producer"})},
          {"blocking", pick(t.blocking, {"native", "emulated"})},
          {"timed", pick(t.timed, {"yes", "none"})},
          {"close", pick(t.close, {"exact", "quiescent"})},
          {"stall", pick(t.stall, {"nobody", "one slot", "everyone"})},
          {"waiting", std::string(t.waiting)},
          {"note", std::string(t.note)},
          {"defect", std::string(t.defect)}};
}

}  // namespace bq::bench
