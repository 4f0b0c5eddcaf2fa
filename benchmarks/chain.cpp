#include "benchmarks/chain.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "benchmarks/report.h"

namespace bq::bench {

PipelineReplay replay_pipeline(const StageTimes& service, const std::vector<StageOpening>& opening,
                               std::size_t capacity, double handoff_ns) {
  const std::size_t stages = service.size();
  const std::size_t messages = service[0].size();
  PipelineReplay result{std::vector<double>(messages, 0), {}};
  std::vector<std::vector<double>> start(stages, std::vector<double>(messages, 0));
  std::vector<double> enter(stages, 0);  // of the message before
  for (std::size_t i = 0; i < messages; ++i) {
    for (std::size_t k = 0; k < stages; ++k) {
      const StageOpening& past = opening[k];
      if (i < past.entered) continue;
      double ready = past.ready_ns;
      if (i >= past.taken) {
        start[k][i] = k == 0 ? enter[0] : std::max(enter[k - 1] + handoff_ns, enter[k]);
        ready = start[k][i] + service[k][i];
      }
      if (k == 0) result.ready_ns[i] = ready;
      const bool may_be_full = k + 1 < stages && i >= capacity;
      enter[k] = may_be_full ? std::max(ready, start[k + 1][i - capacity] + handoff_ns) : ready;
    }
  }
  result.depart_ns = std::move(start.back());
  return result;
}

namespace {

constexpr const char* short_window = "the first stage was done before, or hardly after, every thread was warm";
constexpr std::array roles{"producer", "stage", "consumer"};

// The stamps of a chain by thread and message.
class Stamps {
 public:
  Stamps(const TrialPlan& plan, const ChainRecord& record) : point_(plan.point), record_(record) {}

  bool pushes(std::size_t stage) const { return stage < record_.queues.size(); }
  const PushStamp& push(std::size_t stage, std::size_t i) const { return record_.queues[stage].producers[0].stamps[i]; }
  // Of what the client pops, the replies, too.
  const PopStamp& pop(std::size_t stage, std::size_t i) const { return popped(stage).stamps[i]; }

  Ticks work_begins(std::size_t stage, std::size_t i) const {
    if (stage > 0) return pop(stage, i).done;
    if (i == 0) return push(0, 0).call;  // nobody knows when it began with the first
    return point_.shape == Topology::ping_pong ? pop(0, i - 1).done : push(0, i - 1).done;
  }
  Ticks work_ends(std::size_t stage, std::size_t i) const {
    if (pushes(stage)) return push(stage, i).call;
    return i + 1 < popped(stage).messages ? pop(stage, i + 1).call : popped(stage).end_call;
  }

 private:
  const ConsumerRecord& popped(std::size_t stage) const {
    return record_.queues[(stage == 0 ? record_.queues.size() : stage) - 1].consumers[0];
  }
  const Point& point_;
  const ChainRecord& record_;
};

struct Services {
  StageTimes realised;  ///< as it took
  StageTimes nominal;   ///< as it was drawn
  StageTimes asked;     ///< as it was drawn, and the gaps that the machine made

