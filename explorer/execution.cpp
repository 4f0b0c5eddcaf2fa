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

}  // namespace

Execution::Execution() {
  for (Thread& thread : threads_) {
    boost::context::protected_fixedsize_stack stacks;
    const boost::context::stack_context stack = stacks.allocate();
    thread.stack_end = stack.sp;
    thread.stack_begin = static_cast<const char*>(stack.sp) - stack.size;
    thread.fiber = boost::context::fiber(
        std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack), stacks,
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
  try {
    set_up(*this);
  } catch (const Abandoned&) {  // it had to wait, and has failed
  }
  start_threads();
  for (int thread = pick(); thread != host; thread = pick()) resume(thread);
  if (has_failed() || result_.is_cut) abandon();
  for (std::size_t i = 0; i < names_.size(); ++i) {
    ++threads_[i].known.happened[i];  // the end of the thread publishes its last accesses
    join(threads_[host].known, threads_[i].known);
  }
  try {
    if (at_end_ && !has_failed() && !result_.is_cut && !chooser.is_known()) at_end_();
  } catch (const Abandoned&) {  // the check had to wait, and has failed
  }
  // Destroys the program's objects, while this execution is still current.
  for (Thread& thread : threads_) thread.body = nullptr;
  at_end_ = nullptr;
  before_time_passes_ = nullptr;
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
  steps_when_over_ = 0;
  is_without_steps_ = false;
  now = 0;
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
    thread.call = {};
    thread.call_half = never;
    thread.polls = 0;
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
  ++threads_[host].known.happened[host];  // publishes what the host has constructed
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
    if (++steps_when_over_ > max_steps_when_over) would_wait();
    return;
  }
  host_fiber_ = std::move(host_fiber_).resume();
}

void Execution::would_wait() {
  if (running_ == host)
    fail("no other thread is left, and a call waits at: " + step_text(threads_[host].next));
  throw Abandoned();
}

void Execution::begin_call(const CallPromise& promise) {
  Thread& self = threads_[running_];
  self.call = promise;
  self.call_half = promise.is_timed() ? now + (promise.deadline - now) / 2 : never;
  if (promise.is_timed()) note_read(*time_);  // the deadline depends on it
  forget_polls();
}

std::int64_t Execution::horizon() const {
  std::int64_t first = never;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (threads_[i].call.is_timed()) first = std::min(first, threads_[i].call.deadline);
  }
  return first;
}

/// The next time at which a spinning thread may find that its deadline is nearer, or now.
std::int64_t Execution::next_instant() const {
  std::int64_t next = never;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    for (const std::int64_t instant : {threads_[i].call_half, threads_[i].call.deadline}) {
      if (instant > now) next = std::min(next, instant);
    }
  }
  return next == never ? now : next;
}

/// The earliest time at which a thread that sleeps wakes up.
std::int64_t Execution::first_late_instant(std::span<const Readiness> readiness) const {
  std::int64_t first = never;
  for (std::size_t i = 0; i < readiness.size(); ++i) {
    if (readiness[i] == Readiness::late) first = std::min(first, threads_[i].next.instant);
  }
  return first;
}

bool Execution::waits_for_others(int thread) const {
  const Thread& self = threads_[thread];
  if (self.has_ended || self.call.name == nullptr) return false;
  const Readiness readiness = self.next.readiness();
  return readiness == Readiness::no || (readiness == Readiness::late && !self.is_spinning &&
                                        self.next.instant >= self.call.deadline);
}

bool Execution::is_quiet(int asking) const {
  for (int i = 0; i < static_cast<int>(names_.size()); ++i) {
    const Thread& thread = threads_[i];
    if (thread.has_ended || i == asking) continue;
    if (thread.call.deadline != never) return false;
    const Readiness readiness = thread.next.readiness();
    if (readiness == Readiness::yes) return false;
    if (readiness == Readiness::late && thread.polls < polls_of_a_waiter) return false;
  }
  return true;
}

