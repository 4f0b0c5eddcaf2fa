// Does the explorer find what is there, and nothing else? Small programs whose schedules can be
// counted by hand.
#include "explorer/explorer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>

#include "explorer/model_sync.h"
#include "explorer/plan.h"
#include "explorer/scenario.h"
#include "queues/reference.h"
#include "queues/reference_as_posted.h"
#include "queues/two_condvar.h"

namespace bq::explorer {
namespace {

using Mutex = ModelSync::mutex;
using Lock = std::unique_lock<Mutex>;

TEST(Explorer, SeesEveryOrderOfTwoThreads) {
  // Two threads of two steps: 4! / (2! 2!) = 6 orders, of which one preemption reaches all but the
  // two that alternate.
  const auto orders = [](int bound) {
    std::set<std::string> seen;
    explore(
        [&](Execution& run) {
          auto order = std::make_shared<std::string>();
          auto x = std::make_shared<ModelSync::atomic<int>>(0, "x");
          for (const char name : {'a', 'b'}) {
            run.spawn(std::string(1, name), [=] {
              for (int i = 0; i < 2; ++i) {
                x->fetch_add(1);
                *order += name;
              }
            });
          }
          run.at_end([&seen, order] { seen.insert(*order); });
        },
        {.bound = bound});
    return seen;
  };
  EXPECT_EQ(orders(0), (std::set<std::string>{"aabb", "bbaa"}));
  EXPECT_EQ(orders(1), (std::set<std::string>{"aabb", "bbaa", "abba", "baab"}));
  EXPECT_EQ(orders(2), (std::set<std::string>{"aabb", "bbaa", "abba", "baab", "abab", "baba"}));
}

TEST(Explorer, OneOrderOfIndependentStepsIsEnough) {
  const auto runs = [](bool shared) {
    return explore(
               [=](Execution& run) {
                 auto x = std::make_shared<ModelSync::atomic<int>>(0, "x");
                 auto y = shared ? x : std::make_shared<ModelSync::atomic<int>>(0, "y");
                 for (const auto& own : {x, y}) {
                   run.spawn("thread", [own] {
                     for (int i = 0; i < 4; ++i) own->fetch_add(1);
                   });
                 }
               },
               {.bound = 8})
        .states;
  };
  EXPECT_LT(runs(false), runs(true));
}

/// Two threads take two mutexes in opposite orders.
void dining(Execution& run) {
  struct Table {
    Mutex left{"left"};
    Mutex right{"right"};
  };
  auto table = std::make_shared<Table>();
  run.spawn("one", [table] {
    const Lock first(table->left);
    const Lock second(table->right);
  });
  run.spawn("two", [table] {
    const Lock first(table->right);
    const Lock second(table->left);
  });
}

TEST(Explorer, FindsTheCheapestAndShortestFailure) {
  const Outcome outcome = explore(dining, {.bound = 3});
  EXPECT_EQ(outcome.failure,
            "deadlock: one is stuck at: lock right (held by two); two is stuck at: lock left (held "
            "by one)");
  EXPECT_EQ(outcome.cost, 1);
  EXPECT_EQ(outcome.steps, 2);
  EXPECT_TRUE(explore(dining, {.bound = 0}).passed());
}

TEST(Explorer, IsUnfinishedBeyondTheStatesThatItMayRemember) {
  const Outcome all = explore(dining, {.bound = 0});
  EXPECT_TRUE(explore(dining, {.bound = 0, .max_states = all.states + 1}).passed());
  const Outcome some = explore(dining, {.bound = 0, .max_states = 1});
  EXPECT_FALSE(some.passed());
  EXPECT_EQ(some.failure, "");
  EXPECT_LT(some.runs, all.runs);
}

TEST(Explorer, RandomRunsFindItToo) {
  EXPECT_TRUE(explore(dining, {.bound = 1, .random_runs = 1'000}).failure.starts_with("deadlock"));
}
TEST(Explorer, DelaysFindItToo) {
  EXPECT_TRUE(explore(dining, {.cost = Cost::delay, .bound = 1}).failure.starts_with("deadlock"));
}

TEST(Explorer, AFailureCanBeSeenAgain) {
  const Outcome first = explore(dining, {.bound = 1});
  const Outcome again = replay(dining, first.choices, false);
  EXPECT_EQ(again.failure, first.failure);
  EXPECT_EQ(schedule(again).substr(0, 100), schedule(first).substr(0, 100));
  EXPECT_NE(schedule(first).find("lock left"), std::string::npos) << schedule(first);
  EXPECT_THROW(replay(dining, {7, 7, 7}, false), std::invalid_argument);
}

TEST(Explorer, SaysSoWhenAProgramIsNotAFunctionOfTheChoices) {
  int runs = 0;
  const auto moody = [&runs](Execution& run) {
    const bool odd = ++runs % 2 == 1;
    auto x = std::make_shared<ModelSync::atomic<int>>(0, "x");
    for (int i = 0; i < (odd ? 2 : 3); ++i) run.spawn("thread", [x] { x->fetch_add(1); });
  };
  EXPECT_THROW(explore(moody, {.bound = 2}), std::logic_error);
}

// ---- each primitive can do what the real one can

/// What explore() finds in one thread that waits and one that signals.
std::string failure_of(const std::function<void(Execution&)>& set_up, int bound = 2) {
  return explore(set_up, {.bound = bound}).failure;
}

TEST(Explorer, ConditionVariablesWakeForNoReason) {
  const auto waiter = [](bool looks_again) {
    return [=](Execution& run) {
      struct Shared {
        Mutex mutex{"mutex"};
        ModelSync::condition_variable signal{"signal"};
        bool is_set = false;
      };
      auto shared = std::make_shared<Shared>();
      run.spawn("waiter", [=, &run] {
        Lock lock(shared->mutex);
        if (looks_again) {
          while (!shared->is_set) shared->signal.wait(lock);
        } else if (!shared->is_set) {
          shared->signal.wait(lock);
        }
        run.check(shared->is_set, "went on too early");
      });
      run.spawn("setter", [shared] {
        const Lock lock(shared->mutex);
        shared->is_set = true;
        shared->signal.notify_one();
      });
    };
  };
  EXPECT_EQ(failure_of(waiter(true)), "");
  EXPECT_EQ(failure_of(waiter(false)), "went on too early");
}

TEST(Explorer, AFutexComparesAndFallsAsleepInOneStep) {
  const auto waiter = [](bool tells_the_value) {
    return [=](Execution& run) {
      auto word = std::make_shared<ModelSync::atomic<std::uint32_t>>(0, "word");
      run.spawn("waiter", [=] {
        while (word->load() == 0) ModelSync::futex_wait(*word, tells_the_value ? 0 : word->load());
      });
      run.spawn("waker", [word] {
        word->store(1);
        ModelSync::futex_wake(*word, 1);
      });
    };
  };
  EXPECT_EQ(failure_of(waiter(true)), "");
  EXPECT_TRUE(
      failure_of(waiter(false)).starts_with("lost wake-up: waiter is stuck at: sleep at word"));
}

TEST(Explorer, ATimedWaitRunsOutWhenNothingElseIsLeft) {
  const Outcome outcome = explore(
      [](Execution& run) {
        auto permits = std::make_shared<ModelSync::semaphore>(0, "permits");
        run.spawn("waiter", [permits, &run] {
          const Deadline deadline(std::chrono::nanoseconds(50));
          run.check(!permits->try_acquire_until(deadline), "there was no permit");
          run.check(ModelSync::now() >= deadline, "it was too early");
        });
      },
      {});
  EXPECT_EQ(outcome.failure, "");
}

TEST(Explorer, ASpinForeverIsALivelock) {
  const auto set_up = [](Execution& run) {
    auto flag = std::make_shared<ModelSync::atomic<bool>>(false, "flag");
    run.spawn("spinner", [flag] {
      while (!flag->load()) ModelSync::relax();
    });
  };
  EXPECT_TRUE(failure_of(set_up).starts_with("livelock"));
}
TEST(Explorer, ASpinnerSeesWhatAnotherThreadDoes) {
  const auto set_up = [](Execution& run) {
    auto flag = std::make_shared<ModelSync::atomic<bool>>(false, "flag");
    run.spawn("spinner", [flag] {
      while (!flag->load()) ModelSync::relax();
    });
    run.spawn("setter", [flag] { flag->store(true); });
  };
  EXPECT_EQ(failure_of(set_up, 4), "");
}

TEST(Explorer, SlotsNoticeMisuse) {
  const auto alone = [](auto body) {
    return [body](Execution& run) {
      auto slot = std::make_shared<ModelSync::slot<int>>();
      run.spawn("thread", [slot, body] { body(*slot); });
    };
  };
  EXPECT_EQ(failure_of(alone([](auto& slot) {
              slot.put(1);
              slot.put(2);
            })),
            "a message is written over another that nobody has taken");
  EXPECT_EQ(failure_of(alone([](auto& slot) {
              std::optional<int> out;
              slot.take(out);
            })),
            "a message is taken that is not there");
}

// ---- the story of docs/explorer.md

Outcome explore_posted(const Shape& shape) {
  static const Subject posted = describe<ReferenceAsPostedQueue>("reference_as_posted");
  return explore(program(posted, shape), {.bound = 2});
}

TEST(ReferenceAsPosted, DeadlocksAtCapacityTwo) {
  const Outcome outcome = explore_posted({.capacity = 2, .messages = 3});
  EXPECT_EQ(outcome.failure,
            "deadlock: producer is stuck at: lock is_empty (held by consumer); consumer is stuck "
            "at: lock data (held by producer)");
  EXPECT_LE(outcome.steps, 20);
}
TEST(ReferenceAsPosted, LosesTheWakeUpOfTheClose) {
  const Outcome outcome =
      explore_posted({.capacity = 1, .messages = 0, .ending = Shape::Ending::producers});
  EXPECT_EQ(outcome.failure, "lost wake-up: consumer is stuck at: sleep at is_empty_signal");
  EXPECT_LE(outcome.steps, 20);
}
TEST(ReferenceAsPosted, IsRepaired) {
  const Subject repaired = describe<ReferenceQueue>("reference");
  for (const Shape& shape :
       {Shape{.capacity = 2, .messages = 3},
        Shape{.capacity = 1, .messages = 0, .ending = Shape::Ending::producers}}) {
    EXPECT_EQ(explore(program(repaired, shape), {.bound = 3}).failure, "");
  }
}

}  // namespace
}  // namespace bq::explorer