  Services(const TrialPlan& plan, const Stamps& stamps) {
    for (std::size_t k = 0; k < plan.point.threads(); ++k) {
      const Work& work = plan.point.work_of(k);
      const DemandStream& demand = plan.demands.of_stage(plan.point, k);
      for (StageTimes* times : {&realised, &nominal, &asked}) times->emplace_back(plan.messages_per_producer, 0.0f);
      for (std::size_t i = 0; i < plan.messages_per_producer; ++i) {
        realised[k][i] = static_cast<float>(ns_between(stamps.work_begins(k, i), stamps.work_ends(k, i)));
        if (work.kind != Work::Kind::none)
          nominal[k][i] = static_cast<float>(nominal_ns(work, demand[i], plan.demands.ns_per_step));
        asked[k][i] = nominal[k][i] + gap_in(realised[k][i], nominal[k][i]);
      }
    }
  }
};

// The state of the trial as the window opens.
std::vector<StageOpening> opening_at(Ticks open, const TrialPlan& plan, const Stamps& stamps) {
  const std::size_t messages = plan.messages_per_producer;
  std::vector<StageOpening> result(plan.point.threads());
  std::size_t taken_behind = 0;  // what the next stage has taken has entered, even if the push has not returned
  for (std::size_t k = result.size(); k-- > 0;) {
    const auto passed = [&](auto&& when) {
      std::size_t low = 0;
      for (std::size_t high = messages; low < high;) {
        const std::size_t middle = low + (high - low) / 2;
        if (when(middle) <= open) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    };
    StageOpening& opening = result[k];
    opening.entered = std::max(taken_behind, passed([&](std::size_t i) {
                                 return stamps.pushes(k) ? stamps.push(k, i).done : stamps.work_ends(k, i);
                               }));
    opening.taken = std::min(messages, opening.entered + 1);  // the first stage always has one in hand
    if (k > 0) opening.taken = passed([&](std::size_t i) { return stamps.pop(k, i).done; });
    taken_behind = opening.taken;
    if (opening.taken > opening.entered) {
      opening.ready_ns = std::max(0.0, ns_between(open, stamps.work_ends(k, opening.entered)));
    }
  }
  return result;
}

std::size_t role_of(const Point& point, std::size_t stage) {
  return stage == 0 ? 0 : stage + 1 == point.stages ? 2 : 1;
}

std::string name_of(const Point& point, std::size_t queue) {
  if (point.shape == Topology::ping_pong) return queue == 0 ? "requests" : "replies";
  return "queue " + std::to_string(queue + 1) + " of " + std::to_string(point.queues());
}

class ChainMeasurement {
 public:
  ChainMeasurement(const TrialPlan& plan, const ChainRecord& record, std::size_t cores, Measurement& out)
      : plan_(plan),
        point_(plan.point),
        record_(record),
        cores_(cores),
        overcommitted_(plan.point.spinning_threads() > cores),
        stamps_(plan, record),
        services_(plan, stamps_),
        out_(out),
        report_(out) {}

  // From the last thread warm on: the first is then ahead by what the queues hold, and nobody is done yet.
  void run(std::optional<double> handoff_ns) {
    for (const StageRecord& stage : record_.stages) open_ = std::max(open_, stage.warm);
    const std::size_t last = point_.shape == Topology::ping_pong ? 0 : point_.threads() - 1;  // whose pops are counted
    std::size_t first = 0;
    while (first < plan_.messages_per_producer && stamps_.pop(last, first).done <= open_) ++first;
    const std::size_t messages = plan_.messages_per_producer - first;
    if (messages < (plan_.messages_per_producer - plan_.warmup_per_producer) / 4 || messages < 2) {
      out_.void_reason = short_window;
      return;
    }
    close_ = stamps_.pop(last, plan_.messages_per_producer - 1).done;
    out_.messages = messages;
    out_.window_ns = ns_between(open_, close_);
    out_.window_open = open_;
    out_.window_close = close_;
    report_.add("throughput_msgs_per_s", static_cast<double>(messages) / out_.window_ns * 1e9);
    sum_up_work();
    if (point_.shape == Topology::ping_pong) {
      measure_ping_pong(handoff_ns);
    } else {
      measure_pipeline(first, handoff_ns);
    }
    report_work();
    report_calls();
    report_usage_by_role();
  }

 private:
  bool is_inside(Ticks t) const { return t > open_ && t <= close_; }

  void sum_up_work() {
    for (std::size_t k = 0; k < point_.threads(); ++k) {
      const std::size_t role = role_of(point_, k);
      for (std::size_t i = 0; i < plan_.messages_per_producer; ++i) {
        const double realised = services_.realised[k][i];
        const double nominal = services_.nominal[k][i];
        if (stamps_.work_begins(k, i) > open_ && stamps_.work_ends(k, i) <= close_) work_[role].add(realised, nominal);
        if (i >= plan_.warmup_per_producer) usage_work_[role].add(realised, nominal);
      }
    }
    for (std::size_t role = 0; role < roles.size(); ++role) out_.spin_work_ns += spin_ns(role, work_[role]);
  }

  // What the CPU did of a role's work.
  double spin_ns(std::size_t role, const RoleWork& work) const {
    return work_kind(role) != Work::Kind::spin ? 0 : overcommitted_ ? work.nominal : work.cpu();
  }

  // Where threads take turns on a core, their service times contain each other's turns: only the nominal ones are work.
  const StageTimes& honest() const { return overcommitted_ ? services_.nominal : services_.realised; }

  void measure_pipeline(std::size_t first, std::optional<double> handoff_ns) {
    const std::size_t messages = plan_.messages_per_producer;
    const std::size_t last = point_.threads() - 1;
    const double n = static_cast<double>(messages - first);
    Histogram sojourn, gaps;
    for (std::size_t i = first; i < messages; ++i) {
      if (stamps_.push(0, i).call > open_) sojourn.add(ns_between(stamps_.push(0, i).call, stamps_.pop(last, i).done));
      if (i > first) gaps.add(departure_gap(i));
    }
    report_.add_distribution("sojourn", sojourn);
    report_.add("sojourn_max_ns", sojourn.max());
    report_.add_distribution("departure_gap", gaps);
    if (!point_.works()) return;

    const std::vector<StageOpening> opening = opening_at(open_, plan_, stamps_);
    const std::size_t capacity = record_.queues[0].capacity;
    double least_ns = 0;
    if (overcommitted_) {
      least_ns = out_.spin_work_ns / static_cast<double>(cores_);
      report_.add("efficiency_is_bound", 1.0);
    }
    const auto window_of = [&](const PipelineReplay& replay) { return std::max(replay.depart_ns.back(), least_ns); };
    const double nominal_ns =
        window_of(replay_pipeline(overcommitted_ ? services_.nominal : services_.asked, opening, capacity));
    const PipelineReplay ideal = replay_pipeline(honest(), opening, capacity);
    const double ideal_ns = window_of(ideal);
    report_.add("lost_ns_per_msg", (out_.window_ns - ideal_ns) / n);
    report_.add("efficiency", ideal_ns / out_.window_ns);
    report_.add("nominal_lost_ns_per_msg", (out_.window_ns - nominal_ns) / n);
    report_.add("nominal_efficiency", nominal_ns / out_.window_ns);

    report_.add_distribution("ideal_sojourn", sojourn_in(ideal, first));
    Histogram ideal_gaps;
    double jitter = 0;
    for (std::size_t i = first + 1; i < messages; ++i) {
      const double gap = ideal.depart_ns[i] - ideal.depart_ns[i - 1];
      ideal_gaps.add(gap);
      jitter += std::abs(departure_gap(i) - gap) / (n - 1);
    }
    report_.add_distribution("ideal_departure_gap", ideal_gaps);
    report_.add("departure_jitter_ns", jitter);
    if (handoff_ns) {
      const PipelineReplay floor = replay_pipeline(honest(), opening, capacity, *handoff_ns);
      report_.add("floor_lost_ns_per_msg", (window_of(floor) - ideal_ns) / n);
      report_.add_distribution("floor_sojourn", sojourn_in(floor, first));
    }
  }

  double departure_gap(std::size_t i) const {
    const std::size_t last = point_.threads() - 1;
    return ns_between(stamps_.pop(last, i - 1).done, stamps_.pop(last, i).done);
  }

  static Histogram sojourn_in(const PipelineReplay& replay, std::size_t first) {
    Histogram sojourn;
    for (std::size_t i = first; i < replay.depart_ns.size(); ++i) {
      if (replay.ready_ns[i] > 0) sojourn.add(replay.depart_ns[i] - replay.ready_ns[i]);
    }
    return sojourn;
  }

  void measure_ping_pong(std::optional<double> handoff_ns) {
    Histogram round_trip;
    double took = 0, worked = 0, asked = 0;
    for (std::size_t i = 0; i < plan_.messages_per_producer; ++i) {
      if (stamps_.push(0, i).call <= open_) continue;
      const double ns = ns_between(stamps_.push(0, i).call, stamps_.pop(0, i).done);
      round_trip.add(ns);
      took += ns;
      worked += honest()[1][i];
      asked += (overcommitted_ ? services_.nominal : services_.asked)[1][i];
    }
    const double n = static_cast<double>(round_trip.count());
    report_.add_distribution("round_trip", round_trip);
    report_.add("round_trip_max_ns", round_trip.max());
    report_.add("lost_ns_per_msg", (took - worked) / n);
    report_.add("nominal_lost_ns_per_msg", (took - asked) / n);
    if (point_.consumer.kind != Work::Kind::none) {
      report_.add("efficiency", worked / took);
      report_.add("nominal_efficiency", asked / took);
    }
    if (handoff_ns) report_.add("floor_lost_ns_per_msg", 2 * *handoff_ns);
  }

  Work::Kind work_kind(std::size_t role) const {
    return role == 0 ? point_.producer.kind : role == 1 ? point_.stage.kind : point_.consumer.kind;
  }

  void report_work() {
    if (overcommitted_ || !point_.works()) return;
    RoleWork worked, spun;
    for (std::size_t role = 0; role < roles.size(); ++role) {
      if (work_kind(role) == Work::Kind::none || work_[role].nominal == 0) continue;
      worked = worked + work_[role];
      if (work_kind(role) == Work::Kind::spin) spun = spun + work_[role];
      report_.add(std::string(roles[role]) + "_work_inflation", work_[role].inflation());
    }
    report_.add("work_inflation", worked.inflation());
    if (spun.realised > 0) report_.add("gap_share", spun.gaps / spun.realised);
  }

  void report_calls() {
    Histogram push_blocked, pop_blocked;
    for (const TrialRecord& queue : record_.queues) {
      for (const PushStamp& push : queue.producers[0].stamps) {
        if (is_inside(push.done)) push_blocked.add(ns_between(push.call, push.done));
      }
      for (const PopStamp& pop : queue.consumers[0].stamps) {
        if (is_inside(pop.done)) pop_blocked.add(ns_between(pop.call, pop.done));
      }
    }
    report_.add_distribution("push_blocked", push_blocked);
    report_.add_distribution("pop_blocked", pop_blocked);
  }

  void report_usage_by_role() {
    std::vector<std::pair<std::string, RoleUsage>> by_role;
    for (std::size_t role = 0; role < roles.size(); ++role) {
      RoleUsage use;
      for (std::size_t k = 0; k < point_.threads(); ++k) {
        if (role_of(point_, k) != role) continue;
        use.usage += record_.stages[k].usage;
        use.messages = static_cast<double>(record_.stages[k].messages);  // each of them passes every stage
      }
      use.work_cpu_ns = spin_ns(role, usage_work_[role]);
      by_role.emplace_back(roles[role], use);
    }
    report_usage(report_, by_role);
  }

  const TrialPlan& plan_;
  const Point& point_;
  const ChainRecord& record_;
  const std::size_t cores_;
  const bool overcommitted_;
  const Stamps stamps_;
  const Services services_;
  Measurement& out_;
  Report report_;
  Ticks open_ = 0, close_ = 0;
  std::array<RoleWork, roles.size()> work_;        // inside the window
  std::array<RoleWork, roles.size()> usage_work_;  // inside the intervals that CPU usage was taken over
};

}  // namespace

Measurement measure_chain(const TrialPlan& plan, const ChainRecord& record, const Traits& traits,
                          std::optional<double> handoff_ns, std::size_t cores) {
  Measurement out;
  for (std::size_t q = 0; q < record.queues.size(); ++q) {
    const std::string fault = find_fault(plan, record.queues[q], traits);
    if (fault.empty()) continue;
    out.fault = name_of(plan.point, q) + ": " + fault;
    return out;
  }
  ChainMeasurement(plan, record, cores, out).run(handoff_ns);
  return out;
}

}  // namespace bq::bench
