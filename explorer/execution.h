// One run of a few threads, step by step: the part of the explorer that stands in for the machine.
//
// Every operation on a primitive of model_sync.h is a *step*. All threads are fibers of one host thread; each announces
// its next step and is suspended, the scheduler has a Chooser pick whose turn it is, and that thread takes its step and
// runs on to its next one. Nothing else decides anything, so a run is a pure function of its choices.
//
// Two things are kept beside the program's own state:
//   - vector clocks: what each thread knows of the others through synchronisation. They tell data races, and in weak
//     mode which old values a load may still return.
//   - histories: hashes of what each thread and each object has lived through, in the order that matters to it. Their
//     sum identifies the happens-before relation of the run so far. Two orders of independent steps give the same sum,
//     and have the same future: one of them is enough.
//
// Thread-safety: none. One execution at a time, on one host thread.
#pragma once

#include <array>
#include <boost/context/fiber.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "explorer/chooser.h"

namespace bq::explorer {

inline constexpr int max_threads = 7;     ///< of a program
inline constexpr int host = max_threads;  ///< builds the program's objects, and checks them at the end

/// What is known of each thread: the number of its steps that lie in the past.
using VectorClock = std::array<std::uint32_t, max_threads + 1>;

inline void join(VectorClock& known, const VectorClock& more) {
  for (std::size_t i = 0; i < known.size(); ++i) known[i] = known[i] < more[i] ? more[i] : known[i];
}

/// What a thread has learnt, and passes on when it synchronises.
struct Knowledge {
  VectorClock happened{};  ///< what happens before whatever comes next: plain data may rely on it
  VectorClock visible{};   ///< besides, what sequentially consistent fences order: no load may return anything older
};

inline void join(Knowledge& known, const Knowledge& more) {
  join(known.happened, more.happened);
  join(known.visible, more.visible);
}

/// Something that threads synchronise on. Belongs to the execution that is current when it is made.
class Object {
 public:
  explicit Object(const char* name);  ///< for schedules; may be empty
  virtual ~Object();
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  const char* name() const { return name_; }
  /// What a thread that is stuck at it should know: who holds a mutex.
  virtual std::string condition() const { return {}; }

 private:
  friend class Execution;
  const char* name_;
  std::uint64_t history_;
};

/// Ends a thread's part of a run that is over: thrown where it would wait.
struct Abandoned {};

/// A line of a schedule.
struct Event {
  int thread;
  std::string text;
  bool is_step;       ///< otherwise a remark of the thread
  bool is_preempted;  ///< the thread that ran before could have gone on
};

class Execution {
 public:
  Execution();
  ~Execution();
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  struct Mode {
    bool weak = false;  ///< loads may return old values, as far as C++ allows it
    bool traced = false;
    bool complete = false;  ///< records all choices, also those that a settled chooser need not be asked for
    int max_steps = 5'000;  ///< a run that is longer has fallen into a loop
  };
  struct Result {
    std::string failure;  ///< empty: none
    int steps = 0;
    bool is_cut = false;        ///< ended by max_steps
    std::vector<int> choices;   ///< if complete
    std::vector<Event> events;  ///< if traced
  };
  /// Runs a program, which `set_up` spawns. The execution is current() meanwhile.
  Result run(const std::function<void(Execution&)>& set_up, Chooser& chooser, const Mode& mode);
  const std::vector<std::string>& thread_names() const { return names_; }

  static Execution& current() { return *current_execution; }

  // For programs.

  void spawn(std::string name, std::function<void()> body);
  /// To be called by the host once all threads have ended, if the run has not failed.
  void at_end(std::function<void()> check) { at_end_ = std::move(check); }
  /// The run has failed. The first reason counts; the run ends at the next step.
  void fail(std::string reason);
  bool has_failed() const { return !result_.failure.empty(); }
  void check(bool holds, const char* otherwise) {
    if (!holds) fail(otherwise);
  }
  /// Writes a remark into the schedule.
  void remark(const auto& text) {
    if (mode_.traced) [[unlikely]]
      write_remark(text);
  }

  // For primitives.

  int running() const { return running_; }
  bool is_weak() const { return mode_.weak; }
  bool is_traced() const { return mode_.traced; }
  bool is_over() const { return is_over_; }

  /// A step of the running thread: comes back when it is its turn and `ready` (a function without side effects) does
  /// not say no. `what` is for people. A step that is no `turn` follows its predecessor at once.
  template <class Ready>
  Readiness step(const char* what, Object& object, const Ready& ready, bool turn = true) {
    Thread& self = threads_[running_];
    self.next = {what, &object, [](const void* r) { return (*static_cast<const Ready*>(r))(); }, &ready};
    if (turn && !goes_on()) await_turn();
    const Readiness readiness = ready();
    if (readiness == Readiness::no) would_wait();
    ++self.known.happened[running_];
    ++self.known.visible[running_];
    if (mode_.traced) trace_step(readiness);
    return readiness;
  }
  void step(const char* what, Object& object, bool turn = true) {
    step(
        what, object, [] { return Readiness::yes; }, turn);
  }
  /// Adds to the last line of the schedule.
  void trace(const auto& text) {
    if (mode_.traced) [[unlikely]]
      write_trace(text);
  }

  /// One of `count` alternatives; those from `free` on cost.
  int choose(int count, int free) {
    if (count <= 1 || is_over_ || running_ == host) return 0;
    const int choice = chooser_->choose(count, free);
    if (mode_.complete) result_.choices.push_back(choice);
    return choice;
  }

