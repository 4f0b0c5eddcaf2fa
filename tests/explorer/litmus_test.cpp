// Is the model of the memory that of C++? The classic litmus tests: tiny programs, each with an
// outcome that the standard allows or forbids. In SC mode none of the weak outcomes may be seen; in
// weak mode all that are allowed must.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "explorer/explorer.h"
#include "explorer/model_sync.h"

namespace bq::explorer {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto acq_rel = std::memory_order_acq_rel;
constexpr auto seq_cst = std::memory_order_seq_cst;

struct Variables {
  ModelSync::atomic<int> x{0, "x"};
  ModelSync::atomic<int> y{0, "y"};
  int r[4] = {-1, -1, -1, -1};
};
using ThreadBody = std::function<void(Variables&)>;
using Values = std::vector<int>;

/// What r[0], r[1], ... can be at the end.
std::set<Values> outcomes(const std::vector<ThreadBody>& threads, std::size_t registers,
                          bool weak) {
  std::set<Values> seen;
  const auto set_up = [&](Execution& run) {
    auto variables = std::make_shared<Variables>();
    for (std::size_t i = 0; i < threads.size(); ++i) {
      run.spawn("thread " + std::to_string(i),
                [variables, body = threads[i]] { body(*variables); });
    }
    run.at_end([variables, registers, &seen] {
      seen.insert(Values(variables->r, variables->r + registers));
    });
  };
  const Outcome outcome = explore(set_up, {.bound = 4, .weak = weak});
  EXPECT_TRUE(outcome.passed()) << outcome.failure;
  return seen;
}

void expect_allowed(const std::vector<ThreadBody>& threads, const Values& weak_outcome) {
  EXPECT_FALSE(outcomes(threads, weak_outcome.size(), false).contains(weak_outcome))
      << "seen in SC mode";
  EXPECT_TRUE(outcomes(threads, weak_outcome.size(), true).contains(weak_outcome))
      << "not seen in weak mode";
}
void expect_forbidden(const std::vector<ThreadBody>& threads, const Values& outcome) {
  EXPECT_FALSE(outcomes(threads, outcome.size(), false).contains(outcome)) << "seen in SC mode";
  EXPECT_FALSE(outcomes(threads, outcome.size(), true).contains(outcome)) << "seen in weak mode";
}

// ---- store buffering: each thread writes one variable, reads the other; can both miss a write?

std::vector<ThreadBody> store_buffering(
    std::memory_order store, std::memory_order load,
    const std::function<void()>& first_fence = [] {},
    const std::function<void()>& second_fence = [] {}) {
  return {[=](Variables& v) {
            v.x.store(1, store);
            first_fence();
            v.r[0] = v.y.load(load);
          },
          [=](Variables& v) {
            v.y.store(1, store);
            second_fence();
            v.r[1] = v.x.load(load);
          }};
}
const std::function<void()> full = [] { ModelSync::fence(seq_cst); };
const std::function<void()> light = [] { ModelSync::fence_light(); };
const std::function<void()> heavy = [] { ModelSync::fence_heavy(); };

TEST(Litmus, StoreBufferingIsAllowedWithoutFences) {
  expect_allowed(store_buffering(relaxed, relaxed), {0, 0});
  expect_allowed(store_buffering(release, acquire), {0, 0});
}
TEST(Litmus, StoreBufferingIsForbiddenBySequentialConsistency) {
  expect_forbidden(store_buffering(seq_cst, seq_cst), {0, 0});
}
TEST(Litmus, StoreBufferingIsForbiddenByTwoFullFences) {
  expect_forbidden(store_buffering(relaxed, relaxed, full, full), {0, 0});
  expect_allowed(store_buffering(relaxed, relaxed, full), {0, 0});
}
TEST(Litmus, StoreBufferingIsForbiddenByAHeavyAndALightFence) {
  expect_forbidden(store_buffering(relaxed, relaxed, heavy, light), {0, 0});
  expect_forbidden(store_buffering(relaxed, relaxed, heavy, heavy), {0, 0});
  expect_allowed(store_buffering(relaxed, relaxed, light, light), {0, 0});
  expect_allowed(store_buffering(relaxed, relaxed, heavy), {0, 0});
}
TEST(Litmus, AReadModifyWriteIsNoFence) {
  expect_allowed({[](Variables& v) {
                    v.x.fetch_add(1, seq_cst);
                    v.r[0] = v.y.load(relaxed);
                  },
                  [](Variables& v) {
                    v.y.fetch_add(1, seq_cst);
                    v.r[1] = v.x.load(relaxed);
                  }},
                 {0, 0});
}
TEST(Litmus, ASequentiallyConsistentStoreAndAFullFenceOrder) {
  expect_forbidden({[](Variables& v) {
                      v.x.store(1, seq_cst);
                      v.r[0] = v.y.load(seq_cst);
                    },
                    [](Variables& v) {
                      v.y.store(1, relaxed);
                      full();
                      v.r[1] = v.x.load(relaxed);
                    }},
                   {0, 0});
}

// ---- message passing: x is written, then the flag y; does who sees the flag see x?

std::vector<ThreadBody> message_passing(
    std::memory_order store, std::memory_order load,
    const std::function<void()>& writer_fence = [] {},
    const std::function<void()>& reader_fence = [] {}) {
  return {[=](Variables& v) {
            v.x.store(1, relaxed);
            writer_fence();
            v.y.store(1, store);
          },
          [=](Variables& v) {
            v.r[0] = v.y.load(load);
            reader_fence();
            v.r[1] = v.x.load(relaxed);
          }};
}

TEST(Litmus, MessagePassingTakesARelease) {
  expect_forbidden(message_passing(release, acquire), {1, 0});
  expect_allowed(message_passing(relaxed, acquire), {1, 0});
}
TEST(Litmus, MessagePassingTakesAnAcquire) {
  expect_allowed(message_passing(release, relaxed), {1, 0});
}
TEST(Litmus, MessagePassingByFences) {
  const auto release_fence = [] { ModelSync::fence(release); };
  const auto acquire_fence = [] { ModelSync::fence(acquire); };
  expect_forbidden(message_passing(relaxed, relaxed, release_fence, acquire_fence), {1, 0});
  expect_allowed(message_passing(relaxed, relaxed, release_fence), {1, 0});
  expect_allowed(message_passing(
                     relaxed, relaxed, [] {}, acquire_fence),
                 {1, 0});
}
TEST(Litmus, AReadModifyWriteContinuesAReleaseSequence) {
  expect_forbidden({[](Variables& v) {
                      v.x.store(1, relaxed);
                      v.y.store(1, release);
                    },
                    [](Variables& v) { v.y.fetch_add(1, relaxed); },
                    [](Variables& v) {
                      v.r[0] = v.y.load(acquire);
                      v.r[1] = v.x.load(relaxed);
                    }},
                   {2, 0});
}
TEST(Litmus, APlainStoreEndsAReleaseSequence) {
  expect_allowed({[](Variables& v) {
                    v.x.store(1, relaxed);
                    v.y.store(1, release);
                  },
                  [](Variables& v) {
                    if (v.y.load(relaxed) == 1) v.y.store(2, relaxed);
                  },
                  [](Variables& v) {
                    v.r[0] = v.y.load(acquire);
                    v.r[1] = v.x.load(relaxed);
                  }},
                 {2, 0});
}

// ---- coherence, and more than two threads

TEST(Litmus, NobodySeesAVariableGoBack) {
  expect_forbidden({[](Variables& v) { v.x.store(1, relaxed); },
                    [](Variables& v) {
                      v.r[0] = v.x.load(relaxed);
                      v.r[1] = v.x.load(relaxed);
                    }},
                   {1, 0});
}
TEST(Litmus, TwoReadersMayDisagreeAboutTwoWriters) {
  const auto readers = [](std::memory_order store,
                          std::memory_order load) -> std::vector<ThreadBody> {
    return {[=](Variables& v) { v.x.store(1, store); }, [=](Variables& v) { v.y.store(1, store); },
            [=](Variables& v) {
              v.r[0] = v.x.load(load);
              v.r[1] = v.y.load(load);
            },
            [=](Variables& v) {
              v.r[2] = v.y.load(load);
              v.r[3] = v.x.load(load);
            }};
  };
  expect_allowed(readers(release, acquire), {1, 0, 1, 0});
  expect_forbidden(readers(seq_cst, seq_cst), {1, 0, 1, 0});
}
TEST(Litmus, WhatAThreadHasSeenItPassesOn) {
  expect_forbidden({[](Variables& v) { v.x.store(1, relaxed); },
                    [](Variables& v) {
                      v.r[0] = v.x.load(relaxed);
                      v.y.store(1, release);
                    },
                    [](Variables& v) {
                      v.r[1] = v.y.load(acquire);
                      v.r[2] = v.x.load(relaxed);
                    }},
                   {1, 1, 0});
}
TEST(Litmus, TwoReadModifyWritesNeverReadTheSame) {
  for (const auto order : {relaxed, acq_rel}) {
    const std::vector<ThreadBody> threads{[=](Variables& v) { v.r[0] = v.x.fetch_add(1, order); },
                                          [=](Variables& v) { v.r[1] = v.x.fetch_add(1, order); }};
    expect_forbidden(threads, {0, 0});
    expect_forbidden(threads, {1, 1});
  }
}
// The standard allows this one; no machine that people have does it. See "stronger than C++20" in
// model_sync.h.
TEST(Litmus, LoadBufferingIsNotModelled) {
  expect_forbidden({[](Variables& v) {
                      v.r[0] = v.x.load(relaxed);
                      v.y.store(1, relaxed);
                    },
                    [](Variables& v) {
                      v.r[1] = v.y.load(relaxed);
                      v.x.store(1, relaxed);
                    }},
                   {1, 1});
}

// ---- plain data

/// A message goes through a slot; `hand_over` and `receive` are all that could order its writing
/// and its taking.
std::string failure_of_hand_over(const ThreadBody& hand_over,
                                 const std::function<bool(Variables&)>& receive) {
  struct Shared : Variables {
    ModelSync::slot<int> slot;
  };
  const Outcome outcome = explore(
      [&](Execution& run) {
        auto shared = std::make_shared<Shared>();
        run.spawn("writer", [shared, &hand_over] {
          shared->slot.put(1);
          hand_over(*shared);
        });
        run.spawn("reader", [shared, &receive] {
          std::optional<int> out;
          if (receive(*shared)) shared->slot.take(out);
        });
      },
      {.bound = 3, .weak = true});
  return outcome.failure;
}

TEST(Litmus, AReleaseReadByAnAcquireOrdersPlainData) {
  const auto flag_up = [](std::memory_order order) {
    return [order](Variables& v) { v.y.store(1, order); };
  };
  const auto flag_is_up = [](std::memory_order order) {
    return [order](Variables& v) { return v.y.load(order) == 1; };
  };
  EXPECT_EQ(failure_of_hand_over(flag_up(release), flag_is_up(acquire)), "");
  EXPECT_TRUE(failure_of_hand_over(flag_up(relaxed), flag_is_up(acquire)).starts_with("data race"));
  EXPECT_TRUE(failure_of_hand_over(flag_up(release), flag_is_up(relaxed)).starts_with("data race"));
}
// Fences order what loads may return. They make nothing happen before anything unless a value is
// read across them.
TEST(Litmus, FencesAloneOrderNoPlainData) {
  for (const auto& fence : {full, heavy}) {
    const auto failure = failure_of_hand_over(
        [&](Variables& v) {
          v.y.store(1, relaxed);
          fence();
        },
        [&](Variables& v) {
          if (v.y.load(relaxed) == 0) return false;
          fence();
          return true;
        });
    EXPECT_TRUE(failure.starts_with("data race")) << failure;
  }
  const auto failure = failure_of_hand_over(
      [](Variables& v) {
        full();
        v.y.store(1, relaxed);
      },
      [](Variables& v) {
        if (v.y.load(relaxed) == 0) return false;
        full();
        return true;
      });
  EXPECT_EQ(failure, "") << "a fence on either side of a value that is read";
}

}  // namespace
}  // namespace bq::explorer
