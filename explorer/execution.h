// One run of a few threads, step by step: the part of the explorer that replaces the machine.
//
// Every operation on a primitive of model_sync.h is a *step*. All threads are fibers of one host
// thread. Each announces its next step and is suspended; the scheduler lets a Chooser pick a
// thread, and that thread takes its step and runs on to its next one. Nothing else decides
// anything, so a run is a pure function of its choices.
//
// Time is virtual. Running takes none of it; it passes when a thread that waits until some time
// goes on, or reads the clock. So a call that obeys its deadline returns exactly at it, and a late
// one is a failure (CallPromise).
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
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "explorer/chooser.h"
#include "explorer/knowledge.h"

namespace bq::explorer {

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

/// The deadline of a call that has none.
inline constexpr std::int64_t never = INT64_MAX;

/// What a call promises about its waiting.
struct CallPromise {
  const char* name = nullptr;  ///< for reports; null: the thread is in no call
  /// In virtual time, which begins at 0. From then on the call may not wait for a thread that
  /// itself waits. A call that must never do that has a negative one.
  std::int64_t deadline = never;
  /// It needs no step of another thread.
  bool is_independent = false;

  bool is_timed() const { return deadline >= 0 && deadline != never; }
};

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
  /// To be called whenever nothing can happen any more unless time passes. Returns why the run has
  /// failed, or nothing.
  void before_time_passes(std::function<std::string()> check) {
    before_time_passes_ = std::move(check);
  }
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
  bool is_without_steps() const { return is_without_steps_; }

  /// A step of the running thread: returns when it is the thread's turn and `ready` (a function
  /// without side effects) does not return no. `what` is for schedules. A step that is no `turn`
  /// follows the previous one at once. `instant`: when a step that is late takes place.
  template <class Ready>
  Readiness step(const char* what, Object& object, const Ready& ready, bool turn = true,
                 std::int64_t instant = INT64_MIN) {
    Thread& self = threads_[running_];
    self.next = {what, &object, [](const void* r) { return (*static_cast<const Ready*>(r))(); },
                 &ready, instant};
    if (turn && !goes_on()) await_turn();
    const Readiness readiness = ready();
    // Nobody is left who could do what the host would wait for.
    if (readiness == Readiness::no || (running_ == host && readiness == Readiness::late))
      would_wait();
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

  /// Records a step of the running thread that others see only through a data race.
  void note_alone(std::uint64_t variety) {
    Thread& self = threads_[running_];
    const std::uint64_t history = mix(self.history, variety);
    state_ += history - self.history;
    self.history = history;
  }

  /// Of the running thread: what happens before its next step; what its relaxed stores publish
  /// (since its last release fence); what its relaxed loads will synchronise with (at its next
  /// acquire fence).
  Knowledge& known() { return threads_[running_].known; }
  Knowledge& released() { return threads_[running_].released; }
  Knowledge& acquired() { return threads_[running_].acquired; }
  /// The number of the running thread's last step.
  std::uint32_t step_number() const { return threads_[running_].known.happened[running_]; }
  /// When the running thread accesses plain data now: after its last step, and before its next one,
  /// which is the first that can publish the access.
  std::uint32_t access_number() const { return step_number() + 1; }
  /// Whether an access by `thread` happens before what the running thread does now.
  bool knows(int thread, std::uint32_t access) const {
    return thread == running_ || threads_[running_].known.happened[thread] >= access;
  }
  /// Whether the address is in the stack of the running thread.
  bool is_on_own_stack(const void* address) const {
    const Thread& self = threads_[running_];
    return running_ == host || (address >= self.stack_begin && address < self.stack_end);
  }

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
    forget_polls();
    note_write(*time_);
  }

  /// The running thread begins a call, and ends it.
  void begin_call(const CallPromise& promise);
  void end_call() { begin_call({}); }
  const CallPromise& call_of(int thread) const { return threads_[thread].call; }
  /// Whether the thread will not look again by itself before its call has to end.
  bool waits_for_others(int thread) const;

