#include "explorer/call_record.h"

#include <algorithm>

#include "checking/linearizability.h"

namespace bq::explorer {

namespace {

using Fault = std::optional<std::string>;
using Kind = checking::Operation::Kind;

bool contains(const std::vector<int>& numbers, int number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

Fault wrong_message(const CallRecord& record) {
  std::vector<int> taken;
  for (const checking::Operation& operation : record.history) {
    if (operation.kind != Kind::pop) continue;
    const std::string name = "message " + std::to_string(operation.message);
    if (!contains(record.delivered, operation.message))
      return name + " is taken; no push returned true";
    if (contains(taken, operation.message)) return name + " is taken twice";
    taken.push_back(operation.message);
  }
  for (const int number : record.delivered) {
    if (!contains(taken, number))
      return "message " + std::to_string(number) + " is lost: its push returned true";
  }
  return {};
}

Fault wrong_end(const CallRecord& record) {
  const std::int64_t close_call = record.close ? record.close->call : checking::never;
  for (const CallRecord::Interval& refusal : record.refused) {
    if (refusal.returned < close_call) return "a push is refused before close() is called";
  }
  for (const CallRecord::Interval& end : record.ends) {
    if (end.returned < close_call) return "a pop reports the end before close() is called";
  }
  for (const checking::Operation& operation : record.history) {
    if (operation.kind == Kind::push && record.close && operation.call > record.close->returned)
      return "a push is delivered after close() has returned";
    if (operation.kind != Kind::pop) continue;
    for (const CallRecord::Interval& end : record.ends) {
      if (operation.call > end.returned)
        return "a message is taken after another pop has reported the end";
    }
  }
  return {};
}

/// Depends only on the order of the calls' begins and ends.
std::uint64_t hash_of(const CallRecord& record) {
  std::vector<std::uint64_t> events(static_cast<std::size_t>(record.ticks) + 1);
  for (const checking::Operation& operation : record.history) {
    const std::uint64_t what =
        static_cast<std::uint64_t>(operation.kind) << 32 | static_cast<unsigned>(operation.message);
    events[operation.call] = 2 * what + 1;
    events[operation.returned] = 2 * what + 2;
  }
  std::uint64_t hash = 0;
  for (const std::uint64_t event : events)
    hash = (hash ^ event) * 0x9e3779b97f4a7c15 + (hash >> 31);
  return hash;
}

Fault out_of_order_for_a_producer(const checking::History& history, std::size_t capacity,
                                  int producers) {
  for (int producer = 0; producer < producers; ++producer) {
    checking::History own;
    for (const checking::Operation& operation : history) {
      if (operation.kind != Kind::empty && operation.message / messages_per_producer == producer)
        own.push_back(operation);
    }
    if (auto fault = checking::not_linearizable(own, capacity)) return fault;
  }
  return {};
}

}  // namespace

std::optional<std::string> fault_in(const CallRecord& record, const Traits& traits,
                                    std::size_t capacity, int producers,
                                    CheckedHistories& checked) {
  if (Fault fault = wrong_message(record)) return fault;
  if (Fault fault = wrong_end(record)) return fault;
  const std::uint64_t hash = hash_of(record);
  if (checked.contains(hash)) return {};
  Fault fault = traits.fifo == Fifo::global
                    ? checking::not_linearizable(record.history, capacity)
                    : out_of_order_for_a_producer(record.history, capacity, producers);
  if (!fault) checked.insert(hash);
  return fault;
}

}  // namespace bq::explorer
