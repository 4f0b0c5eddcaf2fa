// Session::properties(): apart from session.cpp, since nothing of a trial takes part.
#include <chrono>
#include <iostream>
#include <set>
#include <tuple>
#include <utility>

#include "benchmarks/registry/owned_queue.h"
#include "benchmarks/run/queue_properties.h"
#include "benchmarks/run/session.h"
#include "benchmarks/util/message_text.h"

namespace bq::bench {

namespace {

using PropertyKey = std::tuple<std::string, std::string, Json>;  // queue, name, parameters

// What earlier processes of the run measured.
struct EarlierProperties {
  std::set<PropertyKey> measured;
  std::set<std::string> broken;  // queues that failed in one
};

EarlierProperties recall_properties(const std::vector<Json>& rows) {
  EarlierProperties earlier;
  for (const Json& row : rows) {
    if (row["kind"] != "property") continue;
    earlier.measured.emplace(row["queue"], row["name"], row["params"]);
    if (row.contains("error")) earlier.broken.insert(row["queue"]);
  }
  return earlier;
}

Json property_row(const QueueEntry& queue, const Property& property) {
  return {{"kind", "property"},
          {"queue", queue.name},
          {"name", property.name()},
          {"params", property.params()}};
}

}  // namespace

void Session::properties() {
  std::set<std::string> names;
  for (const Cell& cell : selection_.cells) names.insert(cell.queue->name);
  for (const SkippedCell& skip : selection_.skipped) names.insert(skip.cell.queue->name);
  auto [measured, broken] = recall_properties(ResultFolder::read(options_.out));
  std::string crash_reason = options_.crash_reason;
  for (const std::string& name : names) {
    const QueueEntry& queue = *find_queue(name);
    for (const Property& property : properties_of(queue.traits)) {
      if (broken.contains(name) || measured.contains({name, property.name(), property.params()}))
        continue;
      const auto fail = [this, &broken_queues = broken, &queue, property](const std::string& why) {
        std::cerr << "queue_bench: " << queue.name << ": " << property.name() << property.params()
                  << ": " << why << std::endl;
        Json row = property_row(queue, property);
        row["error"] = message_line(why);
        write(row);
        broken_queues.insert(queue.name);
      };
      // In the order of measuring, the first one that is missing took the last process down.
      if (!crash_reason.empty()) {
        fail("crashed: " + std::exchange(crash_reason, ""));
      } else if (state_.hung_queues.contains(name)) {
        fail("not measured: hung in " + state_.hung_queues[name]);
      } else {
        measure_and_write(queue, property, fail);
      }
    }
  }
}

void Session::measure_and_write(const QueueEntry& queue, const Property& property,
                                const std::function<void(const std::string&)>& fail) {
  report_hang_ = fail;
  const Watchdog::Guard guard(watchdog_);
  try {
    Json row = property_row(queue, property);
    row["values"] = Json::object();
    for (const auto& [value_name, value] : measure_property(queue.type, property))
      row["values"][value_name] = value;
    if (!row["values"].empty()) write(row);
  } catch (const QueueFault& fault) {
    fail(fault.what());
  }
}

}  // namespace bq::bench