  /// Time does not pass beyond the first deadline of the calls in progress: running takes no time,
  /// so a call that obeys its deadline ends at it. `never` if there is none.
  std::int64_t horizon() const;
  /// Half way to the horizon or to `deadline`, whichever is earlier.
  std::int64_t half_way_to(std::int64_t deadline) const {
    const std::int64_t end = deadline < horizon() ? deadline : horizon();
    return end > now && end != never ? now + (end - now) / 2 : now;
  }

  /// Waits until no other thread can go on any more, not even when time passes.
  void wait_until_quiet();
  /// The number of primitives that the host has made.
  std::uint64_t objects_of_host() const { return threads_[host].object_count; }
  /// What each thread that has not ended is stuck at.
  std::string where_threads_are() const;

  /// A round of a spin loop. The thread goes on when an object that it has read since the last
  /// round has changed, or, a few times, although none has.
  void spin(const char* what);
  /// The running thread has slept in vain until a time of its own choice.
  void note_poll() { ++threads_[running_].polls; }
  /// Something has happened that a thread may see that looks again.
  void forget_polls() {
    for (Thread& thread : threads_) thread.polls = 0;
  }

 private:
  friend class WithoutSteps;
  /// Of looking again in vain before a thread counts as waiting: it may look at plain data.
  static constexpr int polls_of_a_waiter = 3;
  static constexpr const char* wait_for_quiet = "wait until all is quiet";
  struct Next {
    const char* what = "";
    Object* object = nullptr;
    Readiness (*ready)(const void*) = nullptr;
    const void* argument = nullptr;
    std::int64_t instant = INT64_MIN;

    Readiness readiness() const { return ready(argument); }
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
    CallPromise call;
    std::int64_t call_half = never;  // half way to the deadline of the call
    int polls = 0;                   // since a call began or ended, a thread slept, or time passed
    const void* stack_begin = nullptr;
    const void* stack_end = nullptr;
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
    if (next.readiness() != Readiness::yes || result_.steps >= mode_.max_steps) return false;
    ++result_.steps;
    return true;
  }
  void reset();
  void start_threads();
  void resume(int thread);
  void await_turn();
  [[noreturn]] void would_wait();
  int pick();
  int pick_among(std::span<const Readiness> readiness, int last);
  bool is_quiet(int asking) const;
  std::int64_t next_instant() const;
  std::int64_t first_late_instant(std::span<const Readiness> readiness) const;
  std::string broken_promise(std::span<const Readiness> readiness, bool anybody_ready) const;
  std::string call_text(int thread) const;
  std::string nobody_goes_on() const;
  void abandon();
  // Out of line, since every primitive of every queue calls them.
  [[gnu::cold, gnu::noinline]] void write_remark(const auto& text) { add_event(text()); }
  [[gnu::cold, gnu::noinline]] void write_trace(const auto& text) { add_to_event(text()); }
  void add_event(std::string text);
  void add_to_event(const std::string& text);
  static std::string step_text(const Next& next);
  void trace_step(Readiness readiness);

  std::array<Thread, max_threads + 1> threads_;
  std::vector<std::string> names_;
  boost::context::fiber host_fiber_;  // while a thread runs: the fiber to return to
  int running_ = host;
  Mode mode_;
  Chooser* chooser_ = nullptr;
  Result result_;
  std::function<void()> at_end_;
  std::function<std::string()> before_time_passes_;
  std::uint64_t state_ = 0;  // the sum of all histories
  int late_steps_ = 0;       // since anything has changed
  bool is_preempted_ = false;
  bool has_started_ = false;
  bool is_over_ = false;
  int steps_when_over_ = 0;
  bool is_without_steps_ = false;
  std::unique_ptr<Object> fences_;
  std::unique_ptr<Object> time_;

  static inline Execution* current_execution = nullptr;
};

/// During its lifetime, what happens to message objects is no step.
class WithoutSteps {
 public:
  WithoutSteps() { std::swap(Execution::current().is_without_steps_, before_); }
  ~WithoutSteps() { Execution::current().is_without_steps_ = before_; }
  WithoutSteps(const WithoutSteps&) = delete;
  WithoutSteps& operator=(const WithoutSteps&) = delete;

 private:
  bool before_ = true;
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
