#include "benchmarks/analysis/chain_analysis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/analysis/chain_times.h"
#include "benchmarks/analysis/ideal_pipeline.h"
#include "benchmarks/analysis/loss.h"
#include "benchmarks/analysis/metric_writer.h"
#include "benchmarks/analysis/role_metrics.h"
#include "benchmarks/analysis/verification.h"
#include "benchmarks/analysis/window.h"

namespace bq::bench {

namespace {

constexpr std::array roles{"producer", "stage", "consumer"};

std::size_t role_of(const Point& point, std::size_t stage) {
  return stage == 0 ? 0 : stage + 1 == point.stages ? 2 : 1;
}

std::string queue_name(const Point& point, std::size_t queue) {
  if (point.topology == Topology::ping_pong) return queue == 0 ? "requests" : "replies";
  return "queue " + std::to_string(queue + 1) + " of " + std::to_string(point.queues());
}

// Sojourn in the replay of the messages from `first` on that were pushed after the window opened.
Histogram sojourn_in(const PipelineReplay& replay, std::size_t first) {
  Histogram sojourn;
  for (std::size_t i = first; i < replay.depart_ns.size(); ++i) {
    if (replay.ready_ns[i] > 0) sojourn.add(replay.depart_ns[i] - replay.ready_ns[i]);
  }
  return sojourn;
}

// The numbers of a trial that was verified.
class ChainAnalysis {
 public:
  ChainAnalysis(const TrialPlan& plan, const ChainRecord& record, std::optional<double> handoff_ns,
                std::size_t cores, TrialResult& out)
      : plan_(plan),
        point_(plan.point),
        record_(record),
        handoff_ns_(handoff_ns),
        cores_(cores),
        cores_shared_(shares_cores(plan.point, cores)),
        timestamps_(plan, record),
        times_(work_times(plan, timestamps_)),
        out_(out),
        metrics_(out) {}

  // The window opens when the last thread is warm. Until then the first one is ahead by what the
  // queues hold.
  void run() {
    window_.open = 0;
    for (const StageRecord& stage : record_.stages)
      window_.open = std::max(window_.open, stage.warm);
    const std::size_t last = last_stage();
    while (first_ < plan_.messages_per_producer &&
           timestamps_.pop(last, first_).done <= window_.open)
      ++first_;
    const std::size_t messages = plan_.messages_per_producer - first_;
    if (is_too_short(plan_, messages) || messages < 2) {
      out_.void_reason = "the first stage was done before, or hardly after, every thread was warm";
      return;
    }
    window_.close = timestamps_.pop(last, plan_.messages_per_producer - 1).done;
    out_.messages = messages;
    window_.write_to(out_);
    metrics_.add("throughput_msgs_per_s", static_cast<double>(messages) / out_.window_ns * 1e9);
    sum_up_work();
    if (point_.topology == Topology::ping_pong) {
      add_round_trips();
    } else {
      add_pipeline();
    }
    add_work();
    add_calls();
    add_resource_usage();
  }

 private:
  // The thread whose pops are the messages of the window.
  std::size_t last_stage() const {
    return point_.topology == Topology::ping_pong ? 0 : point_.threads() - 1;
  }

  void sum_up_work() {
    for (std::size_t k = 0; k < point_.threads(); ++k) {
      const std::size_t role = role_of(point_, k);
      for (std::size_t i = 0; i < plan_.messages_per_producer; ++i) {
        const double realised = times_.realised[k][i];
        const double nominal = times_.nominal[k][i];
        const bool inside = timestamps_.work_begins(k, i) > window_.open &&
                            timestamps_.work_ends(k, i) <= window_.close;
        if (inside) work_[role].add(realised, nominal);
        if (i >= plan_.warmup_per_producer) usage_work_[role].add(realised, nominal);
      }
    }
    for (std::size_t role = 0; role < roles.size(); ++role)
      out_.work_cpu_ns += work_cpu_ns(role, work_[role]);
  }

