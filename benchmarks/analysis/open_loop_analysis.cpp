#include "benchmarks/analysis/open_loop_analysis.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "benchmarks/scenario/rules.h"

namespace bq::bench {

namespace {

class OpenLoopAnalysis {
 public:
  OpenLoopAnalysis(const TrialPlan& plan, const TrialRecord& record, const TrialMessages& messages,
                   const ServiceTimes& service, const Window& window, std::size_t cores,
                   MetricWriter& metrics)
      : plan_(plan),
        record_(record),
        messages_(messages),
        service_(service),
        window_(window),
        own_cores_(has_own_cores(plan.point, cores)),
        drops_(plan.point.when_full == WhenFull::drop),
        metrics_(metrics) {}

  void run(std::optional<double> handoff_ns, Histogram& sojourn) {
    for (const MessageTimes& message : messages_.times) {
      if (!window_.holds(message.offered)) continue;
      ++offered_;
      dropped_ += message.dropped;
      if (!message.dropped) sojourn.add(ns_between(message.offered, message.pop_done));
    }
    add_ideal_and_excess();
    if (handoff_ns) {
      Histogram floor_sojourn;
      replay_with(service_, *handoff_ns, [&](std::uint32_t p, std::size_t i, double floor_ns) {
        if (window_.holds(messages_.of(plan_, p, i).offered)) floor_sojourn.add(floor_ns);
      });
      metrics_.add_distribution("floor_sojourn", floor_sojourn);
    }
    add_generator();
    metrics_.add("overloaded", plan_.point.overloaded() ? 1.0 : 0.0);
    add_backlog_growth();
  }

 private:
  // Then nothing in the trial can take the generator's core.
  static bool has_own_cores(const Point& point, std::size_t cores) {
    return point.threads() <= cores && !point.cpu_quota_pct && point.placement == Placement::spread;
  }

  void replay_with(const ServiceTimes& times, double handoff_ns,
                   const SojournVisitor& visit) const {
    replay(times, state_at_start(times, plan_.point.consumers),
           {record_.capacity, handoff_ns, drops_}, messages_.times.size(), visit);
  }

  Ticks free_at(std::size_t p, std::size_t i) const {
    const Ticks previous = i == 0 ? 0 : messages_.of(plan_, p, i - 1).push_done;
    return std::max(messages_.of(plan_, p, i).offered, previous);
  }

  ServiceTimes with_pauses() const {
    ServiceTimes paused = service_;
    paused.pause.resize(plan_.point.producers);
    for (std::size_t p = 0; p < plan_.point.producers; ++p) {
      for (std::size_t i = 0; i < plan_.messages_per_producer; ++i) {
        paused.pause[p].push_back(static_cast<float>(
            std::max(0.0, ns_between(free_at(p, i), messages_.of(plan_, p, i).push_call))));
      }
    }
    return paused;
  }

  // Sojourn times in the ideal queue, and how much longer each message took than there.
  void add_ideal_and_excess() {
    constexpr double no_entry = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> ideal_ns(messages_.times.size(), no_entry);  // as `messages_.times`
    const auto index = [&](std::uint32_t p, std::size_t i) {
      return p * plan_.messages_per_producer + i;
    };
    Histogram ideal_sojourn;
    replay_with(service_, 0, [&](std::uint32_t p, std::size_t i, double ns) {
      if (!window_.holds(messages_.of(plan_, p, i).offered)) return;
      ideal_sojourn.add(ns);
      ideal_ns[index(p, i)] = ns;
    });
    metrics_.add_distribution("ideal_sojourn", ideal_sojourn);

    Histogram excess;
    double excess_sum_ns = 0;  // a histogram counts what is below 0 as 0
    double pauses_cost_ns = 0;
    std::size_t in_both = 0, paused_ideal_count = 0;
    replay_with(with_pauses(), 0, [&](std::uint32_t p, std::size_t i, double paused_ns) {
      const MessageTimes& message = messages_.of(plan_, p, i);
      if (!window_.holds(message.offered)) return;
      ++paused_ideal_count;
      const double unpaused_ns = ideal_ns[index(p, i)];
      if (!std::isnan(unpaused_ns)) {
        ++in_both;
        pauses_cost_ns += paused_ns - unpaused_ns;
      }
      const double charged_against_ns = own_cores_ ? paused_ns : unpaused_ns;
      if (message.dropped || std::isnan(charged_against_ns)) return;
      const double excess_ns = ns_between(message.offered, message.pop_done) - charged_against_ns;
      excess.add(excess_ns);
      excess_sum_ns += excess_ns;
    });
    const auto count = static_cast<double>(excess.count());
    metrics_.add_distribution("excess", excess,
                              count > 0 ? std::optional(excess_sum_ns / count) : std::nullopt);
    if (in_both > 0)
      metrics_.add("generator_pauses_cost_mean_ns", pauses_cost_ns / static_cast<double>(in_both));
    if (!drops_) return;
    const auto dropped_share = [&](std::size_t entered) {
      return 1 - static_cast<double>(entered) / static_cast<double>(offered_);
    };
    metrics_.add("ideal_dropped_share", dropped_share(ideal_sojourn.count()));
    metrics_.add("excess_dropped_share",
                 dropped_share(offered_ - dropped_) -
                     dropped_share(own_cores_ ? paused_ideal_count : ideal_sojourn.count()));
  }

