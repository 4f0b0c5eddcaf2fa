// Calls that are stopped half-way.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "checking/hook.h"
#include "tests/contract/caller.h"
#include "tests/contract/suite.h"

namespace bq::test {

/// Where a call may stall.
enum class StallPoints {
  /// Before it first waits. It may wait for a lock for a moment only, and must not stall later,
  /// unseen, while it holds that lock.
  before_waits,
  /// Also once it was woken. Until it is let go, the test itself may make no call that a lock of
  /// the stalled one holds up.
  all,
};

/// A call that stops at one of its points until it is let go.
template <class Call>
class StalledCall {
 public:
  StalledCall(int point, Call call, StallPoints points = StallPoints::before_waits)
      : points_(points), caller_([this, point, call = std::move(call)]() mutable {
          const checking::StallAt stall(point, gate_);
          return call();
        }) {
    while (!gate_.stalled.load() && !caller_.has_returned()) {
      if (caller_.blocks()) break;
    }
    was_stalled_ = gate_.stalled.load();
    if (points_ == StallPoints::before_waits && !was_stalled_) let_go();
  }
  ~StalledCall() { let_go(); }

  /// False: the call has fewer points than that, or it waits for something else.
  bool is_stalled() const {
    return points_ == StallPoints::all ? gate_.stalled.load() : was_stalled_;
  }
  /// Whether others may have to wait for a lock that it holds.
  bool may_hold_a_lock() const { return gate_.may_hold_a_lock; }
  void let_go() {
    gate_.released = true;
    gate_.released.notify_all();
  }
  void let_go_if(bool condition) {
    if (condition) let_go();
  }
  bool returns() { return caller_.returns(); }
  auto& result() { return caller_.result(); }

 private:
  const StallPoints points_;
  checking::StallAt::Gate gate_;
  bool was_stalled_ = false;
  Caller<std::invoke_result_t<Call&>> caller_;
};

template <class T>
bool push_value(Queue<T>& queue, int value) {
  return queue.push(T(value));
}
/// -1: the end.
template <class T>
int pop_value(Queue<T>& queue) {
  return value_of(queue.pop());
}
template <class T>
Status try_push_value(Queue<T>& queue, int value) {
  return queue.try_push(T(value));
}
template <class T>
Status try_pop_value(Queue<T>& queue) {
  std::optional<T> out;
  return queue.try_pop(out);
}
template <class T>
bool close(Queue<T>& queue) {
  queue.close();
  return true;
}

/// Calls test(queue) with a queue in which calls can be stopped.
template <class Test>
void with_stoppable_queue(const Subject& subject, std::size_t capacity, Test test) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    auto queue = stoppable<Message>(subject, capacity_near(subject, capacity));
    test(queue);
  });
}

/// Runs test(queue, point) with a new queue and point 0, 1, ... until it returns false: no call
/// stalled, so there are no more points. A call that spins has points without end; the first ones
/// are those that differ.
template <class Test>
void at_each_point(const Subject& subject, std::size_t capacity, Test test) {
  constexpr int most = 60;
  bool was_stalled = true;
  for (int point = 0; point < most && was_stalled; ++point) {
    with_stoppable_queue(subject, capacity, [&](auto& queue) { was_stalled = test(queue, point); });
    if (!was_stalled && point == 0)
      GTEST_SKIP() << subject.name << ": the call uses nothing of Sync, so nobody can step in";
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << "stalled at point " << point;
      return;
    }
  }
}

}  // namespace bq::test
