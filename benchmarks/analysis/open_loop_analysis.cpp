#include "benchmarks/analysis/open_loop_analysis.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "benchmarks/scenario/rules.h"

namespace bq::bench {

namespace {

// Sojourn times in the ideal queue, and how much longer each message took than there.
void add_excess(const TrialPlan& plan, const TrialRecord& record, const TrialMessages& messages,
                const ServiceTimes& service, const Window& window, Histogram& ideal_sojourn,
                MetricWriter& metrics) {
  const bool drops = plan.point.when_full == WhenFull::drop;
  Histogram excess;
  double excess_sum_ns = 0;  // a histogram counts what is below 0 as 0
  replay(service, state_at_start(plan), {record.capacity, 0, drops}, messages.times.size(),
         [&](std::uint32_t p, std::size_t i, double ideal_ns) {
           const MessageTimes& message = messages.of(plan, p, i);
           if (!window.holds(message.offered)) return;
           ideal_sojourn.add(ideal_ns);
           if (message.dropped) return;
           const double excess_ns = ns_between(message.offered, message.pop_done) - ideal_ns;
           excess.add(excess_ns);
           excess_sum_ns += excess_ns;
         });
  metrics.add_distribution("ideal_sojourn", ideal_sojourn);
  const auto count = static_cast<double>(excess.count());
  metrics.add_distribution("excess", excess,
                           count > 0 ? std::optional(excess_sum_ns / count) : std::nullopt);
}

// The generator is late when a free producer pushes a message after its arrival.
void add_generator_lateness(const TrialPlan& plan, const TrialMessages& messages,
                            const Window& window, MetricWriter& metrics) {
  std::vector<double> lateness_ns;
  for (std::size_t p = 0; p < plan.point.producers; ++p) {
    for (std::size_t i = 0; i < plan.messages_per_producer; ++i) {
      const MessageTimes& message = messages.of(plan, p, i);
      if (!window.holds(message.offered)) continue;
      const Ticks free = i == 0 ? 0 : messages.of(plan, p, i - 1).push_done;
      lateness_ns.push_back(ns_between(std::max(message.offered, free), message.push_call));
    }
  }
  const auto p99 = lateness_ns.begin() + static_cast<std::ptrdiff_t>(lateness_ns.size() * 99 / 100);
  std::nth_element(lateness_ns.begin(), p99, lateness_ns.end());
  metrics.add("generator_late_p99_ns", *p99);
  metrics.add("generator_is_late", *p99 > most_lateness * plan.point.arrivals->mean_ns ? 1.0 : 0.0);
}

// While all producers still get messages.
void add_backlog_growth(const TrialPlan& plan, const TrialMessages& messages, Window arriving,
                        MetricWriter& metrics) {
  for (std::size_t p = 0; p < plan.point.producers; ++p) {
    arriving.close =
        std::min(arriving.close, messages.of(plan, p, plan.messages_per_producer - 1).offered);
  }
  if (arriving.empty()) return;
  double arrived = 0, taken = 0;
  for (const MessageTimes& message : messages.times) {
    arrived += arriving.holds(message.offered) && !message.dropped;
    taken += arriving.holds(message.pop_done);
  }
  metrics.add("backlog_growth_msgs_per_s", (arrived - taken) / arriving.length_ns() * 1e9);
}

}  // namespace

void analyse_open_loop(const TrialPlan& plan, const TrialRecord& record,
                       const TrialMessages& messages, const ServiceTimes& service,
                       const Window& window, std::optional<double> handoff_ns, Histogram& sojourn,
                       MetricWriter& metrics) {
  const bool drops = plan.point.when_full == WhenFull::drop;
  Histogram ideal_sojourn;
  add_excess(plan, record, messages, service, window, ideal_sojourn, metrics);
  if (handoff_ns) {
    Histogram floor_sojourn;
    replay(service, state_at_start(plan), {record.capacity, *handoff_ns, drops},
           messages.times.size(), [&](std::uint32_t p, std::size_t i, double floor_ns) {
             if (window.holds(messages.of(plan, p, i).offered)) floor_sojourn.add(floor_ns);
           });
    metrics.add_distribution("floor_sojourn", floor_sojourn);
  }
  double offered = 0;
  for (const MessageTimes& message : messages.times) {
    if (!window.holds(message.offered)) continue;
    ++offered;
    if (!message.dropped) sojourn.add(ns_between(message.offered, message.pop_done));
  }
  if (drops)
    metrics.add("ideal_dropped_share", 1 - static_cast<double>(ideal_sojourn.count()) / offered);
  add_generator_lateness(plan, messages, window, metrics);
  metrics.add("overloaded", plan.point.overloaded() ? 1.0 : 0.0);
  add_backlog_growth(plan, messages, window, metrics);
}

}  // namespace bq::bench
