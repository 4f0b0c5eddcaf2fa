// Numbers that several parts of the suite, the scripts and the pages must agree on.
// `queue_bench --schema` prints them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bq::bench {

inline constexpr std::size_t default_rounds = 12;
inline constexpr std::size_t least_blocks_for_verdict = 6;
/// A quantile q of n samples is stated from n (1 - q) of this on.
inline constexpr double least_samples_beyond_quantile = 100;
/// A block is disturbed during which a core gave less than this share of itself, ...
inline constexpr double least_cpu_share = 0.97;
/// ... or whose cores changed speed by more than this share, ...
inline constexpr double most_speed_drift = 0.05;
/// ... or in whose median trial the threads were preempted for more than this share of their work.
inline constexpr double most_gap_share = 0.03;
/// A block is marked between whose cores the time of a cache line changed by more than this share:
/// the host exchanged them for others.
inline constexpr double most_handoff_change = 0.25;
/// A generator is late if the 99th percentile of its lateness is more than this share of the mean
/// gap.
inline constexpr double most_lateness = 0.05;
/// A thread that works so much longer than planned was preempted.
inline constexpr double least_preemption_ns = 10'000;

inline constexpr std::int64_t most_rounds = 10'000;
/// Of what is read back from a results folder.
inline constexpr double most_row_number = 1e18;
inline constexpr std::size_t most_name_characters = 1000;
inline constexpr std::size_t most_text_characters = 10'000;
inline constexpr int most_row_levels = 20;

inline constexpr std::int64_t max_threads = 256;  // a side
inline constexpr std::int64_t max_stages = 16;
inline constexpr std::int64_t max_capacity = 1 << 24;
inline constexpr std::int64_t max_heap_message_bytes = 1 << 20;
/// Of a thread. The largest takes a second to set up, which each trial does.
inline constexpr std::int64_t min_working_set_bytes = 4'096;
inline constexpr std::int64_t max_working_set_bytes = 1 << 28;
/// Threads of a point for each core that it may use here: with more, the pilot takes minutes.
inline constexpr std::size_t max_threads_per_core = 32;

/// The longest mean: the longest of a trial's exponential draws must still fit 32 bits.
inline constexpr double max_mean_ns = 1e8;

// What the files of a scenario may hold. Messages state these limits.
inline constexpr std::size_t max_scenario_bytes = 1'000'000;
/// Each dot of a file may nest its tables one level deeper, and toml++ recurses into them.
inline constexpr std::size_t max_scenario_dots = 2'000;
inline constexpr std::size_t max_scenario_files = 1'000;  // of a selection
inline constexpr std::size_t max_points = 1'000;          // a file
inline constexpr std::size_t max_tables = 100;            // [[claim]]s and [[earlier_expect]]s
inline constexpr std::size_t max_listed_queues = 1'000;
inline constexpr std::size_t max_name_characters = 60;  // of a queue, a case, a scenario
inline constexpr std::size_t max_sentence_characters = 300;
inline constexpr std::size_t max_text_characters = 3'000;
inline constexpr std::size_t max_trace_times = 10'000'000;
inline constexpr std::size_t max_trace_bytes = 32 * max_trace_times;

/// Names that no queue may have, since lists of queues give them a meaning.
inline constexpr std::array<std::string_view, 2> reserved_queue_names{"default", "each"};

struct Rule {
  std::string_view name;
  double value;
  std::string_view meaning;
};

inline constexpr std::array rules{
    Rule{"default_rounds", default_rounds, "rounds of a default run"},
    Rule{"least_blocks_for_verdict", least_blocks_for_verdict,
         "undisturbed blocks that a verdict needs"},
    Rule{"least_samples_beyond_quantile", least_samples_beyond_quantile,
         "a quantile q of n samples is stated from n (1 - q) of this on"},
    Rule{"least_cpu_share", least_cpu_share,
         "a block is disturbed during which a core gave less than this share of itself"},
    Rule{"most_speed_drift", most_speed_drift,
         "a block is disturbed if its cores changed speed by more than this share"},
    Rule{"most_handoff_change", most_handoff_change,
         "a block is marked if the time of a cache line from core to core changed by more than "
         "this share"},
    Rule{"most_gap_share", most_gap_share,
         "a block is disturbed in whose median trial the threads were preempted for more than this "
         "share of their "
         "work"},
    Rule{"most_lateness", most_lateness,
         "a generator is late if the 99th percentile of its lateness is more than this share of "
         "the mean gap"},
    Rule{"least_preemption_ns", least_preemption_ns,
         "a thread that works so much longer than planned was preempted"},
    Rule{"most_rounds", most_rounds, "rounds of a run"},
    Rule{"most_mean_ns", max_mean_ns, "mean time a message of a side, or between two arrivals"},
    Rule{"most_capacity", static_cast<double>(max_capacity), "capacity of a queue"},
    Rule{"most_threads_per_core", static_cast<double>(max_threads_per_core),
         "threads of a point for each core that it may use"},
    Rule{"most_heap_message_bytes", static_cast<double>(max_heap_message_bytes),
         "bytes of a message"},
    Rule{"most_trace_times", static_cast<double>(max_trace_times),
         "times in the traces of a scenario"},
    Rule{"most_row_number", most_row_number, "size of a number in a row"},
    Rule{"most_name_characters", most_name_characters, "length of a name in a row"},
    Rule{"most_text_characters", most_text_characters, "length of a text in a row"},
    Rule{"most_row_levels", most_row_levels, "levels of nesting in a row"},
};

}  // namespace bq::bench
