// One process of a run: the pilot, the properties of the queues, or one round. Which trials happen,
// in which order, and what is written down of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "benchmarks/run/calibration.h"
#include "benchmarks/run/result_folder.h"
#include "benchmarks/run/run_state.h"
#include "benchmarks/run/selection.h"
#include "benchmarks/run/trial_runner.h"
#include "benchmarks/trial/watchdog.h"

namespace bq::bench {

struct Property;

struct SessionOptions : SelectionOptions {
  std::uint64_t seed = 1;
  std::filesystem::path out;  ///< empty: nothing is written
  std::uint64_t round = 1;    ///< 0: the pilot
  std::string only_file;      ///< points to run, one a line; empty: all
  std::string crash_reason;   ///< how the last process died during a trial; empty: it did not
  /// Other runs go on at the same time: the machine baselines are not measured.
  bool beside_others = false;
  /// Our own queues spin as long as they do on the machine that their limits were set on.
  bool adapt_spin_limits = false;
  std::string note_arguments;  ///< JSON that goes into the context verbatim
  double hang_after_s = 10;
};

/// One trial to come.
struct TrialItem {
  const Cell* cell;
  Level level;
};

struct Block {
  const Point* point;
  std::vector<TrialItem> items;  ///< shuffled
};

/// Not thread-safe. All functions but the constructor and the getters throw IoError where a file
/// cannot be written.
class Session {
 public:
  /// Throws UsageError for an error in the options, the scenarios or the content of `out`.
  explicit Session(SessionOptions options);

  const std::vector<Scenario>& scenarios() const { return selection_.scenarios; }
  /// Names of the queues that run in a scenario.
  std::vector<std::string> queues_of(const Scenario& scenario) const {
    return bench::queues_of(scenario, options_);
  }

  /// Decides the number of messages of every cell (of the points asked for) that has none yet, and
  /// counts the system calls of each.
  void pilot();

  /// Measures the properties of each queue that no earlier process of this run has. A queue that
  /// fails, hangs or crashes in one gets no others.
  void properties();

  /// This round's blocks that are still to do, shuffled by seed and round. Measures the machine
  /// baselines if there are any.
  std::vector<Block> plan_round();

  /// Calibrates, and probes the machine. Then the block's items, in order, through run(); then
  /// finish().
  void begin(const Block& block);
  TrialResult run(const TrialItem& item);
  void finish(const Block& block);

  bool any_failed() const { return !state_.failed.empty(); }

 private:
  void read_only_file();
  void open_folder();
  Json run_row() const;
  void write_skips();
  void write_baselines();
  void write_crash();
  void write(const Json& row);
  Json trial_row(const TrialItem& item, const char* status) const;
  Json start_row(const TrialItem& item, std::uint64_t round) const;

  bool is_selected(const Point& point) const { return only_.empty() || only_.contains(point.name); }
  bool is_excluded(const Cell& cell) const {
    return state_.skipped.contains(cell.name) || state_.failed.contains(cell.name);
  }
  void fail_cell(const TrialItem& item, const std::string& message);
  void fail_cells_of_hung_queues();

  void measure_and_write(const QueueEntry& queue, const Property& property,
                         const std::function<void(const std::string&)>& fail);
  void size_cell(const Cell& cell);
  void count_syscalls();
  void count_syscalls_of(const Cell& cell);
  std::vector<TrialItem> items_of(const Point& point) const;
  TrialResult run_trial(const TrialItem& item, TrialSize size, bool counts_syscalls = false);
  CoreOrder core_order() const;
  void note_preemptions(const TrialResult& result);
  std::string disturbance(const CoreProbe& after) const;

  SessionOptions options_;
  Selection selection_;
  RunState state_;
  std::set<std::string> only_;          ///< points to run; empty: all
  std::optional<ResultFolder> folder_;  ///< absent: nothing is written

  std::function<void(const std::string&)> report_hang_;  ///< of the trial or property at hand
  Watchdog watchdog_;
  TrialRunner runner_;

  // Of the block at hand:
  std::chrono::steady_clock::time_point block_start_;
  CoreProbe probe_;
  std::optional<double> handoff_ns_;
  std::vector<double> gap_shares_;  ///< of its trials, or of their generators
  std::size_t order_ = 0;           ///< of the last trial in this process
};

}  // namespace bq::bench
