#include "benchmarks/analysis/planned_ideal.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "benchmarks/analysis/ideal_queue.h"
#include "benchmarks/trial/workload.h"
#include "benchmarks/util/error.h"

namespace bq::bench {

namespace {

constexpr std::size_t least_messages = 200'000, most_messages = 1'000'000;
constexpr double bursts = 2'000;

std::vector<std::vector<float>> nominal_times(const Work& work,
                                              const std::vector<DemandStream>& demands,
                                              std::size_t each) {
  std::vector<std::vector<float>> times;
  for (const DemandStream& stream : demands) {
    times.emplace_back(stream.begin(), stream.end());
    if (work.kind == WorkKind::none) times.back().assign(each, 0);
  }
  return times;
}

ServiceTimes draw(const Point& point, std::uint64_t seed, std::size_t each) {
  Demands demands;
  draw_demands(point, seed, 0, StepCosts::all(1), each, demands);
  return {nominal_times(point.producer, demands.producer, each),
          nominal_times(point.consumer, demands.consumer, each), std::move(demands.arrivals_ns)};
}

InitialState empty_queue(const ServiceTimes& times, std::size_t consumers) {
  InitialState state;
  state.consumer_free_ns.assign(consumers, 0);
  for (std::size_t p = 0; p < times.produce.size(); ++p) {
    state.producers.push_back(
        {0, times.arrive.empty() ? double{times.produce[p].front()} : times.arrive[p].front()});
  }
  return state;
}

}  // namespace

std::size_t planned_messages(const Point& point) {
  double messages = least_messages;
  std::size_t traced = 0;
  // A queue forgets its past within about 1 / (1 - rho)^2 messages, rho being the load of the side
  // that has less to do.
  const double rho = point.rho.value_or(0);
  const double left = 1 - (rho > 1 ? 1 / rho : rho);
  for (const Process* process :
       {static_cast<const Process*>(&point.producer), static_cast<const Process*>(&point.consumer),
        static_cast<const Process*>(point.arrivals ? &*point.arrivals : nullptr)}) {
    if (!process) continue;
    const double burst =
        static_cast<double>(std::max<std::uint64_t>(process->burst_msgs, 1) * point.producers);
    messages = std::max(messages, bursts * burst / (left * left));
    if (process->trace) traced = std::max(traced, process->trace->ns.size());
  }
  messages = std::min<double>(messages, most_messages);
  return std::max(static_cast<std::size_t>(messages), std::min(traced, 2 * most_messages));
}

std::vector<PlannedIdeal> planned_ideals(const Point& point, std::uint64_t seed,
                                         std::span<const std::size_t> capacities) {
  if (point.is_chain())
    throw UsageError("scenario " + point.scenario + ": only a shape of one queue has an ideal");
  const std::size_t messages = std::max(planned_messages(point), point.producers);
  // A producer that falls behind must not be left alone at the end: the others need more to do.
  const double spare = point.producers > 1 ? 1.5 : 1;
  const ServiceTimes times =
      draw(point, seed,
           static_cast<std::size_t>(std::ceil(spare * static_cast<double>(messages) /
                                              static_cast<double>(point.producers))));
  std::vector<PlannedIdeal> ideals;
  for (const std::size_t capacity : capacities) {
    Replay replayed = replay(times, empty_queue(times, point.consumers),
                             {capacity, 0, point.when_full == WhenFull::drop}, messages);
    const auto count = static_cast<double>(messages);
    const auto entered = static_cast<double>(replayed.sojourn.count());
    const double producers_ns = static_cast<double>(point.producers) * replayed.window_ns;
    ideals.push_back({capacity, replayed.end_ns / count,
                      producers_ns > 0 ? replayed.blocked_ns / producers_ns : 0,
                      1 - entered / count, std::move(replayed.sojourn)});
  }
  return ideals;
}

}  // namespace bq::bench