  /// Notes that the running thread has read the object, or changed it. `variety` stands for what else came out of it.
  void note_read(Object& object, std::uint64_t variety = 0) {
    fold(object, variety);
    threads_[running_].seen.emplace_back(&object, variety == 0 ? object.history_ : 0);
  }
  void note_write(Object& object, std::uint64_t variety = 0) {
    fold(object, variety);
    const std::uint64_t history = mix(threads_[running_].history, 0x51);
    state_ += history - object.history_;
    object.history_ = history;
    late_steps_ = 0;
    for (auto& [seen, version] : threads_[running_].seen) {
      if (seen == &object) version = history;  // its own doing is no news to a thread
    }
  }

  /// What the running thread knows; what it will publish by relaxed stores (since its last release fence); what it
  /// will learn of its relaxed loads (at its next acquire fence).
  Knowledge& known() { return threads_[running_].known; }
  Knowledge& released() { return threads_[running_].released; }
  Knowledge& acquired() { return threads_[running_].acquired; }
  /// Of the running thread's last step.
  std::uint32_t step_number() const { return threads_[running_].known.happened[running_]; }

  /// What went through a sequentially consistent point before: an operation, or a fence.
  VectorClock total_order{};
  /// What went through a light fence, a heavy one (see sync.h).
  VectorClock light_fences{};
  VectorClock heavy_fences{};
  Object& fences() { return *fences_; }

  /// Virtual time, in ns.
  std::int64_t now = 0;
  Object& time() { return *time_; }
  void pass_time_until(std::int64_t instant) {
    if (instant <= now) return;
    now = instant;
    note_write(*time_);
  }

  /// A deadline that the program is going to use: looks at the clock may find that it has passed.
  void announce_deadline(std::int64_t instant) { deadlines_.push_back(instant); }
  /// The next of them, or now.
  std::int64_t next_deadline() const {
    std::int64_t next = now;
    for (const std::int64_t instant : deadlines_) {
      if (instant > now && (next == now || instant < next)) next = instant;
    }
    return next;
  }

  /// A round of a spin loop. The thread goes on when something that it has looked at since the last round has changed;
  /// or, a few times, all the same.
  void spin(const char* what);
  /// The sleeps of the running thread so far.
  int& sleeps() { return threads_[running_].sleeps; }

 private:
  struct Next {
    const char* what = "";
    Object* object = nullptr;
    Readiness (*ready)(const void*) = nullptr;
    const void* argument = nullptr;
  };
  struct Thread {
    std::function<void()> body;
    boost::context::fiber fiber;
    Next next;
    bool has_ended = true;
    std::uint64_t history = 0;
    std::uint64_t objects_made = 0;
    Knowledge known;
    Knowledge released;
    Knowledge acquired;
    std::vector<std::pair<Object*, std::uint64_t>> seen;  // since its last round of spinning
    int idle_rounds = 0;                                  // of spinning, in which nothing had changed
    bool is_spinning = false;                             // its next step is one
    int sleeps = 0;
  };
  friend class Object;

  static std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    a = (a ^ (b + 0x9e3779b97f4a7c15)) * 0xbf58476d1ce4e5b9;
    return a ^ (a >> 29);
  }
  void fold(const Object& object, std::uint64_t variety) {
    Thread& self = threads_[running_];
    const std::uint64_t history = mix(mix(self.history, object.history_), variety);
    state_ += history - self.history;
    self.history = history;
  }

  /// Whether the running thread may take its next step without asking the scheduler, which would pick it.
  bool goes_on() {
    if (!chooser_->is_settled() || mode_.complete || !has_started_ || running_ == host || is_over_) return false;
    const Next& next = threads_[running_].next;
    if (threads_[running_].is_spinning) return false;
    if (next.ready(next.argument) != Readiness::yes || result_.steps >= mode_.max_steps) return false;
    ++result_.steps;
    return true;
  }
  void reset();
  void start_threads();
  void resume(int thread);
  void await_turn();
  [[noreturn]] void would_wait();
  int pick();
  void abandon();
  // Out of line, since they stand in every primitive of every queue.
  [[gnu::cold, gnu::noinline]] void write_remark(const auto& text) { add_event(text()); }
  [[gnu::cold, gnu::noinline]] void write_trace(const auto& text) { add_to_event(text()); }
  void add_event(std::string text);
  void add_to_event(const std::string& text);
  static std::string step_text(const Next& next);
  void trace_step(Readiness readiness);
  std::string where_threads_are() const;

  std::array<Thread, max_threads + 1> threads_;
  std::vector<std::string> names_;
  boost::context::fiber host_fiber_;  // while a thread runs: the way back
  int running_ = host;
  Mode mode_;
  Chooser* chooser_ = nullptr;
  Result result_;
  std::function<void()> at_end_;
  std::uint64_t state_ = 0;  // the sum of all histories
  std::vector<std::int64_t> deadlines_;
  int late_steps_ = 0;  // since anything has changed
  bool is_preempted_ = false;
  bool has_started_ = false;
  bool is_over_ = false;
  std::unique_ptr<Object> fences_;
  std::unique_ptr<Object> time_;

  static inline Execution* current_execution = nullptr;
};

inline Object::Object(const char* name) : name_(name) {
  Execution& run = Execution::current();
  Execution::Thread& maker = run.threads_[run.running_];
  history_ = Execution::mix(maker.history, ++maker.objects_made);
  run.state_ += history_;
}
inline Object::~Object() {
  Execution::current().state_ -= history_;
}

}  // namespace bq::explorer