  // CPU time of a role's work.
  double work_cpu_ns(std::size_t role, const RoleWork& work) const {
    if (!takes_steps(work_kind(role))) return 0;
    return cores_shared_ ? work.nominal : work.cpu();
  }

  void add_pipeline() {
    Histogram sojourn, gaps;
    for (std::size_t i = first_; i < plan_.messages_per_producer; ++i) {
      const Ticks push_call = timestamps_.push(0, i).call;
      if (push_call > window_.open)
        sojourn.add(ns_between(push_call, timestamps_.pop(last_stage(), i).done));
      if (i > first_) gaps.add(departure_gap_ns(i));
    }
    metrics_.add_distribution("sojourn", sojourn);
    metrics_.add("sojourn_max_ns", sojourn.max());
    metrics_.add_distribution("departure_gap", gaps);
    if (point_.works()) add_loss_against_ideal();
  }

  double departure_gap_ns(std::size_t i) const {
    return ns_between(timestamps_.pop(last_stage(), i - 1).done,
                      timestamps_.pop(last_stage(), i).done);
  }

  void add_loss_against_ideal() {
    const std::vector<StageState> states = stage_states_at(window_.open, plan_, timestamps_);
    const double least_ns = least_window_on_cores_ns(point_, cores_, out_.work_cpu_ns);
    if (cores_shared_) metrics_.add("efficiency_is_bound", 1.0);
    const auto replay_of = [&](const StageTimes& times, double handoff_ns) {
      return replay_pipeline(times, states, record_.queues[0].capacity, handoff_ns);
    };
    const auto window_of = [&](const PipelineReplay& replay) {
      return std::max(replay.depart_ns.back(), least_ns);
    };
    const PipelineReplay ideal = replay_of(times_.for_ideal(cores_shared_), 0);
    IdealWindows windows{window_of(ideal),
                         window_of(replay_of(times_.for_nominal(cores_shared_), 0)), std::nullopt};
    metrics_.add_distribution("ideal_sojourn", sojourn_in(ideal, first_));
    add_jitter(ideal);
    if (handoff_ns_) {
      const PipelineReplay floor = replay_of(times_.for_ideal(cores_shared_), *handoff_ns_);
      windows.floor_ns = window_of(floor);
      metrics_.add_distribution("floor_sojourn", sojourn_in(floor, first_));
    }
    add_loss(metrics_, out_.window_ns, static_cast<double>(out_.messages), windows);
  }

  void add_jitter(const PipelineReplay& ideal) {
    Histogram ideal_gaps;
    double jitter_ns = 0;
    const double gaps = static_cast<double>(out_.messages) - 1;
    for (std::size_t i = first_ + 1; i < plan_.messages_per_producer; ++i) {
      const double gap_ns = ideal.depart_ns[i] - ideal.depart_ns[i - 1];
      ideal_gaps.add(gap_ns);
      jitter_ns += std::abs(departure_gap_ns(i) - gap_ns) / gaps;
    }
    metrics_.add_distribution("ideal_departure_gap", ideal_gaps);
    metrics_.add("departure_jitter_ns", jitter_ns);
  }

  void add_round_trips() {
    Histogram round_trip;
    double round_trip_ns = 0, server_ns = 0, nominal_server_ns = 0;
    for (std::size_t i = 0; i < plan_.messages_per_producer; ++i) {
      const Ticks request = timestamps_.push(0, i).call;
      if (request <= window_.open) continue;
      const double ns = ns_between(request, timestamps_.pop(0, i).done);
      round_trip.add(ns);
      round_trip_ns += ns;
      server_ns += times_.for_ideal(cores_shared_)[1][i];
      nominal_server_ns += times_.for_nominal(cores_shared_)[1][i];
    }
    const double n = static_cast<double>(round_trip.count());
    metrics_.add_distribution("round_trip", round_trip);
    metrics_.add("round_trip_max_ns", round_trip.max());
    metrics_.add("lost_ns_per_msg", (round_trip_ns - server_ns) / n);
    metrics_.add("nominal_lost_ns_per_msg", (round_trip_ns - nominal_server_ns) / n);
    if (point_.consumer.kind != WorkKind::none) {
      metrics_.add("efficiency", server_ns / round_trip_ns);
      metrics_.add("nominal_efficiency", nominal_server_ns / round_trip_ns);
    }
    if (handoff_ns_) metrics_.add("floor_lost_ns_per_msg", 2 * *handoff_ns_);
  }

