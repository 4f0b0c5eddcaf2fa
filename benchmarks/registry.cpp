#include "benchmarks/registry.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <utility>

namespace bq::bench {

namespace {

std::vector<QueueEntry>& queues() {
  static std::vector<QueueEntry> all;
  return all;
}

}  // namespace

const std::vector<QueueEntry>& registered_queues() {
  return queues();
}

const QueueEntry* find_queue(const std::string& name) {
  const auto found =
      std::find_if(queues().begin(), queues().end(), [&](const QueueEntry& q) { return q.name == name; });
  return found == queues().end() ? nullptr : &*found;
}

bool add_queue(QueueEntry entry) {
  if (find_queue(entry.name)) {
    std::cerr << "queue_bench: two queues are registered as '" << entry.name << "'; rename one\n";
    std::_Exit(2);  // wrong usage, found before main
  }
  const auto place = std::upper_bound(queues().begin(), queues().end(), entry,
                                      [](const QueueEntry& a, const QueueEntry& b) { return a.name < b.name; });
  queues().insert(place, std::move(entry));
  return true;
}

std::optional<std::string> unfit_reason(const QueueEntry& queue, const Point& point) {
  const Traits& traits = queue.traits;
  if (traits.producers == Endpoints::one && point.producers > 1) {
    return "takes one producer, the point has " + std::to_string(point.producers);
  }
  if (traits.consumers == Endpoints::one && point.consumers > 1) {
    return "takes one consumer, the point has " + std::to_string(point.consumers);
  }
  if (traits.capacities == Capacities::power_of_two && !std::has_single_bit(point.capacity)) {
    return "takes capacities that are powers of two, not " + std::to_string(point.capacity);
  }
  if (point.capacity < traits.min_capacity) {
    return "takes capacities from " + std::to_string(traits.min_capacity) + ", not " + std::to_string(point.capacity);
  }
  if (point.capacity > traits.max_capacity) {
    return "takes capacities up to " + std::to_string(traits.max_capacity) + ", not " + std::to_string(point.capacity);
  }
  if (!queue.loops.for_point(point)) return "takes messages of trivial types only, not what owns memory on the heap";
  return std::nullopt;
}

}  // namespace bq::bench
