// Does the explorer hold calls to their time, and messages to their life?
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "explorer/explorer.h"
#include "explorer/model_message.h"
#include "explorer/model_sync.h"

namespace bq::explorer {
namespace {

using Mutex = ModelSync::mutex;
using Lock = std::unique_lock<Mutex>;

std::string failure_of(const std::function<void(Execution&)>& set_up) {
  return explore(set_up, {.bound = 2}).failure;
}

// ---- time, and promises about it

constexpr auto timed_call = [](Execution& run) { run.begin_call({"timed()", 1'000}); };

TEST(Explorer, AFruitlessWakeUpOfATimedSleepTakesTime) {
  std::set<std::int64_t> seen;
  explore(
      [&](Execution& run) {
        auto word = std::make_shared<ModelSync::atomic<std::uint32_t>>(0, "word");
        run.spawn("sleeper", [word, &run, &seen] {
          timed_call(run);
          ModelSync::futex_wait_until(*word, 0, Deadline(std::chrono::nanoseconds(1'000)));
          seen.insert(run.now);
          run.end_call();
        });
      },
      {.bound = 1});
  EXPECT_EQ(seen, (std::set<std::int64_t>{500, 1'000}));
}

TEST(Explorer, ACallDoesNotReturnAfterItsDeadline) {
  const auto sleeper = [](std::int64_t until) {
    return [=](Execution& run) {
      auto permits = std::make_shared<ModelSync::semaphore>(0, "permits");
      run.spawn("sleeper", [=, &run] {
        timed_call(run);
        permits->try_acquire_until(Deadline(std::chrono::nanoseconds(until)));
        run.end_call();
      });
    };
  };
  EXPECT_EQ(failure_of(sleeper(1'000)), "");
  EXPECT_TRUE(
      failure_of(sleeper(1'001)).starts_with("timed() of sleeper does not return at its deadline"));
}

/// A call that waits for a mutex whose owner waits for a flag.
std::string failure_beside_a_waiter(const CallPromise& promise, bool is_set) {
  return failure_of([=](Execution& run) {
    struct Shared {
      Mutex mutex{"mutex"};
      ModelSync::atomic<bool> flag{false, "flag"};
    };
    auto shared = std::make_shared<Shared>();
    run.spawn("waiter", [shared] {
      const Lock lock(shared->mutex);
      shared->flag.wait(false);
    });
    run.spawn("caller", [=, &run] {
      run.begin_call(promise);
      const Lock lock(shared->mutex);
      run.end_call();
    });
    if (is_set) {
      run.spawn("setter", [shared] {
        shared->flag.store(true);
        shared->flag.notify_all();
      });
    }
  });
}

TEST(Explorer, ATryCallMayWaitForAThreadThatGoesOn) {
  EXPECT_EQ(failure_beside_a_waiter({"try()", -1}, true), "");
  EXPECT_TRUE(failure_beside_a_waiter({"try()", -1}, false)
                  .starts_with("try() of caller waits for a thread that waits itself; "));
}
TEST(Explorer, AnIndependentCallMayWaitForNobody) {
  EXPECT_TRUE(failure_beside_a_waiter({"try()", -1, true}, true)
                  .starts_with("try() of caller needs a step of another thread"));
}

TEST(Explorer, AllIsQuietWhenThoseWhoAreLeftWait) {
  const auto set_up = [](bool polls) {
    return [=](Execution& run) {
      auto flag = std::make_shared<ModelSync::atomic<bool>>(false, "flag");
      run.spawn("waiter", [flag, polls] {
        while (polls && !flag->load()) ModelSync::relax();
        flag->wait(false);
      });
      run.spawn("last", [flag, &run] {
        run.wait_until_quiet();
        flag->store(true);
        flag->notify_all();
      });
    };
  };
  EXPECT_EQ(failure_of(set_up(false)), "");
  EXPECT_EQ(failure_of(set_up(true)), "");
}

// ---- messages

/// What is found if a thread does this to a place for a message that is not on its stack.
std::string failure_of_messages(const std::function<void(ModelMessage*)>& one,
                                const std::function<void(ModelMessage*)>& two = nullptr) {
  return failure_of([=](Execution& run) {
    struct Shared {
      Messages messages;
      alignas(ModelMessage) std::byte place[sizeof(ModelMessage)];
    };
    auto shared = std::make_shared<Shared>();
    for (const auto& body : {one, two}) {
      if (body) run.spawn("thread", [=] { body(reinterpret_cast<ModelMessage*>(shared->place)); });
    }
    run.at_end([shared, &run] { run.check(shared->messages.alive() == 0, "leaked"); });
  });
}

TEST(Explorer, MessagesHaveOneLife) {
  const auto construct = [](ModelMessage* at) { std::construct_at(at, 1); };
  const auto live = [=](ModelMessage* at) {
    construct(at);
    const ModelMessage taken(std::move(*at));
    std::destroy_at(at);
  };
  EXPECT_EQ(failure_of_messages(live), "");
  EXPECT_EQ(failure_of_messages(construct), "leaked");
  EXPECT_NE(failure_of_messages([](ModelMessage* at) { std::destroy_at(at); }).find("not alive"),
            std::string::npos);
  EXPECT_NE(failure_of_messages([=](ModelMessage* at) {
              construct(at);
              construct(at);
            }).find("constructed over message 1"),
            std::string::npos);
  EXPECT_NE(failure_of_messages(live, live), "");
}

TEST(Explorer, AMessageThatWasMovedIsGone) {
  EXPECT_EQ(failure_of_messages([](ModelMessage*) {
              ModelMessage one(1);
              ModelMessage two(std::move(one));
              const bool is_right = one.number() == Messages::none && two.number() == 1;
              Execution::current().check(is_right, "wrong numbers");
            }),
            "");
}

TEST(Explorer, WhatIsDoneAfterAReleaseIsNotOrderedByIt) {
  // The slot is given away before the message has left it.
  const auto set_up = [](bool early) {
    return [=](Execution& run) {
      struct Shared {
        ModelSync::slot<int> slot;
        ModelSync::atomic<bool> is_free{false, "is_free"};
      };
      auto shared = std::make_shared<Shared>();
      shared->slot.put(1);
      run.spawn("taker", [=] {
        std::optional<int> out;
        if (early) shared->is_free.store(true);
        shared->slot.take(out);
        if (!early) shared->is_free.store(true);
      });
      run.spawn("putter", [=] {
        if (shared->is_free.load()) shared->slot.put(2);
      });
    };
  };
  EXPECT_EQ(failure_of(set_up(false)), "");
  EXPECT_TRUE(failure_of(set_up(true)).starts_with("data race: put"));
}

}  // namespace
}  // namespace bq::explorer
