// A run: which cells there are, how many messages each gets, in which order trials happen, and what is written down of
// them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "benchmarks/journal.h"
#include "benchmarks/json.h"
#include "benchmarks/machine.h"
#include "benchmarks/measurement.h"
#include "benchmarks/registry.h"
#include "benchmarks/scenario.h"
#include "benchmarks/watchdog.h"

namespace bq::bench {

struct SessionOptions {
  std::vector<std::string> scenarios;
  std::filesystem::path scenarios_dir;
  std::string queue_regex;  ///< empty: no filter
  bool all = false;         ///< the extra queues too
  std::uint64_t seed = 1;
  std::filesystem::path out;   ///< empty: nothing is written
  std::uint64_t round = 1;     ///< 0: the pilot
  std::string only_file;       ///< points to run, one a line; empty: all
  std::string blame;           ///< how the last process died in mid-trial; empty: it did not
  bool beside_others = false;  ///< other runs go on beside this one: no limits, which would hold them up
  std::string note_arguments;  ///< JSON that goes into the context verbatim
  double hang_after_s = 10;
};

/// One queue at one point.
struct Cell {
  const Point* point;
  const QueueEntry* queue;
  std::string name;  ///< scenario/queue/param:value/...
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

class Session {
 public:
  /// The exit status with which the watchdog ends the process.
  static constexpr int exit_hung = 4;

  /// Throws UsageError for whatever is wrong with the options, the scenarios or what lies in `out`.
  explicit Session(SessionOptions options);

  const std::vector<Scenario>& scenarios() const { return scenarios_; }
  /// Names of the queues that run in a scenario.
  std::vector<std::string> queues_of(const Scenario& scenario) const;

  /// Decides the number of messages of every cell (of the points asked for) that has none yet.
  void pilot();

  /// Measures what no earlier process of this run has: the properties of each queue. One that fails, hangs or crashes gets
  /// no others.
  void properties();

  /// This round's blocks that are still to do, shuffled by seed and round.
  std::vector<Block> plan_round();

  /// Calibrates and looks at the machine. Then the block's items, in order, through run(); then finish().
  void begin(const Block& block);
  Measurement run(const TrialItem& item);
  void finish(const Block& block);

  /// A cell that was wrong, hung or crashed in this run has no numbers, and runs no more.
  bool failed(const Cell& cell) const { return failed_.contains(cell.name); }
  bool any_failed() const { return !failed_.empty(); }

 private:
  struct Plan {
    std::size_t messages_per_producer = 0;
    std::size_t warmup_per_producer = 0;
  };
  struct PilotTrial {
    double ns_per_msg;
    double window_ns;
  };

  void select();
  void read_only_file();
  void open_journal();
  void recall(const std::vector<nlohmann::ordered_json>& rows);
  nlohmann::ordered_json describe_run() const;
  void write_skips();
  void write_limits();
  void give_up_on_hung_queues();
  void note_failure(const Cell& cell, const nlohmann::ordered_json& row);
  bool asked_for(const Point& point) const { return only_.empty() || only_.contains(point.name); }
  void write(const nlohmann::ordered_json& row);
  nlohmann::ordered_json trial_row(const TrialItem& item, const char* status) const;
  const Plan& plan_for(const Cell& cell);
  Plan make_plan(const Cell& cell, double& ns_per_msg);
  PilotTrial pilot_trial(const Cell& cell, std::size_t messages_per_producer, double ns_per_step);
  Measurement run_once(const Cell& cell, Level level, const Plan& plan, bool counts_syscalls = false);
  void count_syscalls();

  SessionOptions options_;
  std::vector<Scenario> scenarios_;
  std::vector<Cell> cells_;
  std::vector<nlohmann::ordered_json> skips_;
  std::map<std::string, Plan> plans_;
  std::set<std::string> only_;                      ///< points to run; empty: all
  std::set<std::string> skipped_;                   ///< cells
  std::set<std::string> syscalls_counted_;          ///< cells
  std::set<std::string> verified_;                  ///< cells of which a traced trial has passed
  std::set<std::string> failed_;                    ///< cells
  std::map<std::string, std::string> hung_queues_;  ///< queue -> cell; a queue that hangs once is not waited for again
  std::set<std::string> done_points_;               ///< blocks of this round that are written
  std::optional<Journal> trials_, histograms_, timelines_;

  std::unique_ptr<Watchdog> watchdog_;
  const TrialItem* in_flight_ = nullptr;
  TrialRecord record_;
  ChainRecord chain_record_;
  Demands demands_;
  std::chrono::steady_clock::time_point begun_;  ///< the block at hand
  Probe probe_;                                  ///< of the block at hand
  std::optional<double> handoff_ns_;             ///< of the block at hand
  std::vector<double> gap_shares_;               ///< of the block's trials
  std::size_t order_ = 0;
};

}  // namespace bq::bench
