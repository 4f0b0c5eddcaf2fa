#include "benchmarks/analysis/queue_analysis.h"

#include <algorithm>
#include <vector>

#include "benchmarks/analysis/ideal_queue.h"
#include "benchmarks/analysis/loss.h"
#include "benchmarks/analysis/metric_writer.h"
#include "benchmarks/analysis/open_loop_analysis.h"
#include "benchmarks/analysis/queue_usage.h"
#include "benchmarks/analysis/role_metrics.h"
#include "benchmarks/analysis/service_times.h"
#include "benchmarks/analysis/untimed_analysis.h"
#include "benchmarks/analysis/verification.h"
#include "benchmarks/analysis/window.h"
#include "benchmarks/util/statistics.h"

namespace bq::bench {

namespace {

constexpr int least_sleep_ns = 1'000;  // a call that slept took longer: two context switches

// The numbers of a timestamped trial that was verified.
class QueueAnalysis {
 public:
  QueueAnalysis(const TrialPlan& plan, const TrialRecord& record, const TrialMessages& messages,
                std::optional<double> handoff_ns, std::size_t cores, TrialResult& out)
      : plan_(plan),
        point_(plan.point),
        record_(record),
        messages_(messages),
        handoff_ns_(handoff_ns),
        cores_(cores),
        cores_shared_(shares_cores(plan.point, cores)),
        window_(find_window(record)),
        out_(out),
        metrics_(out) {}

  void run() {
    if (window_.empty()) {
      out_.void_reason = short_window;
      return;
    }
    times_ = work_times(plan_, messages_);
    sum_up();
    out_.messages = entered_;
    if (is_too_short(plan_, entered_ + drop_.count())) {
      out_.void_reason = short_window;
      return;
    }
    if (point_.arrivals && !any_arrived_) {
      out_.void_reason = "every message had arrived before all threads were warm";
      return;
    }
    window_.write_to(out_);
    out_.work_cpu_ns =
        work_cpu_ns(point_.producer, produce_) + work_cpu_ns(point_.consumer, consume_);
    metrics_.add("throughput_msgs_per_s", static_cast<double>(entered_) / out_.window_ns * 1e9);
    if (point_.arrivals) {
      analyse_open_loop(plan_, record_, messages_, times_.realised, window_, handoff_ns_, cores_,
                        sojourn_, metrics_);
    } else if (point_.works()) {
      add_loss_against_ideal();
    }
    add_work();
    add_times_in_queue();
    add_resource_usage();
  }

 private:
  // What lies inside the window, and how much each role did.
  void sum_up() {
    pushed_.resize(point_.producers);
    popped_.resize(point_.consumers);
    for (std::size_t p = 0; p < point_.producers; ++p) {
      for (std::size_t i = 0; i < plan_.messages_per_producer; ++i) {
        const MessageTimes& message = messages_.of(plan_, p, i);
        const double push_ns = ns_between(message.push_call, message.push_done);
        any_arrived_ = any_arrived_ || (point_.arrivals && window_.holds(message.offered));
        if (i >= plan_.warmup_per_producer) {
          usage_produce_.add(times_.realised.produce[p][i], times_.nominal.produce[p][i]);
          producer_sleeps_ += push_ns > least_sleep_ns;
        }
        if (message.dropped) {
          if (window_.holds(message.push_done)) drop_.add(push_ns);
        } else {
          sum_up_push(message, p, i, push_ns);
          sum_up_pop(message, times_.realised.consume[p][i], times_.nominal.consume[p][i]);
        }
      }
    }
  }

  void sum_up_push(const MessageTimes& message, std::size_t p, std::size_t i, double push_ns) {
    if (!window_.holds(message.push_done)) return;
    ++pushed_[p];
    if (!entered_by(message, window_.open)) ++entered_;
    produce_.add(times_.realised.produce[p][i], times_.nominal.produce[p][i]);
    push_blocked_.add(push_ns);
    if (!point_.arrivals && message.push_call > window_.open) {
      sojourn_.add(ns_between(message.push_call, message.pop_done));
    }
  }

  void sum_up_pop(const MessageTimes& message, double consume_ns, double nominal_consume_ns) {
    const double pop_ns = ns_between(message.pop_call, message.pop_done);
    const std::optional<Ticks>& warm = record_.consumers[message.consumer].warm;
    if (!warm || message.pop_done > *warm) {
      usage_consume_.add(consume_ns, nominal_consume_ns);
      consumer_sleeps_ += pop_ns > least_sleep_ns;
    }
    if (!window_.holds(message.pop_done)) return;
    ++popped_[message.consumer];
    consume_.add(consume_ns, nominal_consume_ns);
    pop_blocked_.add(pop_ns);
  }

  // CPU time of a role's work.
  double work_cpu_ns(const Work& work, const RoleWork& role) const {
    if (!takes_steps(work.kind)) return 0;
    return cores_shared_ ? role.nominal : role.cpu();
  }

