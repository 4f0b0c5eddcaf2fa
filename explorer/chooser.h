// Choosers. Everything that a run leaves open (which thread runs next, whom a signal wakes, whether
// a wait ends spuriously, how old a value a load returns) is a choice among a few alternatives,
// made by a Chooser. A run is a pure function of its choices, so the list of choices is enough to
// repeat it.
//
//   DepthFirst  all runs up to a cost, one after the other. The default alternative costs nothing.
//   Pct         random runs, with a known probability to find a bug that takes few preemptions.
//   Replay      one run, from its choices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <unordered_map>
#include <vector>

namespace bq::explorer {

/// Whether a thread can take its next step.
enum class Readiness : std::uint8_t {
  no,  ///< it waits for another thread
  yes,
  /// Only when time passes: a timed wait ends, or a spin goes on although nothing has changed.
  late,
};

struct Candidate {
  int thread;
  Readiness readiness;
};

class Chooser {
 public:
  virtual ~Chooser() = default;

  virtual void begin_run() = 0;
  /// Picks one of `count` alternatives, in [0, count). Those from `free` on are deviations, and
  /// cost.
  virtual int choose(int count, int free) = 0;
  /// Picks the thread that runs next: an index into `candidates`, which are sorted; the first one
  /// is the default. `state` identifies what has happened so far: equal states have equal futures.
  virtual int choose_thread(std::span<const Candidate> candidates, int free,
                            std::uint64_t state) = 0;

  /// Whether it will pick the default at every choice of a thread from now on. A thread that can go
  /// on need not ask then.
  bool is_settled() const { return is_settled_; }
  /// Whether the run has reached a state that was visited before: the rest of the run needs no
  /// check.
  bool is_known() const { return is_known_; }

 protected:
  bool is_settled_ = false;
  bool is_known_ = false;
};

/// The cost of a deviation.
enum class Cost : std::uint8_t {
  /// 1 for each: preempting a thread that could go on, a stale value, an early timeout, a spurious
  /// wake-up. M. Musuvathi, S. Qadeer, "Iterative context bounding for systematic testing of
  /// multithreaded programs", PLDI 2007.
  preemption,
  /// As preemption; moreover threads run in a fixed order, and skipping one costs 1. Far fewer
  /// runs, for larger shapes. M. Emmi, S. Qadeer, Z. Rakamaric, "Delay-bounded scheduling", POPL
  /// 2011.
  delay,
};

/// Visits every run of cost up to `budget`, except those that reach a state that was visited before
/// with at least as much budget left. States are compared by a 64-bit hash of the happens-before
/// relation so far; a collision would hide a run.
class DepthFirst final : public Chooser {
 public:
  DepthFirst(Cost cost, int budget) : cost_(cost), budget_(budget) {}

  void begin_run() override;
  int choose(int count, int free) override;
  int choose_thread(std::span<const Candidate> candidates, int free, std::uint64_t state) override;

  /// Moves on to the next run; false after the last one.
  bool next();
  /// The next run repeats the current one.
  void repeat() { is_repeating_ = true; }
  int spent() const { return spent_; }
  bool is_deterministic() const { return is_deterministic_; }
  std::size_t states() const { return seen_.size(); }

 private:
  struct Node {
    int count;
    int taken;
  };
  int affordable(int count, int free) const;
  int take(int count, int free, std::uint64_t state);

  const Cost cost_;
  const int budget_;
  // The choices of the current run that have alternatives.
  std::vector<Node> path_;
  std::unordered_map<std::uint64_t, int> seen_;  // by state: the largest budget that was left there
  std::size_t depth_ = 0;
  int spent_ = 0;
  bool is_deterministic_ = true;
  bool is_repeating_ = false;
};

/// Each thread has a random priority, and the highest one runs. At `depth - 1` random steps the
/// priority of the running thread drops below all others. A bug that takes d ordering constraints
/// among n threads with k steps in total is found with probability at least 1 / (n k^(d-1)) in each
/// run. S. Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding
/// bugs", ASPLOS 2010.
class Pct final : public Chooser {
 public:
  Pct(int depth, std::uint64_t seed) : depth_(depth), random_(seed) {}

  void begin_run() override;
  int choose(int count, int free) override;
  int choose_thread(std::span<const Candidate> candidates, int free, std::uint64_t state) override;

 private:
  const int depth_;
  std::mt19937_64 random_;
  std::vector<std::uint64_t> priorities_;
  std::vector<int> drops_;  // the steps at which the priority of the running thread drops
  int step_ = 0;
  int length_ = 64;  // number of steps of the last run, within which the drops are
  int running_ = -1;
};

class Replay final : public Chooser {
 public:
  explicit Replay(std::vector<int> choices) : choices_(std::move(choices)) {}

  void begin_run() override { next_ = 0; }
  int choose(int count, int free) override;
  int choose_thread(std::span<const Candidate> candidates, int free, std::uint64_t state) override;
  /// Whether all choices so far were possible.
  bool fits() const { return fits_; }

 private:
  std::vector<int> choices_;
  std::size_t next_ = 0;
  bool fits_ = true;
};

}  // namespace bq::explorer
