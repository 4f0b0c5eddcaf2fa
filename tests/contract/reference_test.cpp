// The repaired reference updates the other side's flag after it has let go of its own: in between,
// that flag is out of date. These tests stop calls just there, through a synchronisation policy
// whose mutexes have a gate.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "queues/reference.h"
#include "tests/contract/caller.h"

namespace bq::test {
namespace {

/// StdSync, but a thread that has set `stops_at` waits at the mutex of that name until `open`.
struct GateSync : StdSync {
  static inline thread_local const char* stops_at = "";
  static inline std::atomic<bool> open{false};
  static inline std::atomic<int> stopped{0};

  class mutex : public StdSync::mutex {
   public:
    explicit mutex(const char* name) : name_(name) {}
    void lock() {
      if (std::strcmp(name_, stops_at) == 0 && !open.load()) {
        ++stopped;
        open.wait(false);
      }
      StdSync::mutex::lock();
    }

   private:
    const char* name_;
  };

  class condition_variable : public std::condition_variable_any {
   public:
    explicit condition_variable(const char* /*name*/) {}
  };

  /// Makes `call` on a thread that stops at the mutex `name`; returns once it has.
  template <class Call>
  static auto stopping_at(const char* name, Call call) {
    const int before = stopped.load();
    auto caller = std::make_unique<Caller<bool>>([name, call] {
      stops_at = name;
      return call();
    });
    while (stopped.load() == before) std::this_thread::yield();
    return caller;
  }
};

using Queue = ReferenceQueue<int, GateSync>;

TEST(Reference, TryPopBeforeThePushHasSignalledForgetsNobody) {
  GateSync::open = false;
  Queue queue(3);
  Caller sleeper([&] { return queue.pop(); });
  EXPECT_TRUE(sleeper.blocks());
  const auto first = GateSync::stopping_at("is_empty", [&] { return queue.push(1); });
  const auto second = GateSync::stopping_at("is_empty", [&] { return queue.push(2); });

  std::optional<int> out;
  EXPECT_EQ(queue.try_pop(out), Status::done) << "the message is inside, whatever the flag says";
  EXPECT_EQ(out, 1);
  GateSync::open = true;
  GateSync::open.notify_all();
  EXPECT_TRUE(sleeper.returns()) << "the other message was meant for it";
  queue.close();
  EXPECT_EQ(sleeper.result(), 2);
}

TEST(Reference, TryPushBeforeThePopHasSignalledFindsTheRoom) {
  GateSync::open = false;
  Queue queue(1);
  EXPECT_TRUE(queue.push(1));
  const auto pop = GateSync::stopping_at("is_full", [&] { return queue.pop() == 1; });

  std::optional<int> out;
  EXPECT_EQ(queue.try_pop(out), Status::empty);
  EXPECT_EQ(queue.try_push(2), Status::done) << "empty a moment ago, so not full";
  EXPECT_EQ(queue.try_push(3), Status::full);
  GateSync::open = true;
  GateSync::open.notify_all();
  EXPECT_TRUE(pop->result());
  EXPECT_EQ(queue.try_push(3), Status::full) << "the late signal raises no false hope";
  EXPECT_EQ(queue.try_pop(out), Status::done);
  EXPECT_EQ(out, 2);
}

}  // namespace
}  // namespace bq::test
