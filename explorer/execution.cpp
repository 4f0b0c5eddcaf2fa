#include "explorer/execution.h"

#include <algorithm>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <string_view>

namespace bq::explorer {

namespace {

// In which time passes and nothing changes: more is a livelock.
constexpr int max_late_steps = 100;
// Of spinning that a thread may take although nothing has changed.
constexpr int max_idle_rounds = 2;
constexpr int max_steps_when_over = 20'000;  // of all threads after the end of the run

bool is_sleep(std::string_view what) {
  return what.starts_with("sleep");
}

}  // namespace

Execution::Execution() {
  for (Thread& thread : threads_) {
    thread.fiber = boost::context::fiber(
        std::allocator_arg, boost::context::protected_fixedsize_stack(),
        [this, &thread](boost::context::fiber&& from) {
          // One fiber runs a thread of every run.
          for (host_fiber_ = std::move(from);; host_fiber_ = std::move(host_fiber_).resume()) {
            try {
              thread.body();
            } catch (const Abandoned&) {
            }
            thread.has_ended = true;
          }
          return boost::context::fiber();
        });
  }
}
Execution::~Execution() = default;

Execution::Result Execution::run(const std::function<void(Execution&)>& set_up, Chooser& chooser,
                                 const Mode& mode) {
  mode_ = mode;
  chooser_ = &chooser;
  chooser.begin_run();
  reset();
  set_up(*this);
  start_threads();
  for (int thread = pick(); thread != host; thread = pick()) resume(thread);
  if (has_failed() || result_.is_cut) abandon();
  for (std::size_t i = 0; i < names_.size(); ++i) join(threads_[host].known, threads_[i].known);
  try {
    if (at_end_ && !has_failed() && !result_.is_cut && !chooser.is_known()) at_end_();
  } catch (const Abandoned&) {  // the check had to wait, and has failed
  }
  // Destroys the program's objects, while this execution is still current.
  for (Thread& thread : threads_) thread.body = nullptr;
  at_end_ = nullptr;
  time_.reset();
  fences_.reset();
  return std::move(result_);
}

void Execution::reset() {
  current_execution = this;
  running_ = host;
  result_ = {};
  names_.clear();
  state_ = 0;
  late_steps_ = 0;
  is_preempted_ = false;
  has_started_ = false;
  is_over_ = false;
  now = 0;
  deadlines_.clear();
  total_order = light_fences = heavy_fences = {};
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    Thread& thread = threads_[i];
    thread.next = {};
    thread.has_ended = true;
    thread.history = mix(7, i);
    state_ += thread.history;
    thread.object_count = 0;
    thread.known = thread.released = thread.acquired = {};
    thread.seen.clear();
    thread.idle_rounds = 0;
    thread.is_spinning = false;
    thread.sleeps = 0;
  }
  threads_[host].known.happened[host] = threads_[host].known.visible[host] = 1;
  fences_ = std::make_unique<Object>("");
  time_ = std::make_unique<Object>("");
}

void Execution::spawn(std::string name, std::function<void()> body) {
  threads_.at(names_.size()).body = std::move(body);
  names_.push_back(std::move(name));
}

/// Each thread runs up to its first step, which needs no choice.
void Execution::start_threads() {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    threads_[i].has_ended = false;
    threads_[i].known = threads_[host].known;
    // What it does before its first step.
    threads_[i].known.happened[i] = threads_[i].known.visible[i] = 1;
  }
  for (std::size_t i = 0; i < names_.size(); ++i) resume(static_cast<int>(i));
  running_ = host;
  has_started_ = true;
}

void Execution::resume(int thread) {
  running_ = thread;
  threads_[thread].fiber = std::move(threads_[thread].fiber).resume();
}

void Execution::await_turn() {
  if (running_ == host) return;
  if (is_over_) {
    if (++result_.steps > max_steps_when_over) would_wait();
    return;
  }
  host_fiber_ = std::move(host_fiber_).resume();
}

void Execution::would_wait() {
  if (running_ == host) fail("the host would wait");
  throw Abandoned();
}

