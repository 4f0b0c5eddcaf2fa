// Wake-ups that nobody can use, for no reason and too late; and those of a crowd.
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include "checking/hook.h"
#include "tests/contract/forms.h"
#include "tests/contract/stalled_call.h"

namespace bq::test {
namespace {

/// Makes a call all of whose waits end for no reason, and watches some of them.
template <class Call>
class SpuriouslyWokenCall {
 public:
  explicit SpuriouslyWokenCall(Call call)
      : caller_([this, call = std::move(call)]() mutable {
          const checking::SpuriousWakeUps wake_ups(count_);
          return call();
        }) {
    // A queue that only spins, or whose waits cannot end for no reason, counts none.
    for (int i = 0; i < 100 && count_.load() < 3; ++i) std::this_thread::sleep_for(50us);
  }
  auto& result() { return caller_.result(); }
  bool has_returned() const { return caller_.has_returned(); }

 private:
  std::atomic<int> count_{0};
  Caller<std::invoke_result_t<Call&>> caller_;
};

BQ_CASE(WakingForNoReasonChangesNothing, uses_sync) {
  with_stoppable_queue(subject, 1, [&](auto& queue) {
    using Message = typename std::remove_reference_t<decltype(queue)>::value_type;
    for (const PopForm form : that_wait(pop_forms(subject))) {
      SpuriouslyWokenCall pop([&] { return value_by(form, queue); });
      EXPECT_FALSE(pop.has_returned()) << name_of(form);
      EXPECT_TRUE(queue.push(Message(1)));
      EXPECT_EQ(pop.result(), 1) << name_of(form);
    }
    if (!subject.is_bounded()) return;
    fill(queue);
    for (const PushForm form : that_wait(push_forms(subject))) {
      SpuriouslyWokenCall push([&] { return push_by(form, queue, Message(1)); });
      EXPECT_FALSE(push.has_returned()) << name_of(form);
      EXPECT_TRUE(queue.pop().has_value());
      EXPECT_EQ(push.result(), Status::done) << name_of(form);
    }
  });
}

BQ_CASE(WakingForNoReasonPutsNoDeadlineOff, uses_sync, timed_calls) {
  with_stoppable_queue(subject, 1, [&](auto& queue) {
    using Message = typename std::remove_reference_t<decltype(queue)>::value_type;
    Deadline deadline = Deadline::clock::now() + 3ms;
    SpuriouslyWokenCall pop([&] {
      std::optional<Message> out;
      return queue.try_pop_until(out, deadline);
    });
    EXPECT_EQ(pop.result(), Status::timeout);
    EXPECT_GE(Deadline::clock::now(), deadline);
    if (!subject.is_bounded()) return;
    fill(queue);
    deadline = Deadline::clock::now() + 3ms;
    SpuriouslyWokenCall push([&] { return queue.try_push_until(Message(1), deadline); });
    EXPECT_EQ(push.result(), Status::timeout);
    EXPECT_GE(Deadline::clock::now(), deadline);
  });
}

/// A call whose deadline passed while it was stalled.
struct LateCall {
  bool was_stalled = false;
  bool in_time = false;  ///< whether the other calls were made before the deadline
};

/// Calls test(queue, point, is_first, time), which returns a LateCall, at each point; again with a
/// longer time if the machine was too slow for that one.
template <class Test>
void with_a_late_call(const Subject& subject, Test test) {
  const bool sleeps = crowd(subject, 2) > 1;  // where nobody sleeps nobody is woken
  const auto most = sleeps ? 160ms : 1ms;
  for (const bool is_first : {true, false}) {
    bool in_time = false;
    for (auto time = sleeps ? 20ms : 1ms; !in_time && time <= most; time *= 2) {
      in_time = true;
      at_each_point(subject, 1, [&](auto& queue, int point) {
        const LateCall call = test(queue, point, is_first, time);
        in_time = in_time && call.in_time;
        return call.was_stalled;
      });
      if (testing::Test::HasFailure() || testing::Test::IsSkipped()) return;
    }
  }
}

// A call that is woken and whose deadline passes before it gets on: it takes what it was woken for,
// or leaves the wake-up to another one. This holds for whichever of the two was there first.
template <class T>
LateCall time_out_beside_a_pop(Queue<T>& queue, int point, bool is_first,
                               std::chrono::milliseconds time) {
  std::optional<Caller<int>> waiting;
  const auto wait = [&] {
    waiting.emplace([&] { return pop_value(queue); });
    waiting->blocks();
  };
  if (!is_first) wait();
  const Deadline deadline = Deadline::clock::now() + time;
  std::optional<T> out;
  StalledCall timed(
      point, [&] { return queue.try_pop_until(out, deadline); }, StallPoints::all);
  if (is_first) wait();
  Caller push([&] { return push_value(queue, 1); });
  push.blocks();
  const bool in_time = Deadline::clock::now() < deadline;
  std::this_thread::sleep_until(deadline);
  timed.let_go();
  EXPECT_TRUE(push.returns());
  if (timed.result() == Status::done) push_value(queue, 2);
  EXPECT_TRUE(waiting->returns()) << "asleep beside a message";
  queue.close();
  EXPECT_EQ(waiting->result(), out ? 3 - value_of(*out) : 1);
  return {timed.is_stalled(), in_time};
}

BQ_CASE(ATimedOutPopTakesNoWakeUpWithIt, can_be_stopped, timed_calls, many_consumers,
        never_forgets) {
  with_a_late_call(subject, [](auto& queue, int point, bool is_first, auto time) {
    return time_out_beside_a_pop(queue, point, is_first, time);
  });
}

template <class T>
LateCall time_out_beside_a_push(Queue<T>& queue, int point, bool is_first,
                                std::chrono::milliseconds time) {
  fill(queue);
  std::optional<Caller<bool>> waiting;
  const auto wait = [&] {
    waiting.emplace([&] { return push_value(queue, 1); });
    waiting->blocks();
  };
  if (!is_first) wait();
  const Deadline deadline = Deadline::clock::now() + time;
  StalledCall timed(
      point, [&] { return queue.try_push_until(T(2), deadline); }, StallPoints::all);
  if (is_first) wait();
  Caller pop([&] { return pop_value(queue); });
  pop.blocks();
  const bool in_time = Deadline::clock::now() < deadline;
  std::this_thread::sleep_until(deadline);
  timed.let_go();
  EXPECT_TRUE(pop.returns());
  if (timed.result() == Status::done) {
    EXPECT_NE(pop_value(queue), -1);
  }
  EXPECT_TRUE(waiting->returns()) << "asleep beside a free place";
  queue.close();
  EXPECT_TRUE(waiting->result());
  return {timed.is_stalled(), in_time};
}

BQ_CASE(ATimedOutPushTakesNoWakeUpWithIt, can_be_stopped, timed_calls, many_producers,
        keeps_a_bound, never_forgets) {
  with_a_late_call(subject, [](auto& queue, int point, bool is_first, auto time) {
    return time_out_beside_a_push(queue, point, is_first, time);
  });
}

/// More than 8 bits count.
constexpr int many_waiters = 260;

BQ_CASE(ManyWaitingPopsAreFreed, many_consumers, never_forgets) {
  const auto waiters = static_cast<std::size_t>(crowd(subject, many_waiters));
  for (const bool by_close : {false, true}) {
    Queue<int> queue(subject, capacity_near(subject, 1));
    Callers<int> pops;
    for (std::size_t i = 0; i < waiters; ++i) pops.add([&] { return value_of(queue.pop()); });
    EXPECT_TRUE(pops.block());
    if (!by_close) {
      for (std::size_t i = 0; i < waiters; ++i) EXPECT_TRUE(queue.push(1));
      EXPECT_TRUE(pops.return_all()) << "asleep beside a message";
    }
    queue.close();
    for (std::size_t i = 0; i < waiters; ++i) EXPECT_EQ(pops[i].result(), by_close ? -1 : 1);
  }
}

BQ_CASE(ManyWaitingPushesAreFreed, closes, keeps_a_bound, many_producers, never_forgets) {
  const auto waiters = static_cast<std::size_t>(crowd(subject, many_waiters));
  for (const bool by_close : {false, true}) {
    Queue<int> queue(subject, capacity_near(subject, 1));
    fill(queue);
    Callers<bool> pushes;
    for (std::size_t i = 0; i < waiters; ++i) pushes.add([&] { return queue.push(1); });
    EXPECT_TRUE(pushes.block());
    if (!by_close) {
      for (std::size_t i = 0; i < waiters; ++i) EXPECT_TRUE(queue.pop().has_value());
      EXPECT_TRUE(pushes.return_all()) << "asleep beside a free slot";
    }
    queue.close();
    for (std::size_t i = 0; i < waiters; ++i) EXPECT_EQ(pushes[i].result(), !by_close);
  }
}

}  // namespace
}  // namespace bq::test
