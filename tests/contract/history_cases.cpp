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

#include "checking/hook.h"
#include "checking/linearizability.h"
#include "tests/contract/forms.h"

namespace bq::test {
namespace {

using namespace checking;

constexpr int messages_per_producer = 1'000'000;  // at most; a message tells its producer by it

/// A call that takes at most a moment.
template <class T>
Status push_soon(PushForm form, Queue<T>& queue, T& message) {
  return form == PushForm::timed
             ? queue.try_push_until(std::move(message), Deadline::clock::now() + 20us)
             : push_by(form, queue, std::move(message));
}
template <class T>
Status pop_soon(PopForm form, Queue<T>& queue, std::optional<T>& out) {
  return form == PopForm::timed ? queue.try_pop_until(out, Deadline::clock::now() + 20us)
                                : pop_by(form, queue, out);
}

/// Runs `producers` threads that send `messages_each` and as many consumers as there are, which
/// take them all, in all forms of calls, repeated until they are done; returns what happened. A
/// timeout says full (empty): the call has looked once more at its end.
template <class T>
History record(const Subject& subject, Queue<T> queue, int producers, int consumers,
               int messages_each, std::uint64_t seed, bool delays) {
  // Of each thread: the exact check takes few calls.
  const int most_refusals = messages_each < 10 ? 1 : 200;
  Recorder recorder(static_cast<std::size_t>(producers + consumers),
                    static_cast<std::size_t>(messages_each) * 3);
  std::atomic<int> to_pop{producers * messages_each};
  std::atomic<int> waiting{producers + consumers};
  const auto start = [&](int thread, auto body) {
    return std::thread([&, thread, body] {
      std::optional<checking::RandomDelays> hook;
      if (delays) hook.emplace(seed * 64 + static_cast<std::uint64_t>(thread));
      --waiting;
      while (waiting.load() > 0) std::this_thread::yield();
      body(recorder.log(static_cast<std::size_t>(thread)));
    });
  };
  const auto in_turn = [seed](const auto& forms, int thread, int i) {
    return forms[(seed + static_cast<std::uint64_t>(thread + i)) % forms.size()];
  };
  std::vector<std::thread> threads;
  for (int p = 0; p < producers; ++p) {
    threads.push_back(start(p, [&, p](Recorder::Log& log) {
      int to_note = most_refusals;
      for (int i = 0; i < messages_each; ++i) {
        const PushForm form = in_turn(push_forms(subject), p, i);
        const int value = p * messages_per_producer + i;
        for (T message(value);;) {
          const std::int64_t call = log.begin();
          const Status status = push_soon(form, queue, message);
          if (status == Status::done) {
            log.finish(Operation::Kind::push, value, call);
            break;
          }
          if ((status == Status::full || status == Status::timeout) && to_note-- > 0)
            log.finish(Operation::Kind::full, 0, call);
          std::this_thread::yield();
        }
      }
    }));
  }
  for (int c = 0; c < consumers; ++c) {
    threads.push_back(start(producers + c, [&, c](Recorder::Log& log) {
      int to_note = most_refusals;
      for (int i = 0; to_pop.fetch_sub(1) > 0; ++i) {
        const PopForm form = in_turn(pop_forms(subject), c, i);
        for (std::optional<T> message;;) {
          const std::int64_t call = log.begin();
          const Status status = pop_soon(form, queue, message);
          if (status == Status::done) {
            log.finish(Operation::Kind::pop, value_of(*message), call);
            break;
          }
          if ((status == Status::empty || status == Status::timeout) && to_note-- > 0)
            log.finish(Operation::Kind::empty, 0, call);
          std::this_thread::yield();
        }
      }
    }));
  }
  for (std::thread& thread : threads) thread.join();
  return recorder.history();
}

/// A history of this subject.
History record(const Subject& subject, std::size_t capacity, int producers, int consumers,
               int messages_each, std::uint64_t seed, bool delays) {
  History history;
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    history = record(
        subject, delays ? stoppable<Message>(subject, capacity) : Queue<Message>(subject, capacity),
        producers, consumers, messages_each, seed, delays);
  });
  return history;
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

BQ_HISTORY_CASE(SmallHistoriesAreLinearizable, never_forgets) {
  const int producers = std::min(2, subject.producers());
  const int consumers = std::min(2, subject.consumers());
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (int round = 0; round < repetitions(subject, 100); ++round) {
      const auto seed = static_cast<std::uint64_t>(round);
      const History history = record(subject, capacity, producers, consumers, 4, seed, true);
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
      const History history = record(subject, capacity, subject.producers(), subject.consumers(),
                                     repetitions(subject, 500), seed, false);
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
          record(subject, capacity, 1, 1, repetitions(subject, 1000), seed, seed % 2 == 1);
      const auto found =
          does_not_fit(history, push_order(history), effective_capacity(subject, capacity));
      ASSERT_FALSE(found.has_value()) << *found;
    }
  });
}

}  // namespace
}  // namespace bq::test
