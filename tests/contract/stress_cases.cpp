// Many threads and many messages, with no close at the end to wake up who was forgotten.
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "checking/hook.h"
#include "tests/contract/forms.h"

namespace bq::test {
namespace {

struct Load {
  int producers;
  int consumers;
  int messages_each;                             ///< of every producer
  std::vector<PushForm> pushes{PushForm::push};  ///< each thread's calls, in turn
  std::vector<PopForm> pops{PopForm::pop};
  bool delays = false;   ///< at random, within each move, and around every primitive of the queue
  bool signals = false;  ///< each thread is interrupted, a thousand times a second in all
};

template <class T>
void send(Queue<T>& queue, PushForm form, int value) {
  const auto time = std::chrono::microseconds(value % 50);
  for (T message(value);;) {
    const Status status =
        form == PushForm::timed
            ? queue.try_push_until(std::move(message), Deadline::clock::now() + time)
            : push_by(form, queue, std::move(message));
    if (status == Status::done) return;
    ASSERT_TRUE(may_be_repeated(form, status) ||
                (form == PushForm::timed && status == Status::timeout))
        << name_of(form);
    if (!waits(form)) std::this_thread::yield();
  }
}

template <class T>
int receive(Queue<T>& queue, PopForm form, int turn) {
  const auto time = std::chrono::microseconds(turn % 50);
  for (std::optional<T> message;;) {
    const Status status = form == PopForm::timed
                              ? queue.try_pop_until(message, Deadline::clock::now() + time)
                              : pop_by(form, queue, message);
    if (status == Status::done) return value_of(*message);
    if (status == Status::closed) return -1;  // which nobody sends
    if (!waits(form)) std::this_thread::yield();
  }
}

/// Sends an empty signal to one thread after the other, for as long as it lives.
class Interrupter {
 public:
  explicit Interrupter(std::vector<std::thread>& threads)
      : interrupting_([&threads](std::stop_token stop) {
          for (std::size_t i = 0; !stop.stop_requested(); ++i) {
            pthread_kill(threads[i % threads.size()].native_handle(), SIGUSR1);
            std::this_thread::sleep_for(1ms);
          }
        }) {}
  /// Before any thread may be interrupted. No SA_RESTART: system calls are to fail with EINTR.
  static void allow() {
    struct sigaction nothing {};
    nothing.sa_handler = [](int) {};
    sigaction(SIGUSR1, &nothing, nullptr);
  }

 private:
  std::jthread interrupting_;
};

template <class Form>
Form in_turn(const std::vector<Form>& forms, int turn) {
  return forms[static_cast<std::size_t>(turn) % forms.size()];
}

/// Checks that every message arrives exactly once, that each consumer sees each producer's in their
/// order, that the bound holds at every instant, that size_approx() never leaves its range, and
/// (with a thread sanitizer) that a message brings with it what its producer wrote before.
template <class T>
void stress(Queue<T> queue, const Load& load) {
  const int total = load.messages_each * load.producers;
  const std::size_t bound = queue.capacity();
  // Plain memory, one element a message.
  std::vector<int> payload(static_cast<std::size_t>(total), -1);
  std::vector<std::vector<int>> received(static_cast<std::size_t>(load.consumers));
  std::atomic<std::int64_t> completed_pushes{0};
  std::atomic<std::int64_t> begun_pops{0};
  std::atomic<int> beyond_bound{0};
  std::atomic<bool> stop_sampling{false};

  const auto with_hook = [&](int thread, auto body) {
    if (load.delays) {
      const checking::RandomDelays delays(static_cast<std::uint64_t>(thread) * 1000 + bound);
      body();
    } else {
      body();
    }
  };
  if (load.signals) Interrupter::allow();
  std::vector<std::thread> threads;
  for (int p = 0; p < load.producers; ++p) {
    threads.emplace_back([&, p] {
      with_hook(p, [&] {
        for (int i = 0; i < load.messages_each; ++i) {
          const int message = p * load.messages_each + i;
          payload[static_cast<std::size_t>(message)] = ~message;
          send(queue, in_turn(load.pushes, p + i), message);
          // Pops begun later only make the difference smaller: no false alarm.
          const std::int64_t completed = ++completed_pushes;
          const std::int64_t inside = completed - begun_pops;
          if (inside > 0 && static_cast<std::size_t>(inside) > bound) ++beyond_bound;
        }
      });
    });
  }
  for (int c = 0; c < load.consumers; ++c) {
    threads.emplace_back([&, c] {
      with_hook(load.producers + c, [&] {
        const int share = total / load.consumers + (c < total % load.consumers ? 1 : 0);
        for (int i = 0; i < share; ++i) {
          ++begun_pops;
          received[static_cast<std::size_t>(c)].push_back(
              receive(queue, in_turn(load.pops, c + i), i));
        }
      });
    });
  }
  std::thread sampler([&] {
    while (!stop_sampling.load()) {
      if (queue.size_approx() > bound) ++beyond_bound;
      std::this_thread::sleep_for(20us);
    }
  });
  {
    std::optional<Interrupter> interrupter;
    if (load.signals) interrupter.emplace(threads);
    while (completed_pushes.load() < total) std::this_thread::sleep_for(1ms);
  }
  for (auto& thread : threads) thread.join();
  stop_sampling = true;
  sampler.join();

  EXPECT_EQ(beyond_bound.load(), 0);
  EXPECT_EQ(queue.size_approx(), 0U);
  std::vector<int> times(static_cast<std::size_t>(total), 0);
  for (const auto& messages : received) {
    std::vector<int> last(static_cast<std::size_t>(load.producers), -1);
    for (const int message : messages) {
      ASSERT_TRUE(0 <= message && message < total) << "a message that nobody sent: " << message;
      ++times[static_cast<std::size_t>(message)];
      EXPECT_EQ(payload[static_cast<std::size_t>(message)], ~message);
      int& previous = last[static_cast<std::size_t>(message / load.messages_each)];
      EXPECT_LT(previous, message) << "out of its producer's order";
      previous = message;
    }
  }
  for (int i = 0; i < total; ++i)
    ASSERT_EQ(times[static_cast<std::size_t>(i)], 1) << "message " << i;
}

int messages_for(std::size_t capacity) {
  return repetitions(capacity < 10 ? 1000 : 5000);
}

/// The load, on a queue of telling messages of each usual capacity.
void stress_at_each_capacity(const Subject& subject, auto load) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_each_capacity(subject, [&](std::size_t capacity) {
      stress(Queue<Message>(subject, capacity), load(capacity));
    });
  });
}