  WorkKind work_kind(std::size_t role) const {
    return role == 0 ? point_.producer.kind : role == 1 ? point_.stage.kind : point_.consumer.kind;
  }

  void add_work() {
    if (cores_shared_ || !point_.works()) return;
    RoleWork worked, on_cpu;
    for (std::size_t role = 0; role < roles.size(); ++role) {
      if (work_kind(role) == WorkKind::none || work_[role].nominal == 0) continue;
      worked = worked + work_[role];
      if (takes_steps(work_kind(role))) on_cpu = on_cpu + work_[role];
      metrics_.add_for_role(roles[role], "work_inflation", work_[role].inflation());
    }
    metrics_.add("work_inflation", worked.inflation());
    if (on_cpu.realised > 0) metrics_.add("gap_share", on_cpu.preempted / on_cpu.realised);
  }

  void add_calls() {
    Histogram push_blocked, pop_blocked;
    for (const TrialRecord& queue : record_.queues) {
      for (const PushStamp& push : queue.producers[0].stamps) {
        if (window_.holds(push.done)) push_blocked.add(ns_between(push.call, push.done));
      }
      for (const PopStamp& pop : queue.consumers[0].stamps) {
        if (window_.holds(pop.done)) pop_blocked.add(ns_between(pop.call, pop.done));
      }
    }
    metrics_.add_distribution("push_blocked", push_blocked);
    metrics_.add_distribution("pop_blocked", pop_blocked);
  }

  void add_resource_usage() {
    std::vector<std::pair<std::string, RoleUsage>> by_role;
    for (std::size_t role = 0; role < roles.size(); ++role) {
      RoleUsage use;
      for (std::size_t k = 0; k < point_.threads(); ++k) {
        if (role_of(point_, k) != role) continue;
        use.usage += record_.stages[k].usage;
        // Each message passes every stage.
        use.messages = static_cast<double>(record_.stages[k].messages);
      }
      use.work_cpu_ns = work_cpu_ns(role, usage_work_[role]);
      by_role.emplace_back(roles[role], use);
    }
    add_usage(metrics_, by_role);
  }

  const TrialPlan& plan_;
  const Point& point_;
  const ChainRecord& record_;
  const std::optional<double> handoff_ns_;
  const std::size_t cores_;
  const bool cores_shared_;
  const ChainTimestamps timestamps_;
  const WorkTimes<StageTimes> times_;
  TrialResult& out_;
  MetricWriter metrics_;
  Window window_;
  std::size_t first_ = 0;                    // message of the window
  std::array<RoleWork, roles.size()> work_;  // inside the window
  // Inside the intervals that resource usage was taken over.
  std::array<RoleWork, roles.size()> usage_work_;
};

}  // namespace

TrialResult analyse_chain(const TrialPlan& plan, const ChainRecord& record, const Traits& traits,
                          std::optional<double> handoff_ns, std::size_t cores) {
  TrialResult out;
  for (std::size_t q = 0; q < record.queues.size(); ++q) {
    TrialMessages messages;
    const std::string fault = verify_timestamped(plan, record.queues[q], traits, messages);
    if (fault.empty()) continue;
    out.fault = queue_name(plan.point, q) + ": " + fault;
    return out;
  }
  ChainAnalysis(plan, record, handoff_ns, cores, out).run();
  return out;
}

}  // namespace bq::bench
