// When a trial counts as hung: by a clock that the test turns, so that no machine is too busy for
// it.
#include "benchmarks/trial/watchdog.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <future>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/trial/queue_trial.h"
#include "queues/two_condvar.h"

namespace bq::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto time_limit = 10s;

// Calls back from inside of each of its calls.
class WatchedQueue : public TwoCondvarQueue<Message> {
 public:
  WatchedQueue(std::size_t capacity, std::function<void()> in_call)
      : TwoCondvarQueue<Message>(capacity), in_call_(std::move(in_call)) {}
  Status try_push(Message&& message) {
    in_call_();
    return TwoCondvarQueue<Message>::try_push(std::move(message));
  }
  Status try_pop(std::optional<Message>& out) {
    in_call_();
    return TwoCondvarQueue<Message>::try_pop(out);
  }

 private:
  std::function<void()> in_call_;
};

class ProbedTrial : public testing::Test {
 protected:
  void SetUp() override {
    point_.capacity = 20;
    workers_[1].state = WorkerStatus::State::probing;  // the producer; the consumer has not begun
  }
  // Time goes by, and the watchdog looks.
  std::optional<std::string> look_after(std::chrono::seconds time) {
    return check_.check(plan_, workers_, now_ += time);
  }

  Point point_;
  Demands demands_;
  TrialPlan plan_{point_, Level::untimed, 0, 100, demands_};
  std::array<WorkerStatus, 2> workers_;
  HangCheck check_{time_limit};
  HangCheck::Steady::time_point now_{};
};

TEST_F(ProbedTrial, IsNoHangHoweverSlowlyItGetsOn) {
  std::vector<std::string> faults;
  int calls = 0;
  WatchedQueue queue(point_.capacity, [&] {
    ++calls;
    if (const auto fault = look_after(time_limit * 9 / 10)) faults.push_back(*fault);
  });
  const CapacityProbe probe = detail::probe_capacity(queue, 8, workers_[1]);
  EXPECT_EQ(probe.accepted, point_.capacity);
  EXPECT_EQ(calls, 42) << "20 and one refused each way";
  EXPECT_TRUE(faults.empty()) << faults.size() << " times: " << faults[0];
}

TEST_F(ProbedTrial, IsAHangOnceACallDoesNotReturn) {
  std::vector<std::string> faults;
  int calls = 0;
  WatchedQueue queue(point_.capacity, [&] {
    if (++calls != 7) return;
    EXPECT_FALSE(look_after(1s));
    EXPECT_FALSE(look_after(time_limit - 1s));
    if (const auto fault = look_after(1s)) faults.push_back(*fault);
  });
  detail::probe_capacity(queue, 8, workers_[1]);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0],
            "hung: no progress for 10 s; consumer 0 waits for the start; producer 0 stuck in call "
            "7 of the capacity "
            "probe's try_push and try_pop");
}

TEST(Watchdog, EndsAMeasurementThatExceedsItsTime) {
  const auto measure_without_an_end = [] {
    Watchdog watchdog(1ms, 7,
                      [](const std::string& sentence) { std::cerr << sentence << std::endl; });
    const Watchdog::Guard guard(watchdog);
    std::promise<void>().get_future().wait();
  };
  EXPECT_EXIT(measure_without_an_end(), testing::ExitedWithCode(7), "hung: no end after 0 s");
}

TEST(Watchdog, LeavesAloneWhatEndedInTime) {
  Watchdog watchdog(1h, 7, [](const std::string& sentence) { ADD_FAILURE() << sentence; });
  const Watchdog::Guard guard(watchdog);
}

}  // namespace
}  // namespace bq::bench
