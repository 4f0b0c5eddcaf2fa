// One run of a few threads, step by step: the part of the explorer that replaces the machine.
//
// Every operation on a primitive of model_sync.h is a *step*. All threads are fibers of one host
// thread. Each announces its next step and is suspended; the scheduler lets a Chooser pick a
// thread, and that thread takes its step and runs on to its next one. Nothing else decides
// anything, so a run is a pure function of its choices.
//
// Two things are kept in addition to the program's own state:
//   - vector clocks: the steps of other threads that happen before each thread's next step. They
//     reveal data races, and in weak mode the old values that a load may still return.
//   - histories: hashes of the events of each thread and each object, in the order that matters to
//     it. Their sum identifies the happens-before relation of the run so far. Two orders of
//     independent steps give the same sum and have the same future, so one of them is enough.
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

inline constexpr int max_threads = 7;  ///< of a program
/// Constructs the program's objects, and checks them at the end.
inline constexpr int host = max_threads;

/// By thread: the number of its steps that happened before.
using VectorClock = std::array<std::uint32_t, max_threads + 1>;

inline void join(VectorClock& known, const VectorClock& more) {
  for (std::size_t i = 0; i < known.size(); ++i) known[i] = known[i] < more[i] ? more[i] : known[i];
}

/// What a thread has synchronised with, and passes on when it synchronises.
struct Knowledge {
  /// What happens before the next step: accesses to plain data may rely on it.
  VectorClock happened{};
  VectorClock visible{};  ///< also what seq_cst fences order: no load may return anything older
};

inline void join(Knowledge& known, const Knowledge& more) {
  join(known.happened, more.happened);
  join(known.visible, more.visible);
}

/// A thing that threads synchronise on. Belongs to the execution that is current at its
/// construction.
class Object {
 public:
  explicit Object(const char* name);  ///< the name is for schedules; it may be empty
  virtual ~Object();
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  const char* name() const { return name_; }
  /// For the report of a thread that is stuck at it: the thread that holds a mutex.
  virtual std::string condition() const { return {}; }

 private:
  friend class Execution;
  const char* name_;
  std::uint64_t history_;
};

