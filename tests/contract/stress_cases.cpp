// Many threads and many messages, with no close at the end to wake up who was forgotten.
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/contract/hooked_sync.h"
#include "tests/contract/suite.h"

namespace bq::test {
namespace {

struct Load {
  int producers;
  int consumers;
  int messages_each;       ///< of every producer
  bool all_calls = false;  ///< push and pop alone, or each kind of call in turn
  bool delays = false;     ///< at random, around every primitive of the queue
  bool signals = false;    ///< each thread is interrupted, a thousand times a second in all
};

void send(Queue<int>& queue, bool is_timed, int message, int kind_of_call) {
  if (kind_of_call == 0) {
    ASSERT_TRUE(queue.push(std::move(message)));
    return;
  }
  for (;;) {
    Status status;
    if (kind_of_call == 1 || !is_timed) {
      status = queue.try_push(std::move(message));
      ASSERT_TRUE(status == Status::done || status == Status::full || status == Status::busy);
      if (status != Status::done) std::this_thread::yield();
    } else {
      status = queue.try_push_until(
          std::move(message), Deadline::clock::now() + std::chrono::microseconds(message % 50));
      ASSERT_TRUE(status == Status::done || status == Status::timeout || status == Status::busy);
    }
    if (status == Status::done) return;
  }
}

int receive(Queue<int>& queue, bool is_timed, int turn, int kind_of_call) {
  std::optional<int> message;
  if (kind_of_call == 0) {
    message = queue.pop();
  } else if (kind_of_call == 1 || !is_timed) {
    while (queue.try_pop(message) != Status::done) std::this_thread::yield();
  } else {
    while (queue.try_pop_until(message, Deadline::clock::now() +
                                            std::chrono::microseconds(turn % 50)) != Status::done) {
    }
  }
  return message.value_or(-1);  // which nobody sends
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

/// Checks that every message arrives exactly once, that each consumer sees each producer's in their
/// order, that the bound holds at every instant, that size_approx() never leaves its range, and
/// (with a thread sanitizer) that a message brings with it what its producer wrote before.
void stress(Queue<int> queue, const Traits& traits, const Load& load) {
  const bool is_timed = traits.timed == Timed::yes;
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
      const RandomDelays delays(static_cast<std::uint64_t>(thread) * 1000 + bound);
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
          send(queue, is_timed, message, load.all_calls ? i % 3 : 0);
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
              receive(queue, is_timed, i, load.all_calls ? i % 3 : 0));
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
  return capacity < 10 ? 1000 : 5000;
}

BQ_CASE(StressManyToMany, never_forgets) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    stress(Queue<int>(subject, capacity), subject.traits,
           {.producers = subject.producers(),
            .consumers = subject.consumers(),
            .messages_each = messages_for(capacity)});
  });
}

BQ_CASE(StressAllCallsAtOnce, never_forgets) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    stress(Queue<int>(subject, capacity), subject.traits,
           {.producers = subject.producers(),
            .consumers = subject.consumers(),
            .messages_each = messages_for(capacity),
            .all_calls = true});
  });
}

BQ_CASE(StressOneToOne) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    stress(Queue<int>(subject, capacity), subject.traits,
           {.producers = 1, .consumers = 1, .messages_each = 3 * messages_for(capacity)});
  });
}

BQ_CASE(StressWithRandomDelays, uses_sync, never_forgets) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    for (const bool all_calls : {false, true}) {
      stress(Queue<int>(subject.hooked(capacity)), subject.traits,
             {.producers = subject.producers(),
              .consumers = subject.consumers(),
              .messages_each = 500,
              .all_calls = all_calls,
              .delays = true});
    }
  });
}

// EINTR is invisible: a signal neither ends a wait nor passes for what was waited for.
BQ_CASE(SignalsGoUnnoticed, never_forgets) {
  at_each_capacity(subject, [&](std::size_t capacity) {
    stress(Queue<int>(subject, capacity), subject.traits,
           {.producers = subject.producers(),
            .consumers = subject.consumers(),
            .messages_each = 1000,
            .all_calls = true,
            .signals = true});
  });
}

}  // namespace
}  // namespace bq::test
