// What was called and answered, in which order, against what a queue may answer (see
// linearizability.h).
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "checking/linearizability.h"
#include "tests/contract/hooked_sync.h"
#include "tests/contract/suite.h"

namespace bq::test {
namespace {

using namespace checking;

constexpr int messages_per_producer = 1'000'000;  // at most; a message tells its producer by it

/// Runs `producers` threads that send `messages_each` and as many consumers as there are, which
/// take them all, and returns what happened. Half the calls are try_push and try_pop, repeated
/// until they are done.
History record(Queue<int> queue, int producers, int consumers, int messages_each,
               std::uint64_t seed, bool delays) {
  // Of each thread: the exact check takes few calls.
  const int most_refusals = messages_each < 10 ? 1 : 200;
  Recorder recorder(static_cast<std::size_t>(producers + consumers),
                    static_cast<std::size_t>(messages_each) * 3);
  std::atomic<int> to_pop{producers * messages_each};
  std::atomic<int> waiting{producers + consumers};
  const auto start = [&](int thread, auto body) {
    return std::thread([&, thread, body] {
      std::optional<RandomDelays> hook;
      if (delays) hook.emplace(seed * 64 + static_cast<std::uint64_t>(thread));
      --waiting;
      while (waiting.load() > 0) std::this_thread::yield();
      body(recorder.log(static_cast<std::size_t>(thread)));
    });
  };
  std::vector<std::thread> threads;
  for (int p = 0; p < producers; ++p) {
    threads.push_back(start(p, [&, p](Recorder::Log& log) {
      int to_note = most_refusals;
      for (int i = 0; i < messages_each; ++i) {
        const int message = p * messages_per_producer + i;
        const bool tries = (seed + static_cast<std::uint64_t>(i)) % 2 == 0;
        for (;;) {
          const std::int64_t call = log.begin();
          const Status status = tries                      ? queue.try_push(int{message})
                                : queue.push(int{message}) ? Status::done
                                                           : Status::closed;
          if (status == Status::done) {
            log.finish(Operation::Kind::push, message, call);
            break;
          }
          if (status == Status::full && to_note-- > 0) log.finish(Operation::Kind::full, 0, call);
          std::this_thread::yield();
        }
      }
    }));
  }
  for (int c = 0; c < consumers; ++c) {
    threads.push_back(start(producers + c, [&, c](Recorder::Log& log) {
      int to_note = most_refusals;
      while (to_pop.fetch_sub(1) > 0) {
        for (std::optional<int> message; !message;) {
          const std::int64_t call = log.begin();
          if ((seed + static_cast<std::uint64_t>(c)) % 2 == 0) {
            message = queue.pop();
          } else if (queue.try_pop(message) == Status::empty && to_note-- > 0) {
            log.finish(Operation::Kind::empty, 0, call);
          }
          if (message) log.finish(Operation::Kind::pop, *message, call);
        }
      }
    }));
  }
  for (std::thread& thread : threads) thread.join();
  return recorder.history();
}

/// Checks the history, or, where a queue keeps the order of each producer only, that of each.
template <class Check>
void expect_none(const Subject& subject, const History& history, int producers, Check violation) {
  if (subject.traits.fifo == Fifo::global) {
    const auto found = violation(history);
    ASSERT_FALSE(found.has_value()) << *found;
    return;
  }
  for (int p = 0; p < producers; ++p) {
    History own =
        per_producer(history, p, [](int message) { return message / messages_per_producer; });
    std::erase_if(
        own, [](const Operation& operation) { return operation.kind == Operation::Kind::empty; });
    const auto found = violation(own);
    ASSERT_FALSE(found.has_value()) << *found;
  }
}

std::size_t effective_capacity(const Subject& subject, std::size_t capacity) {
  return Queue<int>(subject, capacity).capacity();
}

Queue<int> make(const Subject& subject, std::size_t capacity) {
  return subject.hooked ? Queue<int>(subject.hooked(capacity)) : Queue<int>(subject, capacity);
}

BQ_HISTORY_CASE(SmallHistoriesAreLinearizable, never_forgets) {
  const int producers = std::min(2, subject.producers());
  const int consumers = std::min(2, subject.consumers());
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (int round = 0; round < repetitions(subject, 100); ++round) {
      const auto seed = static_cast<std::uint64_t>(round);
      const History history = record(make(subject, capacity), producers, consumers, 4, seed, true);
      expect_none(subject, history, producers, [&](const History& h) {
        return not_linearizable(h, effective_capacity(subject, capacity));
      });
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

BQ_HISTORY_CASE(LongHistoriesShowNoForbiddenPattern, never_forgets) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const History history = record(Queue<int>(subject, capacity), subject.producers(),
                                     subject.consumers(), repetitions(subject, 500), seed, false);
      expect_none(subject, history, subject.producers(), [&](const History& h) {
        return violated_pattern(h, effective_capacity(subject, capacity));
      });
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

// With one thread on a side the order of the messages is known, and the check is exact at any
// length.
BQ_HISTORY_CASE(OneToOneHistoriesFit) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const History history =
          record(make(subject, capacity), 1, 1, repetitions(subject, 1000), seed, seed % 2 == 1);
      const auto found =
          does_not_fit(history, push_order(history), effective_capacity(subject, capacity));
      ASSERT_FALSE(found.has_value()) << *found;
    }
  });
}

}  // namespace
}  // namespace bq::test