  void add_generator() {
    std::vector<double> lateness_ns;
    double paused_ns = 0, longest_pause_ns = 0;
    for (std::size_t p = 0; p < plan_.point.producers; ++p) {
      Ticks ready = 0;  // and the length of the push, once it was called
      for (std::size_t i = 0; i < plan_.messages_per_producer; ++i) {
        const MessageTimes& message = messages_.of(plan_, p, i);
        ready = std::max(message.offered, ready);
        if (window_.holds(message.offered)) {
          lateness_ns.push_back(ns_between(ready, message.push_call));
          const double pause_ns = ns_between(free_at(p, i), message.push_call);
          longest_pause_ns = std::max(longest_pause_ns, pause_ns);
          if (pause_ns > least_preemption_ns) paused_ns += pause_ns;
        }
        ready += message.push_done - message.push_call;
      }
    }
    const auto p99 =
        lateness_ns.begin() + static_cast<std::ptrdiff_t>(lateness_ns.size() * 99 / 100);
    std::nth_element(lateness_ns.begin(), p99, lateness_ns.end());
    metrics_.add("generator_late_p99_ns", *p99);
    metrics_.add("generator_is_late",
                 *p99 > most_lateness * plan_.point.arrivals->mean_ns ? 1.0 : 0.0);
    metrics_.add("generator_pause_max_ns", longest_pause_ns);
    // A timer that is late at every message is no preemption.
    if (own_cores_ && plan_.point.arrivals->wait == Arrivals::Wait::spin) {
      metrics_.add("generator_pause_share",
                   paused_ns / (window_.length_ns() * static_cast<double>(plan_.point.producers)));
    }
  }

  // While all producers still get messages.
  void add_backlog_growth() {
    Window arriving = window_;
    for (std::size_t p = 0; p < plan_.point.producers; ++p) {
      arriving.close =
          std::min(arriving.close, messages_.of(plan_, p, plan_.messages_per_producer - 1).offered);
    }
    if (arriving.empty()) return;
    double arrived = 0, taken = 0;
    for (const MessageTimes& message : messages_.times) {
      arrived += arriving.holds(message.offered) && !message.dropped;
      taken += arriving.holds(message.pop_done);
    }
    metrics_.add("backlog_growth_msgs_per_s", (arrived - taken) / arriving.length_ns() * 1e9);
  }

  const TrialPlan& plan_;
  const TrialRecord& record_;
  const TrialMessages& messages_;
  const ServiceTimes& service_;
  const Window& window_;
  const bool own_cores_;
  const bool drops_;
  MetricWriter& metrics_;
  std::size_t offered_ = 0, dropped_ = 0;  // inside the window
};

}  // namespace

void analyse_open_loop(const TrialPlan& plan, const TrialRecord& record,
                       const TrialMessages& messages, const ServiceTimes& service,
                       const Window& window, std::optional<double> handoff_ns, std::size_t cores,
                       Histogram& sojourn, MetricWriter& metrics) {
  OpenLoopAnalysis(plan, record, messages, service, window, cores, metrics)
      .run(handoff_ns, sojourn);
}

}  // namespace bq::bench
