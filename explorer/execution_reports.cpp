// What an execution says of itself: its schedule, and why it failed.
#include <string_view>

#include "explorer/execution.h"

namespace bq::explorer {

namespace {

bool is_sleep(std::string_view what) {
  return what.starts_with("sleep");
}

}  // namespace

/// How a call breaks its promise; empty: none does.
std::string Execution::broken_promise(std::span<const Readiness> readiness,
                                      bool anybody_ready) const {
  for (int i = 0; i < static_cast<int>(readiness.size()); ++i) {
    const CallPromise& call = threads_[i].call;
    if (threads_[i].has_ended || call.name == nullptr || readiness[i] == Readiness::yes) continue;
    if (call.is_independent) {
      return call_text(i) +
             " needs a step of another thread, though by its label a stalled thread holds up "
             "nobody else; " +
             where_threads_are();
    }
    const bool may_look_again = threads_[i].is_spinning && threads_[i].polls < polls_of_a_waiter;
    if (anybody_ready || call.deadline > now || may_look_again) continue;
    return call_text(i) +
           (call.is_timed() ? " does not return at its deadline; "
                            : " waits for a thread that waits itself; ") +
           where_threads_are();
  }
  return {};
}

std::string Execution::call_text(int thread) const {
  return std::string(threads_[thread].call.name) + " of " + names_[thread];
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

/// Why the run is stuck.
std::string Execution::nobody_goes_on() const {
  const std::int64_t deadline = horizon();
  for (std::size_t i = 0; i < names_.size() && deadline != never; ++i) {
    if (threads_[i].call.deadline == deadline) {
      return call_text(static_cast<int>(i)) + " does not return at its deadline; " +
             where_threads_are();
    }
  }
  return where_threads_are();
}

std::string Execution::where_threads_are() const {
  std::string places;
  bool all_sleep = true;
  bool one_wants_a_lock = false;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const Next& next = threads_[i].next;
    if (threads_[i].has_ended || next.what == wait_for_quiet) continue;
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