/// The thread whose turn it is, or `host` if the run is over.
int Execution::pick() {
  const int last = std::exchange(running_, host);
  if (has_failed()) return host;
  if (result_.steps >= mode_.max_steps) {
    result_.is_cut = true;
    return host;
  }
  const int count = static_cast<int>(names_.size());
  std::array<Readiness, max_threads> readiness;
  bool all_have_ended = true;
  for (int i = 0; i < count; ++i) {
    const Thread& thread = threads_[i];
    all_have_ended &= thread.has_ended;
    readiness[i] = thread.has_ended ? Readiness::no : thread.next.ready(thread.next.argument);
  }
  if (all_have_ended) return host;

  // First the thread that ran last, then the others in turn, and then those for which time must
  // pass.
  std::array<Candidate, max_threads> candidates;
  int candidate_count = 0;
  const bool lets_others_go_first = last != host && threads_[last].is_spinning;
  const bool can_go_on = last != host && readiness[last] == Readiness::yes && !lets_others_go_first;
  if (can_go_on) candidates[candidate_count++] = {last, Readiness::yes};
  int ready = 0;
  for (const Readiness wanted : {Readiness::yes, Readiness::late}) {
    for (int i = 1; i <= count; ++i) {
      const int thread = (last + i) % count;
      if (readiness[thread] == wanted && !(can_go_on && thread == last))
        candidates[candidate_count++] = {thread, wanted};
    }
    if (wanted == Readiness::yes) ready = candidate_count;
  }
  if (candidate_count == 0) {
    fail(where_threads_are());
    return host;
  }
  if (ready == 0 && ++late_steps_ > max_late_steps) {
    fail("livelock: nothing happens any more but spinning and time-outs; " + where_threads_are());
    return host;
  }
  ++result_.steps;
  // Spinning and the passing of time are fair, or the run might never end: only the next thread in
  // turn is free.
  const int free = can_go_on || lets_others_go_first || ready == 0 ? 1 : ready;
  int choice = 0;
  if (candidate_count > 1) {
    const std::span<const Candidate> all(candidates.data(),
                                         static_cast<std::size_t>(candidate_count));
    choice = chooser_->choose_thread(all, free,
                                     mix(state_, can_go_on || lets_others_go_first ? last : host));
    if (mode_.complete) result_.choices.push_back(choice);
  }
  is_preempted_ = can_go_on && choice != 0;
  return candidates[choice].thread;
}

/// Lets the threads of a run that has ended return, so that all their objects are destroyed: a
/// thread that would wait gets an exception.
void Execution::abandon() {
  is_over_ = true;
  mode_.traced = false;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (!threads_[i].has_ended) resume(static_cast<int>(i));
  }
  running_ = host;
}

void Execution::fail(std::string reason) {
  if (!has_failed() && !is_over_) result_.failure = std::move(reason);
}

void Execution::spin(const char* what) {
  Thread& self = threads_[running_];
  if (is_over_) would_wait();
  const auto has_changed = [&self] {
    return std::any_of(self.seen.begin(), self.seen.end(),
                       [](const auto& seen) { return seen.first->history_ != seen.second; });
  };
  self.is_spinning = true;
  const Readiness readiness = step(what, *time_, [&] {
    return self.idle_rounds < max_idle_rounds || has_changed() ? Readiness::yes : Readiness::late;
  });
  self.is_spinning = false;
  // Nothing else is left to happen.
  if (readiness == Readiness::late) pass_time_until(next_deadline());
  self.idle_rounds = has_changed() ? 0 : self.idle_rounds + 1;
  self.seen.clear();
  const std::uint64_t history = mix(self.history, 0x5b1);
  state_ += history - self.history;
  self.history = history;
}

std::string Execution::step_text(const Next& next) {
  const std::string_view name = next.object->name();
  return name.empty() ? next.what : std::string(next.what).append(" ").append(name);
}

void Execution::trace_step(Readiness readiness) {
  const Next& next = threads_[running_].next;
  std::string text = step_text(next);
  if (readiness == Readiness::late && next.object != time_.get()) text += " (time is up)";
  result_.events.push_back(
      {running_, std::move(text), running_ != host, std::exchange(is_preempted_, false)});
}

void Execution::add_event(std::string text) {
  result_.events.push_back({running_, std::move(text), false, false});
}

void Execution::add_to_event(const std::string& text) {
  if (!result_.events.empty()) result_.events.back().text += text;
}

std::string Execution::where_threads_are() const {
  std::string places;
  bool all_sleep = true;
  bool one_wants_a_lock = false;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (threads_[i].has_ended) continue;
    const Next& next = threads_[i].next;
    all_sleep &= is_sleep(next.what);
    one_wants_a_lock |= std::string_view(next.what) == "lock";
    if (!places.empty()) places += "; ";
    places.append(names_[i]).append(" is stuck at: ").append(step_text(next));
    if (const std::string condition = next.object->condition(); !condition.empty()) {
      places.append(" (").append(condition).append(")");
    }
  }
  return (all_sleep ? "lost wake-up: " : one_wants_a_lock ? "deadlock: " : "stuck: ") + places;
}

}  // namespace bq::explorer
