#include "benchmarks/registry/queue_registry.h"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <utility>

#include "benchmarks/scenario/rules.h"
#include "benchmarks/trial/capacities.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/message_text.h"

namespace bq::bench {

namespace {

std::vector<QueueEntry>& queues() {
  static std::vector<QueueEntry> all;
  return all;
}

// What is wrong with a queue's name, and the remedy; empty: nothing.
std::string name_error(const std::string& name) {
  if (name.empty()) return "the name is empty: give it one";
  if (std::count(reserved_queue_names.begin(), reserved_queue_names.end(), name) > 0)
    return "the name is reserved for lists of queues: rename it";
  if (character_count(name) > max_name_characters) {
    return "the name is longer than " + std::to_string(max_name_characters) +
           " characters, the limit: shorten it";
  }
  for (std::string_view rest = name; !rest.empty();) {
    const Character character = first_character(rest);
    if (!character.is_valid || is_control(character.code))
      return "the name holds control characters, or is not UTF-8: rename it";
    rest.remove_prefix(character.bytes);
  }
  return "";
}

std::optional<std::string> unfit_capacity(const Traits& traits, std::size_t capacity) {
  const std::string wanted = ", not " + std::to_string(capacity);
  if (traits.capacities == Capacities::power_of_two && !std::has_single_bit(capacity))
    return "takes capacities that are powers of two" + wanted;
  if (capacity < traits.min_capacity)
    return "takes capacities from " + std::to_string(traits.min_capacity) + wanted;
  if (capacity > traits.max_capacity)
    return "takes capacities up to " + std::to_string(traits.max_capacity) + wanted;
  return std::nullopt;
}

}  // namespace

const std::vector<QueueEntry>& registered_queues() {
  return queues();
}

const QueueEntry* find_queue(const std::string& name) {
  const auto entry = std::find_if(queues().begin(), queues().end(),
                                  [&](const QueueEntry& q) { return q.name == name; });
  return entry == queues().end() ? nullptr : &*entry;
}

bool add_queue(QueueEntry entry) {
  if (entry.line_up == LineUp::outside) entry.traits.origin = Origin::peer;
  if (const std::string error = name_error(entry.name); !error.empty())
    fatal(ExitStatus::usage, "a queue is registered as '" + shown(entry.name) + "': " + error);
  if (find_queue(entry.name)) {
    fatal(ExitStatus::usage, "two queues are registered as '" + entry.name + "': rename one");
  }
  const auto position =
      std::upper_bound(queues().begin(), queues().end(), entry,
                       [](const QueueEntry& a, const QueueEntry& b) { return a.name < b.name; });
  queues().insert(position, std::move(entry));
  return true;
}

RunTrial TrialLoops::for_point(const Point& point) const {
  if (point.payload == Payload::heap) return on_heap;
  constexpr auto& sizes = InQueueMessages::bytes;
  const auto size = std::find(sizes.begin(), sizes.end(), point.message_bytes);
  if (size == sizes.end()) {
    throw std::logic_error("no measured loop for messages of " +
                           std::to_string(point.message_bytes) + " bytes");
  }
  return in_queue[static_cast<std::size_t>(size - sizes.begin())];
}

std::optional<std::string> unfit_reason(const QueueEntry& queue, const Point& point) {
  const Traits& traits = queue.traits;
  if (traits.producers == Endpoints::one && point.producers > 1) {
    return "takes one producer, the point has " + std::to_string(point.producers);
  }
  if (traits.consumers == Endpoints::one && point.consumers > 1) {
    return "takes one consumer, the point has " + std::to_string(point.consumers);
  }
  if (!nearest_capacity(traits, point.capacity)) return "its labels exclude every capacity";
  if (queue.line_up != LineUp::outside) {
    if (const auto reason = unfit_capacity(traits, point.capacity)) return reason;
  }
  if (point.when_full == WhenFull::drop && !has_tries(traits))
    return "has no try_push, which the point's producers call";
  // Only messages that own memory on the heap have no loop.
  if (!queue.loops.for_point(point)) {
    return queue.traits.element == Element::trivial
               ? "takes messages of trivial types only, not what owns memory on the heap"
               : "copies messages, and what owns memory on the heap can only be moved";
  }
  return std::nullopt;
}

}  // namespace bq::bench
