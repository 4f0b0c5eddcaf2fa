// When a trial counts as hung: by a clock that the test turns, so that no machine is too busy for it.
#include "benchmarks/watchdog.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/run_trial.h"
#include "queues/two_condvar.h"

namespace bq::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 10s;

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
    workers_[1].stage = WorkerStatus::Stage::probing;  // the producer; the consumer has not begun
  }
  // Time goes by, and the watchdog looks.
  std::optional<std::string> look_after(std::chrono::seconds time) {
    return check_.look(plan_, workers_, now_ += time);
  }

  Point point_;
  Demands demands_;
  TrialPlan plan_{point_, Level::counted, 0, 100, demands_};
  std::array<WorkerStatus, 2> workers_;
  HangCheck check_{patience};
  HangCheck::Steady::time_point now_{};
};

TEST_F(ProbedTrial, IsNoHangHoweverSlowlyItGetsOn) {
  std::vector<std::string> faults;
  int calls = 0;
  WatchedQueue queue(point_.capacity, [&] {
    ++calls;
    if (const auto fault = look_after(patience * 9 / 10)) faults.push_back(*fault);
  });
  const FillProbe probe = detail::probe_bound(queue, 8, workers_[1]);
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
    EXPECT_FALSE(look_after(patience - 1s));
    if (const auto fault = look_after(1s)) faults.push_back(*fault);
  });
  detail::probe_bound(queue, 8, workers_[1]);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0],
            "hung: no progress for 10 s; consumer 0 waits for the start; producer 0 stuck in call 7 of the capacity "
            "probe's try_push and try_pop");
}

}  // namespace
}  // namespace bq::bench
