#include "benchmarks/analysis/ideal_queue.h"

#include <algorithm>

namespace bq::bench {

Replay replay(const ServiceTimes& times, const InitialState& state, const IdealQueue& queue,
              std::size_t messages, const SojournVisitor& visit) {
  Replay result;
  std::vector<InitialState::Producer> producers = state.producers;
  std::vector<double> consumers = state.consumer_free_ns;  // when each is free
  std::vector<double> start;                               // of consumption, in the order of entry
  start.reserve(state.waiting.size() + messages);

  const auto consume = [&](std::uint32_t producer, std::size_t sequence, double visible) {
    const auto earliest = std::min_element(consumers.begin(), consumers.end());
    start.push_back(std::max(visible, *earliest));
    *earliest = start.back() + times.consume[producer][sequence];
  };
  for (const InitialState::Waiting& waiting : state.waiting)
    consume(waiting.producer, waiting.sequence, 0);

  const bool open_loop = !times.arrive.empty();
  const auto pause_ns = [&](std::size_t producer, std::size_t sequence) {
    return times.pause.empty() ? 0.0 : double{times.pause[producer][sequence]};
  };
  double enter = 0;
  for (std::size_t n = 0; n < messages; ++n) {
    InitialState::Producer* first = nullptr;
    for (std::size_t p = 0; p < producers.size(); ++p) {
      const bool has_more = producers[p].next < times.produce[p].size();
      if (has_more && (!first || producers[p].ready_ns < first->ready_ns)) first = &producers[p];
    }
    if (!first) break;
    const auto p = static_cast<std::uint32_t>(first - producers.data());
    const std::size_t entry = start.size();
    const double room =
        entry >= queue.capacity ? start[entry - queue.capacity] + queue.handoff_ns : 0;
    double free = first->ready_ns;  // the producer, for its next message
    if (!queue.drops || room <= first->ready_ns) {
      free = enter = std::max({enter, first->ready_ns, room});
      result.blocked_ns += enter - first->ready_ns;
      consume(p, first->next, enter + queue.handoff_ns);
      const double sojourn_ns =
          start.back() - (open_loop ? times.arrive[p][first->next] : first->ready_ns);
      result.sojourn.add(sojourn_ns);
      if (visit) visit(p, first->next, sojourn_ns);
    }
    const std::size_t next = ++first->next;
    if (next == times.produce[p].size()) continue;
    first->ready_ns = open_loop ? std::max(free, times.arrive[p][next]) + pause_ns(p, next)
                                : free + times.produce[p][next];
  }
  result.window_ns = enter;
  result.end_ns = *std::max_element(consumers.begin(), consumers.end());
  return result;
}

}  // namespace bq::bench