void Execution::wait_until_quiet() {
  const int self = running_;
  step(wait_for_quiet, *fences_,
       [this, self] { return is_quiet(self) ? Readiness::yes : Readiness::no; });
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (static_cast<int>(i) != self) note_alone(threads_[i].history);
  }
}

/// The thread whose turn it is, or `host` if the run is over.
int Execution::pick() {
  const int last = std::exchange(running_, host);
  if (has_failed()) return host;
  const int count = static_cast<int>(names_.size());
  std::array<Readiness, max_threads> readiness;
  bool all_have_ended = true;
  bool anybody_ready = false;
  for (int i = 0; i < count; ++i) {
    const Thread& thread = threads_[i];
    all_have_ended &= thread.has_ended;
    readiness[i] = thread.has_ended ? Readiness::no : thread.next.readiness();
    anybody_ready |= readiness[i] == Readiness::yes;
  }
  if (all_have_ended) return host;
  const std::span<const Readiness> all(readiness.data(), static_cast<std::size_t>(count));
  if (std::string broken = broken_promise(all, anybody_ready); !broken.empty()) {
    fail(std::move(broken));
    return host;
  }
  return pick_among(all, last);
}

int Execution::pick_among(std::span<const Readiness> readiness, int last) {
  const int count = static_cast<int>(readiness.size());
  // First the thread that ran last, then the others in turn, and then those for which time must
  // pass.
  std::array<Candidate, max_threads> candidates;
  int candidate_count = 0;
  // A spinning thread lets others go first, unless it has promised that it needs none of them.
  const bool lets_others_go_first =
      last != host && threads_[last].is_spinning && !threads_[last].call.is_independent;
  const bool can_go_on = last != host && readiness[last] == Readiness::yes && !lets_others_go_first;
  if (can_go_on) candidates[candidate_count++] = {last, Readiness::yes};
  const auto add = [&](Readiness wanted, std::int64_t latest) {
    for (int i = 1; i <= count; ++i) {
      const int thread = (last + i) % count;
      if (readiness[thread] != wanted || (can_go_on && thread == last)) continue;
      if (wanted == Readiness::yes || threads_[thread].next.instant <= latest)
        candidates[candidate_count++] = {thread, wanted};
    }
  };
  add(Readiness::yes, never);
  const int ready = candidate_count;
  std::int64_t latest = horizon();
  if (ready == 0 && latest == never) latest = first_late_instant(readiness);
  add(Readiness::late, latest);
  if (candidate_count == 0) {
    fail(nobody_goes_on());
    return host;
  }
  if (ready == 0 && before_time_passes_) {
    if (std::string failure = before_time_passes_(); !failure.empty()) {
      fail(std::move(failure));
      return host;
    }
  }
  if (ready == 0 && ++late_steps_ > max_late_steps) {
    fail("livelock: nothing happens any more but spinning and time-outs; " + where_threads_are());
    return host;
  }
  if (result_.steps >= mode_.max_steps) {
    result_.is_cut = true;
    return host;
  }
  ++result_.steps;
  // Spinning and the passing of time are fair, or the run might never end: only the next thread in
  // turn is free.
  const int free = can_go_on || lets_others_go_first || ready == 0 ? 1 : ready;
  int choice = 0;
  if (candidate_count > 1) {
    const std::span<const Candidate> open(candidates.data(),
                                          static_cast<std::size_t>(candidate_count));
    choice = chooser_->choose_thread(open, free,
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
  if (readiness == Readiness::late) {
    ++self.polls;
    pass_time_until(next_instant());
  }
  self.idle_rounds = has_changed() ? 0 : self.idle_rounds + 1;
  self.seen.clear();
  const std::uint64_t history = mix(self.history, 0x5b1);
  state_ += history - self.history;
  self.history = history;
}

}  // namespace bq::explorer