  void add_loss_against_ideal() {
    const InitialState state = state_at(window_.open, plan_, messages_);
    const double least_ns = least_window_on_cores_ns(point_, cores_, out_.work_cpu_ns);
    const auto replay_of = [&](const ServiceTimes& times, double handoff_ns) {
      Replay result = replay(times, state, {record_.capacity, handoff_ns}, entered_);
      result.window_ns = std::max(result.window_ns, least_ns);
      return result;
    };
    const Replay ideal = replay_of(times_.for_ideal(cores_shared_), 0);
    // Where threads share cores, both replays have the same input.
    const double nominal_ns =
        cores_shared_ ? ideal.window_ns : replay_of(times_.for_nominal(cores_shared_), 0).window_ns;
    IdealWindows windows{ideal.window_ns, nominal_ns, std::nullopt};
    if (cores_shared_) metrics_.add("efficiency_is_bound", 1.0);
    metrics_.add_distribution("ideal_sojourn", ideal.sojourn);
    if (handoff_ns_) {
      const Replay floor = replay_of(times_.for_ideal(cores_shared_), *handoff_ns_);
      windows.floor_ns = floor.window_ns;
      metrics_.add_distribution("floor_sojourn", floor.sojourn);
    }
    add_loss(metrics_, out_.window_ns, static_cast<double>(entered_), windows);
  }

  void add_work() {
    const bool produces = point_.producer.kind != WorkKind::none;
    const bool consumes = point_.consumer.kind != WorkKind::none;
    if (point_.works() && !cores_shared_) {
      const RoleWork worked =
          (produces ? produce_ : RoleWork{}) + (consumes ? consume_ : RoleWork{});
      metrics_.add("work_inflation", worked.inflation());
      if (produces) metrics_.add("producer_work_inflation", produce_.inflation());
      if (consumes) metrics_.add("consumer_work_inflation", consume_.inflation());
      const RoleWork on_cpu = (takes_steps(point_.producer.kind) ? produce_ : RoleWork{}) +
                              (takes_steps(point_.consumer.kind) ? consume_ : RoleWork{});
      if (on_cpu.realised > 0) metrics_.add("gap_share", on_cpu.preempted / on_cpu.realised);
    }
    if (produces) metrics_.add("producer_work_mean_ns", produce_.mean());
    if (consumes) metrics_.add("consumer_work_mean_ns", consume_.mean());
    metrics_.add("producer_fairness", jain_index(pushed_));
    metrics_.add("consumer_fairness", jain_index(popped_));
    const double producers_ns = out_.window_ns * static_cast<double>(point_.producers);
    metrics_.add("generator_share", produce_.realised / producers_ns);
  }

  void add_times_in_queue() {
    metrics_.add_distribution("sojourn", sojourn_);
    metrics_.add("sojourn_max_ns", sojourn_.max());
    if (point_.when_full == WhenFull::drop) {
      const double dropped = static_cast<double>(drop_.count());
      metrics_.add("dropped_share", dropped / (static_cast<double>(entered_) + dropped));
      metrics_.add_distribution("drop", drop_);
    }
    metrics_.add_distribution("push_blocked", push_blocked_);
    metrics_.add_distribution("pop_blocked", pop_blocked_);
    metrics_.add("peak_occupancy",
                 static_cast<double>(messages_.flow.peak(window_.open, window_.close)));
    out_.timeline = timeline_of(window_, messages_);
  }

  void add_resource_usage() {
    RoleUsage producers = producer_usage(plan_, record_);
    RoleUsage consumers = consumer_usage(record_);
    producers.work_cpu_ns =
        point_.arrivals ? clock_wait_cpu_ns(record_) : work_cpu_ns(point_.producer, usage_produce_);
    consumers.work_cpu_ns = work_cpu_ns(point_.consumer, usage_consume_);
    // A producer may sleep until an arrival. A consumer's last call, which returns the end of the
    // stream, may sleep as well.
    const bool producers_sleep = point_.arrivals || point_.producer.kind == WorkKind::sleep;
    const bool consumers_sleep = point_.consumer.kind == WorkKind::sleep;
    producers.expected_sleeps = producer_sleeps_ + (producers_sleep ? producers.messages : 0);
    consumers.expected_sleeps = consumer_sleeps_ + static_cast<double>(point_.consumers) +
                                (consumers_sleep ? consumers.messages : 0);
    add_usage(metrics_, {{"producer", producers}, {"consumer", consumers}});
  }

  const TrialPlan& plan_;
  const Point& point_;
  const TrialRecord& record_;
  const TrialMessages& messages_;
  const std::optional<double> handoff_ns_;
  const std::size_t cores_;
  const bool cores_shared_;
  const Window window_;
  TrialResult& out_;
  MetricWriter metrics_;
  WorkTimes<ServiceTimes> times_;

  // Inside the window:
  std::size_t entered_ = 0;
  bool any_arrived_ = false;
  Histogram sojourn_, push_blocked_, pop_blocked_, drop_;
  RoleWork produce_, consume_;
  std::vector<double> pushed_, popped_;  // by each thread
  // Inside the intervals that resource usage was taken over:
  RoleWork usage_produce_, usage_consume_;
  double producer_sleeps_ = 0, consumer_sleeps_ = 0;  // calls that may have slept
};

}  // namespace

TrialResult analyse_queue(const TrialPlan& plan, const TrialRecord& record, const Traits& traits,
                          std::optional<double> handoff_ns, std::size_t cores) {
  TrialResult out;
  if (plan.level == Level::untimed) {
    out.fault = verify_untimed(plan, record);
    if (out.fault.empty()) analyse_untimed(plan, record, out);
    return out;
  }
  TrialMessages messages;
  out.fault = verify_timestamped(plan, record, traits, messages);
  if (out.fault.empty()) QueueAnalysis(plan, record, messages, handoff_ns, cores, out).run();
  return out;
}

}  // namespace bq::bench