BQ_CASE(StressManyToMany, never_forgets) {
  stress_at_each_capacity(subject, [&](std::size_t capacity) {
    return Load{.producers = subject.producers(),
                .consumers = subject.consumers(),
                .messages_each = messages_for(capacity)};
  });
}

BQ_CASE(StressAllCallsAtOnce, never_forgets) {
  stress_at_each_capacity(subject, [&](std::size_t capacity) {
    return Load{.producers = subject.producers(),
                .consumers = subject.consumers(),
                .messages_each = messages_for(capacity),
                .pushes = push_forms(subject),
                .pops = pop_forms(subject)};
  });
}

// No other form wakes whom one of the two forgets.
BQ_CASE(StressEachPairOfForms, never_forgets) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    for (const PushForm push : push_forms(subject)) {
      for (const PopForm pop : pop_forms(subject)) {
        if (!waits(push) && !waits(pop)) continue;  // nobody sleeps
        SCOPED_TRACE(name_of(push) + ", " + name_of(pop));
        stress(Queue<Message>(subject, capacity_near(subject, 2)),
               {.producers = subject.producers(),
                .consumers = subject.consumers(),
                .messages_each = repetitions(subject, 300),
                .pushes = {push},
                .pops = {pop}});
        if (testing::Test::HasFailure()) return;
      }
    }
  });
}

BQ_CASE(StressOneToOne) {
  stress_at_each_capacity(subject, [&](std::size_t capacity) {
    return Load{.producers = 1, .consumers = 1, .messages_each = 3 * messages_for(capacity)};
  });
}

BQ_CASE(StressWithRandomDelays, can_be_stopped, never_forgets) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_each_capacity(subject, [&](std::size_t capacity) {
      for (const bool all_calls : {false, true}) {
        Load load{.producers = subject.producers(),
                  .consumers = subject.consumers(),
                  .messages_each = repetitions(500),
                  .delays = true};
        if (all_calls) {
          load.pushes = push_forms(subject);
          load.pops = pop_forms(subject);
        }
        stress(stoppable<Message>(subject, capacity), load);
      }
    });
  });
}

// Where no position has wrapped yet, and where it is about to.
BQ_CASE(StressWherePositionsWrap, has_positions, never_forgets) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (const int bits : {16, 32, 64}) {
      const std::uint64_t first_turn = (bits == 64 ? 0 : std::uint64_t{1} << bits) - 2;
      // Enough to get there: two rounds before and one after.
      const int messages = static_cast<int>(3 * capacity) / subject.producers();
      stress(Queue<int>(subject.advanced(capacity, first_turn)),
             {.producers = subject.producers(),
              .consumers = subject.consumers(),
              .messages_each = messages + repetitions(subject, 200),
              .pushes = push_forms(subject),
              .pops = pop_forms(subject)});
    }
  });
}

// EINTR is invisible: a signal neither ends a wait nor passes for what was waited for.
BQ_CASE(SignalsGoUnnoticed, never_forgets) {
  stress_at_each_capacity(subject, [&](std::size_t) {
    return Load{.producers = subject.producers(),
                .consumers = subject.consumers(),
                .messages_each = repetitions(1000),
                .pushes = push_forms(subject),
                .pops = pop_forms(subject),
                .signals = true};
  });
}

}  // namespace
}  // namespace bq::test
