// Every number that a trial may carry beside its messages and its window: the one list of them. A
// new counter is a line here and the code that computes it; then run ./scripts/generate.
// analysis/metric_writer.h refuses a name that is missing here. `queue_bench --schema` prints the
// list, and the pages are made from it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bq::bench {

enum class Better : std::uint8_t { lower, higher, neither };
constexpr std::string_view name_of(Better value) {
  switch (value) {
    case Better::lower:
      return "lower";
    case Better::higher:
      return "higher";
    case Better::neither:
      return "neither";
  }
  return {};
}

struct Counter {
  std::string_view name;  ///< ends with its unit; without one it is a share, a ratio or a count
  /// Neither: it says something about a trial, but queues cannot be ranked by it.
  Better better;
  std::string_view meaning;

  /// "ns", "ns/msg", "msgs/s", "1/msg", "share", or empty for a ratio or a count.
  constexpr std::string_view unit() const {
    for (const auto& [suffix, unit] : units) {
      if (name.ends_with(suffix)) return unit;
    }
    return {};
  }

  struct Unit {
    std::string_view suffix, unit;
  };
  static constexpr std::array<Unit, 5> units{{{"_ns_per_msg", "ns/msg"},
                                              {"_msgs_per_s", "msgs/s"},
                                              {"_per_msg", "1/msg"},
                                              {"_ns", "ns"},
                                              {"_share", "share"}}};
};

