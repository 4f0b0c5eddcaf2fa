// Who decides: everything that a run leaves open (which thread goes on, whom a signal wakes, whether a wait ends for no
// reason, how old a value a load returns) is a choice among a few alternatives, made by a Chooser. A run is a pure
// function of its choices, so a list of them is all that it takes to see it again.
//
//   DepthFirst  all runs up to a cost, one after the other. The default alternative costs nothing.
//   Pct         random runs, with a known chance of meeting a bug that takes few preemptions.
//   Replay      one run, seen before.
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
  late,  ///< only by letting time pass: a timed wait that runs out, a spin that goes on though nothing has changed
};

struct Candidate {
  int thread;
  Readiness readiness;
};

class Chooser {
 public:
  virtual ~Chooser() = default;

  virtual void begin_run() = 0;
  /// Picks one of `count` alternatives; those from `free` on are departures from the ordinary, and cost.
  virtual int choose(int count, int free) = 0;
  /// Picks the thread to go on; the candidates are sorted, the first is the ordinary one. `state` identifies what has
  /// happened so far: equal states have equal futures.
  virtual int choose_thread(std::span<const Candidate> candidates, int free, std::uint64_t state) = 0;

  /// Whether it will pick the ordinary alternative at every choice of a thread from now on: a thread that can go on
  /// need not ask.
  bool is_settled() const { return is_settled_; }
  /// Whether the run has come to a state that has been seen: what follows needs no check.
  bool is_known() const { return is_known_; }

 protected:
  bool is_settled_ = false;
  bool is_known_ = false;
};

/// What a departure costs.
enum class Cost : std::uint8_t {
  /// One each: preempting a thread that could go on, a stale value, an early time-out, a wake-up for no reason.
  /// M. Musuvathi, S. Qadeer, "Iterative context bounding for systematic testing of multithreaded programs", PLDI 2007.
  preemption,
  /// Besides, threads take turns in a fixed order, and passing over one costs one. Far fewer runs: for larger shapes.
  /// M. Emmi, S. Qadeer, Z. Rakamaric, "Delay-bounded scheduling", POPL 2011.
  delay,
};

/// Visits every run of cost up to `budget`, except those that pass through a state from which at least as much budget
/// has been spent before (states are compared by a 64-bit hash of the happens-before relation so far; a collision
/// would hide a run).
class DepthFirst final : public Chooser {
 public:
  DepthFirst(Cost cost, int budget) : cost_(cost), budget_(budget) {}

  void begin_run() override;
  int choose(int count, int free) override;
  int choose_thread(std::span<const Candidate> candidates, int free, std::uint64_t state) override;

  /// Moves on to the next run; false after the last one.
  bool next();
  /// Has the current run repeated, and nothing else.
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
  std::vector<Node> path_;                       // the choices of the current run that have alternatives
  std::unordered_map<std::uint64_t, int> seen_;  // by state: the most budget that was left there
  std::size_t depth_ = 0;
  int spent_ = 0;
  bool is_deterministic_ = true;
  bool is_repeating_ = false;
};

/// Each thread has a random priority and the highest runs; at `depth - 1` random steps the running thread's priority
/// drops below all others. A bug that takes d ordering constraints among n threads of k steps in all is met with
/// probability 1 / (n k^(d-1)) at least, in each run.
/// S. Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010.
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
  std::vector<int> drops_;  // the steps at which the running thread falls behind
  int step_ = 0;
  int length_ = 64;  // of the last run: where the drops may be
  int running_ = -1;
};

class Replay final : public Chooser {
 public:
  explicit Replay(std::vector<int> choices) : choices_(std::move(choices)) {}

  void begin_run() override { next_ = 0; }
  int choose(int count, int free) override;
  int choose_thread(std::span<const Candidate> candidates, int free, std::uint64_t state) override;
  /// Whether all choices so far were possible ones.
  bool fits() const { return fits_; }

 private:
  std::vector<int> choices_;
  std::size_t next_ = 0;
  bool fits_ = true;
};

}  // namespace bq::explorer