/// Thrown where a thread of a run that has ended would wait: it ends the thread's part of the run.
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
    bool weak = false;    ///< loads may return old values, as far as C++ allows it
    bool traced = false;  ///< records events
    /// Records all choices, also those that a settled chooser is not asked for.
    bool complete = false;
    int max_steps = 5'000;  ///< a longer run is a livelock
  };
  struct Result {
    std::string failure;  ///< empty: none
    int steps = 0;
    bool is_cut = false;        ///< ended by max_steps
    std::vector<int> choices;   ///< if complete
    std::vector<Event> events;  ///< if traced
  };
  /// Runs the program that `set_up` spawns. The execution is current() during the run.
  Result run(const std::function<void(Execution&)>& set_up, Chooser& chooser, const Mode& mode);
  const std::vector<std::string>& thread_names() const { return names_; }

  static Execution& current() { return *current_execution; }

  // For programs.

  void spawn(std::string name, std::function<void()> body);
  /// To be called by the host once all threads have ended, if the run has not failed.
  void at_end(std::function<void()> check) { at_end_ = std::move(check); }
  /// Marks the run as failed. The first reason is kept; the run ends at the next step.
  void fail(std::string reason);
  bool has_failed() const { return !result_.failure.empty(); }
  void check(bool holds, const char* otherwise) {
    if (!holds) fail(otherwise);
  }
  /// Adds a remark to the schedule: `text` is a function that returns it.
  void remark(const auto& text) {
    if (mode_.traced) [[unlikely]]
      write_remark(text);
  }

  // For primitives.

  int running() const { return running_; }
  bool is_weak() const { return mode_.weak; }
  bool is_traced() const { return mode_.traced; }
  bool is_over() const { return is_over_; }

  /// A step of the running thread: returns when it is the thread's turn and `ready` (a function
  /// without side effects) does not return no. `what` is for schedules. A step that is no `turn`
  /// follows the previous one at once.
  template <class Ready>
  Readiness step(const char* what, Object& object, const Ready& ready, bool turn = true) {
    Thread& self = threads_[running_];
    self.next = {what, &object, [](const void* r) { return (*static_cast<const Ready*>(r))(); },
                 &ready};
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
  /// Appends to the last line of the schedule: `text` is a function that returns the addition.
  void trace(const auto& text) {
    if (mode_.traced) [[unlikely]]
      write_trace(text);
  }

  /// Picks one of `count` alternatives, in [0, count). Those from `free` on cost.
  int choose(int count, int free) {
    if (count <= 1 || is_over_ || running_ == host) return 0;
    const int choice = chooser_->choose(count, free);
    if (mode_.complete) result_.choices.push_back(choice);
    return choice;
  }

  /// Records that the running thread has read the object, or changed it. `variety` identifies the
  /// rest of the outcome.
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
      if (seen == &object) version = history;  // a thread's own write is no change to it
    }
  }

  /// Of the running thread: what happens before its next step; what its relaxed stores publish
  /// (since its last release fence); what its relaxed loads will synchronise with (at its next
  /// acquire fence).
  Knowledge& known() { return threads_[running_].known; }
  Knowledge& released() { return threads_[running_].released; }
  Knowledge& acquired() { return threads_[running_].acquired; }
  /// The number of the running thread's last step.
  std::uint32_t step_number() const { return threads_[running_].known.happened[running_]; }

  /// What happened before the latest sequentially consistent operation or fence.
  VectorClock total_order{};
  /// What happened before the light fences, and the heavy ones (see sync.h).
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

  /// A deadline that the program is going to use: a reading of the clock may be past it.
  void announce_deadline(std::int64_t instant) { deadlines_.push_back(instant); }
  /// The earliest deadline in the future, or now.
  std::int64_t next_deadline() const {
    std::int64_t next = now;
    for (const std::int64_t instant : deadlines_) {
      if (instant > now && (next == now || instant < next)) next = instant;
    }
    return next;
  }

  /// A round of a spin loop. The thread goes on when an object that it has read since the last
  /// round has changed, or, a few times, although none has.
  void spin(const char* what);
  /// The number of sleeps of the running thread so far.
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
    std::uint64_t object_count = 0;
    Knowledge known;
    Knowledge released;
    Knowledge acquired;
    std::vector<std::pair<Object*, std::uint64_t>> seen;  // since its last round of spinning
    // Of spinning in which nothing had changed.
    int idle_rounds = 0;
    bool is_spinning = false;  // its next step is a round of spinning
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

  /// Whether the running thread may take its next step without asking the scheduler, which would
  /// pick it.
  bool goes_on() {
    if (!chooser_->is_settled() || mode_.complete || !has_started_ || running_ == host || is_over_)
      return false;
    const Next& next = threads_[running_].next;
    if (threads_[running_].is_spinning) return false;
    if (next.ready(next.argument) != Readiness::yes || result_.steps >= mode_.max_steps)
      return false;
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
  // Out of line, since every primitive of every queue calls them.
  [[gnu::cold, gnu::noinline]] void write_remark(const auto& text) { add_event(text()); }
  [[gnu::cold, gnu::noinline]] void write_trace(const auto& text) { add_to_event(text()); }
  void add_event(std::string text);
  void add_to_event(const std::string& text);
  static std::string step_text(const Next& next);
  void trace_step(Readiness readiness);
  std::string where_threads_are() const;

  std::array<Thread, max_threads + 1> threads_;
  std::vector<std::string> names_;
  boost::context::fiber host_fiber_;  // while a thread runs: the fiber to return to
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
  history_ = Execution::mix(maker.history, ++maker.object_count);
  run.state_ += history_;
}
inline Object::~Object() {
  Execution::current().state_ -= history_;
}

}  // namespace bq::explorer
