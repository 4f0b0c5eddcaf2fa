// Every number that a trial may carry beside its messages and its window: the one list of them. A
// new counter is a line here and the code that computes it; analysis/metric_writer.h refuses a
// name that is missing here. `queue_bench --schema` prints the list, and the pages are made from it.
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
  Better better;          ///< neither: it says something about a trial, but queues cannot be ranked by it
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
     "(window - ideal window) / messages, realised times; absent in an open loop, whose pace is the arrivals'"},
    {"efficiency", Better::higher, "ideal window / window"},
    {"efficiency_is_bound", Better::neither,
     "1 where more threads want a core than there are, or under a quota: the ideal is max(replay, work / cores)"},
    {"nominal_lost_ns_per_msg", Better::lower,
     "lost, with nominal times plus the preemptions of `gap_share`, which no queue can avoid"},
    {"nominal_efficiency", Better::higher, "efficiency, with nominal times"},
    {"floor_lost_ns_per_msg", Better::neither,
     "the least loss any real queue can have: the replay with a cache-line transfer per hand-off"},
    // the users' work
    {"work_inflation", Better::lower, "realised / nominal service time, preemptions left out"},
    {"producer_work_inflation", Better::lower, "that of the producers"},
    {"stage_work_inflation", Better::lower, "that of the stages in the middle of a pipeline"},
    {"consumer_work_inflation", Better::lower, "that of the consumers"},
    {"gap_share", Better::neither,
     "share of the spin work's time lost to preemptions over 10 us: the machine's noise; absent where threads share "
     "cores"},
    {"producer_work_mean_ns", Better::neither,
     "mean realised time of a message's work, preemptions and late timers included"},
    {"consumer_work_mean_ns", Better::neither, "the same of the consumers"},
    {"generator_share", Better::neither, "share of the window the producers spent in their own work"},
    // time in the queue
    {"sojourn_mean_ns", Better::lower, "push call (open loop: arrival) to pop return, mean"},
    {"sojourn_p50_ns", Better::lower, "push call (open loop: arrival) to pop return, median"},
    {"sojourn_p99_ns", Better::lower, "push call (open loop: arrival) to pop return, 99th percentile"},
    {"sojourn_max_ns", Better::lower, "push call (open loop: arrival) to pop return, longest"},
    {"ideal_sojourn_mean_ns", Better::neither, "sojourn in the ideal's replay, mean"},
    {"ideal_sojourn_p50_ns", Better::neither, "sojourn in the ideal's replay, median"},
    {"ideal_sojourn_p99_ns", Better::neither, "sojourn in the ideal's replay, 99th percentile"},
    {"floor_sojourn_mean_ns", Better::neither, "sojourn in the floor's replay, mean"},
    {"floor_sojourn_p50_ns", Better::neither, "sojourn in the floor's replay, median"},
    {"floor_sojourn_p99_ns", Better::neither, "sojourn in the floor's replay, 99th percentile"},
    {"excess_mean_ns", Better::lower,
     "open loop: a message's sojourn less that of the same message in the ideal queue, mean"},
    {"excess_p50_ns", Better::lower, "that excess, median"},
    {"excess_p99_ns", Better::lower, "that excess, 99th percentile"},
    {"push_blocked_mean_ns", Better::lower, "time inside push, mean"},
    {"push_blocked_p50_ns", Better::lower, "time inside push, median"},
    {"push_blocked_p99_ns", Better::lower, "time inside push, 99th percentile"},
    {"pop_blocked_mean_ns", Better::lower, "time inside pop, mean"},
    {"pop_blocked_p50_ns", Better::lower, "time inside pop, median"},
    {"pop_blocked_p99_ns", Better::lower, "time inside pop, 99th percentile"},
    {"peak_occupancy", Better::neither, "most messages inside at once (completed pushes - begun pops)"},
    // chains of queues
    {"departure_gap_mean_ns", Better::neither, "pipeline: time between two messages' reaching the last stage, mean"},
    {"departure_gap_p50_ns", Better::neither, "that time, median"},
    {"departure_gap_p99_ns", Better::lower, "that time, 99th percentile"},
    {"ideal_departure_gap_mean_ns", Better::neither, "that time in the ideal's replay, mean"},
    {"ideal_departure_gap_p50_ns", Better::neither, "that time in the ideal's replay, median"},
    {"ideal_departure_gap_p99_ns", Better::neither, "that time in the ideal's replay, 99th percentile"},
    {"departure_jitter_ns", Better::lower,
     "pipeline: mean absolute difference between such a time and that of the same two messages in the ideal's replay"},
    {"round_trip_mean_ns", Better::lower,
     "ping-pong: call of the request's push to return of the reply's pop, mean; `lost_ns_per_msg` is that less the "
     "server's work"},
    {"round_trip_p50_ns", Better::lower, "that round trip, median"},
    {"round_trip_p99_ns", Better::lower, "that round trip, 99th percentile"},
    {"round_trip_max_ns", Better::lower, "that round trip, longest"},
    // open loop: the arrivals, and what finds no room
    {"generator_late_p99_ns", Better::neither, "how late a message was pushed though its producer was free"},
    {"generator_is_late", Better::neither, "1 where that is over 5 % of the mean gap"},
    {"overloaded", Better::neither, "1 where rho >= 1"},
    {"backlog_growth_msgs_per_s", Better::neither, "arrivals less pops, while messages arrive"},
    {"dropped_share", Better::lower, "with `when_full = \"drop\"`: share of the messages offered that found no room"},
    {"ideal_dropped_share", Better::neither, "the same through the ideal queue"},
    {"drop_mean_ns", Better::lower, "time inside a `try_push` that found no room, mean"},
    {"drop_p50_ns", Better::lower, "time inside a `try_push` that found no room, median"},
    {"drop_p99_ns", Better::lower, "time inside a `try_push` that found no room, 99th percentile"},
    // what it costs the machine
    {"cpu_ns_per_msg", Better::lower, "thread CPU time, all roles"},
    {"producer_cpu_ns_per_msg", Better::lower, "that of the producers"},
    {"stage_cpu_ns_per_msg", Better::lower, "that of the stages in the middle of a pipeline, all together"},
    {"consumer_cpu_ns_per_msg", Better::lower, "that of the consumers"},
    {"cpu_beyond_work_ns_per_msg", Better::lower, "thread CPU time less that of the spin work itself"},
    {"producer_cpu_beyond_work_ns_per_msg", Better::lower, "that of the producers"},
    {"stage_cpu_beyond_work_ns_per_msg", Better::lower, "that of the stages in the middle"},
    {"consumer_cpu_beyond_work_ns_per_msg", Better::lower, "that of the consumers"},
    {"switches_per_msg", Better::lower, "context switches, voluntary or not, all roles"},
    {"producer_voluntary_switches_per_msg", Better::lower, "the producers' voluntary ones"},
    {"producer_involuntary_switches_per_msg", Better::lower, "the producers' involuntary ones"},
    {"stage_voluntary_switches_per_msg", Better::lower, "the middle stages' voluntary ones"},
    {"stage_involuntary_switches_per_msg", Better::lower, "the middle stages' involuntary ones"},
    {"consumer_voluntary_switches_per_msg", Better::lower, "the consumers' voluntary ones"},
    {"consumer_involuntary_switches_per_msg", Better::lower, "the consumers' involuntary ones"},
    {"yields_per_msg", Better::lower, "calls of sched_yield, whether they switched or not"},
    {"producer_yields_per_msg", Better::lower, "those of the producers"},
    {"stage_yields_per_msg", Better::lower, "those of the middle stages"},
    {"consumer_yields_per_msg", Better::lower, "those of the consumers"},
    {"syscalls_per_msg", Better::lower, "system calls inside push and pop, all roles; in the `syscalls` rows"},
    {"producer_syscalls_per_msg", Better::lower, "those of the producers"},
    {"stage_syscalls_per_msg", Better::lower, "those of the middle stages"},
    {"consumer_syscalls_per_msg", Better::lower, "those of the consumers"},
    // sleeps, shares and the trial's environment
    {"futile_wakeups_per_msg", Better::lower,
     "sleeps beyond one for each call that may have slept: woken for nothing, or for a lock that another held; at "
     "least so many"},
    {"producer_futile_wakeups_per_msg", Better::lower, "those of the producers"},
    {"consumer_futile_wakeups_per_msg", Better::lower, "those of the consumers"},
    {"producer_fairness", Better::higher,
     "Jain's index of the messages of each producer inside the window, (sum x)^2 / (n sum x^2): 1 for equal shares, "
     "1/n where one has all (Jain, Chiu, Hawe, DEC Research MetricWriter TR-301, 1984)"},
    {"consumer_fairness", Better::higher, "the same of the consumers"},
    {"neighbour_work_share", Better::higher,
     "share of the cores' time that the background load of idle priority got, in spin steps of the block's "
     "calibration"},
    {"neighbour_lost_share", Better::lower,
     "1 - that share / what the messages' own spin work left over; absent where that is less than 2 %"},
    {"throttled_share", Better::lower,
     "under a quota: share of the used cores' time that the kernel held the trial back, warm-up and end included"},
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
    if (!find_counter(name)) throw "counters.h has no such counter";
  }
  std::string_view name;
};

/// Distributions with a mean, a median and a 99th percentile among the counters: "sojourn" for
/// sojourn_p50_ns. A trial with the counters has the histogram `sojourn_ns`, too.
inline std::vector<std::string> distribution_names() {
  constexpr std::string_view suffix = "_p50_ns";
  std::vector<std::string> names;
  for (const Counter& counter : counters) {
    if (counter.name.ends_with(suffix)) names.emplace_back(counter.name.substr(0, counter.name.size() - suffix.size()));
  }
  return names;
}

}  // namespace bq::bench