inline constexpr Counter counters[] = {
    // pace
    {"throughput_msgs_per_s", Better::higher, "messages / window"},
    {"lost_ns_per_msg", Better::lower,
     "overhead per message against the ideal queue: (window - ideal window) / messages, with the "
     "work as it took; "
     "absent in an open loop, which runs at the pace of its arrivals"},
    {"efficiency", Better::higher, "ideal window / window"},
    {"efficiency_is_bound", Better::neither,
     "1 where threads share cores or are under a quota: the ideal window is max(replay, work / "
     "cores), and the "
     "overhead an upper bound"},
    {"nominal_lost_ns_per_msg", Better::lower,
     "the same with the work as it was drawn, plus the preemptions of `gap_share`, which no queue "
     "can avoid"},
    {"nominal_efficiency", Better::higher, "nominal ideal window / window"},
    {"floor_lost_ns_per_msg", Better::neither,
     "the least overhead of any real queue: a replay with a cache-line transfer per hand-off"},
    // the users' work
    {"work_inflation", Better::lower, "realised / nominal service time, preemptions left out"},
    {"producer_work_inflation", Better::lower,
     "realised / nominal service time of the producers, preemptions left out"},
    {"stage_work_inflation", Better::lower,
     "realised / nominal service time of the middle stages of a pipeline, preemptions left out"},
    {"consumer_work_inflation", Better::lower,
     "realised / nominal service time of the consumers, preemptions left out"},
    {"gap_share", Better::neither,
     "share of the time of work on the CPU lost to preemptions over 10 us: the machine's noise; "
     "absent "
     "where threads share "
     "cores"},
    {"producer_work_mean_ns", Better::neither,
     "mean realised time of the producers' work for a message, preemptions and late timers "
     "included"},
    {"consumer_work_mean_ns", Better::neither,
     "mean realised time of the consumers' work for a message, preemptions and late timers "
     "included"},
    {"generator_share", Better::neither,
     "share of the window the producers spent in their own work"},
    // time in the queue
    {"sojourn_mean_ns", Better::lower, "push call (open loop: arrival) to pop return, mean"},
    {"sojourn_p50_ns", Better::lower, "push call (open loop: arrival) to pop return, median"},
    {"sojourn_p99_ns", Better::lower,
     "push call (open loop: arrival) to pop return, 99th percentile"},
    {"sojourn_max_ns", Better::lower, "push call (open loop: arrival) to pop return, longest"},
    {"ideal_sojourn_mean_ns", Better::neither, "sojourn in the ideal's replay, mean"},
    {"ideal_sojourn_p50_ns", Better::neither, "sojourn in the ideal's replay, median"},
    {"ideal_sojourn_p99_ns", Better::neither, "sojourn in the ideal's replay, 99th percentile"},
    {"floor_sojourn_mean_ns", Better::neither, "sojourn in the floor's replay, mean"},
    {"floor_sojourn_p50_ns", Better::neither, "sojourn in the floor's replay, median"},
    {"floor_sojourn_p99_ns", Better::neither, "sojourn in the floor's replay, 99th percentile"},
    {"excess_mean_ns", Better::lower,
     "open loop: sojourn of a message minus the sojourn of the same message in the ideal queue "
     "whose generator pauses as this one did (where threads share cores: never pauses), mean"},
    {"excess_p50_ns", Better::lower, "open loop: excess sojourn, median"},
    {"excess_p99_ns", Better::lower, "open loop: excess sojourn, 99th percentile"},
    {"push_blocked_mean_ns", Better::lower, "time inside push, mean"},
    {"push_blocked_p50_ns", Better::lower, "time inside push, median"},
    {"push_blocked_p99_ns", Better::lower, "time inside push, 99th percentile"},
    {"pop_blocked_mean_ns", Better::lower, "time inside pop, mean"},
    {"pop_blocked_p50_ns", Better::lower, "time inside pop, median"},
    {"pop_blocked_p99_ns", Better::lower, "time inside pop, 99th percentile"},
    {"peak_occupancy", Better::neither,
     "most messages inside at once (completed pushes - begun pops)"},
    // chains of queues
    {"departure_gap_mean_ns", Better::neither,
     "pipeline: time between the arrivals of two successive messages at the last stage, mean"},
    {"departure_gap_p50_ns", Better::neither,
     "pipeline: time between two successive arrivals at the last stage, median"},
    {"departure_gap_p99_ns", Better::lower,
     "pipeline: time between two successive arrivals at the last stage, 99th percentile"},
    {"ideal_departure_gap_mean_ns", Better::neither,
     "pipeline: time between two successive arrivals at the last stage in the ideal's replay, "
     "mean"},
    {"ideal_departure_gap_p50_ns", Better::neither, "the same in the ideal's replay, median"},
    {"ideal_departure_gap_p99_ns", Better::neither,
     "the same in the ideal's replay, 99th percentile"},
    {"departure_jitter_ns", Better::lower,
     "pipeline: mean absolute difference between the departure gap of two messages and their gap "
     "in the ideal's "
     "replay"},
    {"round_trip_mean_ns", Better::lower,
     "ping-pong: call of the request's push to return of the reply's pop, mean; `lost_ns_per_msg` "
     "is that minus the "
     "server's work"},
    {"round_trip_p50_ns", Better::lower, "ping-pong: round trip, median"},
    {"round_trip_p99_ns", Better::lower, "ping-pong: round trip, 99th percentile"},
    {"round_trip_max_ns", Better::lower, "ping-pong: round trip, longest"},
    // open loop: the arrivals, and what finds no room
    {"generator_late_p99_ns", Better::neither,
     "how much later messages were pushed than by a generator that never pauses, 99th percentile"},
    {"generator_is_late", Better::neither,
     "1 where `generator_late_p99_ns` is over 5 % of the mean gap"},
    {"generator_pause_share", Better::neither,
     "share of the generator's time in pauses over 10 us: it had a message, was not inside push, "
     "and yet did not push; absent where threads share cores or arrivals are waited for asleep"},
    {"generator_pause_max_ns", Better::neither, "the generator's longest pause"},
    {"generator_pauses_cost_mean_ns", Better::neither,
     "how much longer messages take in the ideal queue because of the generator's pauses, mean: "
     "not part of the excess where each thread has a core of its own"},
    {"overloaded", Better::neither, "1 where rho >= 1"},
    {"backlog_growth_msgs_per_s", Better::neither, "arrivals minus pops, while messages arrive"},
    {"dropped_share", Better::lower,
     "with `when_full = \"drop\"`: share of the messages offered that found no room"},
    {"ideal_dropped_share", Better::neither, "the same share in the ideal queue"},
    {"excess_dropped_share", Better::lower,
     "`dropped_share` minus the share that the ideal queue drops, whose generator pauses as this "
     "one did (where threads share cores: never pauses)"},
    {"drop_mean_ns", Better::lower, "time inside a `try_push` that found no room, mean"},
    {"drop_p50_ns", Better::lower, "time inside a `try_push` that found no room, median"},
    {"drop_p99_ns", Better::lower, "time inside a `try_push` that found no room, 99th percentile"},
    // resource usage
    {"cpu_ns_per_msg", Better::lower, "thread CPU time of all roles"},
    {"producer_cpu_ns_per_msg", Better::lower, "thread CPU time of the producers"},
    {"stage_cpu_ns_per_msg", Better::lower, "thread CPU time of the middle stages of a pipeline"},
    {"consumer_cpu_ns_per_msg", Better::lower, "thread CPU time of the consumers"},
    {"cpu_beyond_work_ns_per_msg", Better::lower,
     "thread CPU time of all roles minus that of the work"},
    {"producer_cpu_beyond_work_ns_per_msg", Better::lower,
     "thread CPU time of the producers minus that of their work"},
    {"stage_cpu_beyond_work_ns_per_msg", Better::lower,
     "thread CPU time of the middle stages of a pipeline minus that of their work"},
    {"consumer_cpu_beyond_work_ns_per_msg", Better::lower,
     "thread CPU time of the consumers minus that of their work"},
    {"switches_per_msg", Better::lower, "context switches, voluntary or not, all roles"},
    {"producer_voluntary_switches_per_msg", Better::lower,
     "voluntary context switches of the producers"},
    {"producer_involuntary_switches_per_msg", Better::lower,
     "involuntary context switches of the producers"},
    {"stage_voluntary_switches_per_msg", Better::lower,
     "voluntary context switches of the middle stages of a pipeline"},
    {"stage_involuntary_switches_per_msg", Better::lower,
     "involuntary context switches of the middle stages of a pipeline"},
    {"consumer_voluntary_switches_per_msg", Better::lower,
     "voluntary context switches of the consumers"},
    {"consumer_involuntary_switches_per_msg", Better::lower,
     "involuntary context switches of the consumers"},
    {"yields_per_msg", Better::lower, "calls of sched_yield, whether they switched or not"},
    {"producer_yields_per_msg", Better::lower, "calls of sched_yield of the producers"},
    {"stage_yields_per_msg", Better::lower,
     "calls of sched_yield of the middle stages of a pipeline"},
    {"consumer_yields_per_msg", Better::lower, "calls of sched_yield of the consumers"},
    {"syscalls_per_msg", Better::lower,
     "system calls inside push and pop, all roles; in the `syscalls` rows"},
    {"producer_syscalls_per_msg", Better::lower,
     "system calls of the producers inside push and pop; in the `syscalls` rows"},
    {"stage_syscalls_per_msg", Better::lower,
     "system calls of the middle stages of a pipeline inside push and pop; in the `syscalls` rows"},
    {"consumer_syscalls_per_msg", Better::lower,
     "system calls of the consumers inside push and pop; in the `syscalls` rows"},
    // sleeps, shares and the trial's environment
    {"futile_wakeups_per_msg", Better::lower,
     "sleeps beyond one for each call that may have slept: a wake-up for nothing, or for a lock "
     "that another thread "
     "held; a lower bound"},
    {"producer_futile_wakeups_per_msg", Better::lower, "futile wake-ups of the producers"},
    {"consumer_futile_wakeups_per_msg", Better::lower, "futile wake-ups of the consumers"},
    {"producer_fairness", Better::higher,
     "Jain's index of the messages of each producer inside the window, (sum x)^2 / (n sum x^2): 1 "
     "for equal shares, "
     "1/n where one has all (Jain, Chiu, Hawe, DEC Research Report TR-301, 1984)"},
    {"consumer_fairness", Better::higher,
     "Jain's index of the messages of each consumer inside the window"},
    {"neighbour_work_share", Better::higher,
     "share of the cores' time that the background load of idle priority got, in spin steps of the "
     "block's "
     "calibration"},
    {"neighbour_lost_share", Better::lower,
     "1 - `neighbour_work_share` / the share that the messages' own work left over; absent "
     "where that is less "
     "than 2 %"},
    {"throttled_share", Better::lower,
     "under a quota: share of the used cores' time for which the kernel throttled the trial, "
     "warm-up and end included"},
};

/// Nullptr if no counter has that name.
constexpr const Counter* find_counter(std::string_view name) {
  for (const Counter& counter : counters) {
    if (counter.name == name) return &counter;
  }
  return nullptr;
}

/// The name of a counter that is known when the program is compiled: another one does not compile.
struct CounterName {
  consteval CounterName(const char* text) : name(text) {  // NOLINT(google-explicit-constructor)
    // Not by find_counter(): g++ 12 with UBSan takes its result for no constant.
    for (const Counter& counter : counters) {
      if (counter.name == name) return;
    }
    throw "counters.h has no such counter";
  }
  std::string_view name;
};

/// Distributions with a mean, a median and a 99th percentile among the counters: "sojourn" for
/// sojourn_p50_ns. A trial with the counters has the histogram `sojourn_ns`, too.
inline std::vector<std::string> distribution_names() {
  constexpr std::string_view suffix = "_p50_ns";
  std::vector<std::string> names;
  for (const Counter& counter : counters) {
    if (counter.name.ends_with(suffix))
      names.emplace_back(counter.name.substr(0, counter.name.size() - suffix.size()));
  }
  return names;
}

}  // namespace bq::bench
