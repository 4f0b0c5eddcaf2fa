// Two threads that meet at full speed, again and again: what shows only where both run at the same
// instant, and no primitive and no message is between the two steps that must not be parted.
#include <sched.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "tests/contract/forms.h"

namespace bq::test {
namespace {

cpu_set_t allowed_cores() {
  cpu_set_t allowed;
  sched_getaffinity(0, sizeof allowed, &allowed);
  return allowed;
}

/// Keeps the thread on the n-th of these cores, for the time of this object: two threads that wait
/// for each other are else often put on one.
class OnCore {
 public:
  OnCore(int n, const cpu_set_t& allowed) : allowed_(allowed) {
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &allowed) && n-- == 0) CPU_SET(core, &one);
    }
    sched_setaffinity(0, sizeof one, &one);  // fails where there is no n-th core
  }
  OnCore(const OnCore&) = delete;
  OnCore& operator=(const OnCore&) = delete;
  ~OnCore() { sched_setaffinity(0, sizeof allowed_, &allowed_); }

 private:
  const cpu_set_t allowed_;
};

/// Mostly without a yield: both threads are to be on a core.
void wait_for(const std::atomic<int>& count, int least) {
  for (int i = 1; count.load(std::memory_order_acquire) < least; ++i) {
    if (i % 1024 == 0) std::this_thread::yield();
  }
}

/// In each round: prepare(round), then here(round) and there(round) at once, then check(round).
template <class Prepare, class Here, class There, class Check>
void race(int rounds, Prepare prepare, Here here, There there, Check check) {
  // For a machine that is busy otherwise.
  const auto end = std::chrono::steady_clock::now() + 500ms;
  std::atomic<int> begun{0};
  std::atomic<int> running{0};
  std::atomic<int> ended{0};
  std::atomic<bool> is_over{false};
  const cpu_set_t cores = allowed_cores();
  const OnCore first(0, cores);
  std::thread other([&] {
    const OnCore second(1, cores);
    for (int round = 1;; ++round) {
      wait_for(begun, round);
      if (is_over.load()) return;
      running.store(round, std::memory_order_release);
      there(round);
      ended.store(round, std::memory_order_release);
    }
  });
  int round = 1;
  for (; round <= rounds && std::chrono::steady_clock::now() < end; ++round) {
    prepare(round);
    begun.store(round, std::memory_order_release);
    wait_for(running, round);
    here(round);
    wait_for(ended, round);
    check(round);
    if (testing::Test::HasFailure()) break;
  }
  is_over = true;
  begun.store(rounds + 1, std::memory_order_release);
  other.join();
}

/// Mostly some, now and then the least, or many.
std::size_t capacity_of(const Subject& subject, int round) {
  return capacity_near(subject, round % 8 == 7 ? 1 : round % 8 == 3 ? 1000 : 64);
}
template <class Form>
Form in_turn(const std::vector<Form>& forms, int turn) {
  return forms[static_cast<std::size_t>(turn) % forms.size()];
}

// One thread pushes until it is refused, the other closes and drains: a missing fence would show,
// and a look at the flag that comes too early.
BQ_RACE_CASE(CloseDecidesForPushesInFullFlight, try_calls, exact_close) {
  std::unique_ptr<Queue<int>> queue;
  int delivered = 0;
  int received = 0;
  race(
      10000,
      [&](int round) {
        queue = std::make_unique<Queue<int>>(subject, capacity_of(subject, round));
        delivered = received = 0;
      },
      [&](int round) {
        std::optional<int> out;
        for (int i = round * 7 % 256; i > 0; --i)
          received += queue->try_pop(out) == Status::done ? 1 : 0;
        queue->close();
        while (value_by(in_turn(pop_forms(subject), round), *queue) != -1) ++received;
      },
      [&](int round) {
        const PushForm form = round % 4 == 0 ? PushForm::push : PushForm::try_push;
        for (Status status = Status::done; status != Status::closed;) {
          status = push_by(form, *queue, 1);
          if (status == Status::done) ++delivered;
        }
      },
      [&](int round) { EXPECT_EQ(received, delivered) << "in round " << round; });
}

// One thread looks for messages all the time, the other sends the last ones and closes.
BQ_RACE_CASE(TheLastMessagesComeBeforeTheEnd, try_calls) {
  std::unique_ptr<Queue<int>> queue;
  int delivered = 0;
  int received = 0;
  race(
      3000,
      [&](int round) {
        queue = std::make_unique<Queue<int>>(subject, capacity_of(subject, round));
        delivered = received = 0;
      },
      [&](int round) {
        for (int i = round * 5 % 64; i > 0; --i) StdSync::relax();
        for (int i = round % 3; i >= 0; --i) delivered += queue->try_push(1) == Status::done;
        queue->close();
      },
      [&](int round) {
        const PopForm form = in_turn(pop_forms(subject), round);
        while (value_by(form, *queue) != -1) ++received;
      },
      [&](int round) { EXPECT_EQ(received, delivered) << "in round " << round; });
}

/// Counts the calls of two threads, each of which repeats its call until that fails.
struct Repeated {
  std::atomic<int> begun{0};
  int done = 0;

  /// Returns how many calls had been done, at most, when the last one failed: its own, and those
  /// that the other thread had begun.
  template <class Call>
  int until_it_fails(const Repeated& other, Call call) {
    for (;;) {
      begun.fetch_add(1);
      if (const Status status = call(); status == Status::done) {
        ++done;
      } else if (status != Status::busy) {
        return done + other.begun.load();
      }
    }
  }
};

/// The two threads' calls fail only once `enough` of them have been done.
template <class Call>
void expect_no_early_failure(const Subject& subject, bool fills_before, Call call) {
  std::unique_ptr<Queue<int>> queue;
  std::unique_ptr<Repeated[]> threads;
  int enough = 0;
  int seen[2] = {0, 0};
  race(
      2000,
      [&](int round) {
        queue = std::make_unique<Queue<int>>(subject, capacity_of(subject, round));
        threads = std::make_unique<Repeated[]>(2);
        enough = fills_before ? stock(*queue) : static_cast<int>(queue->capacity());
      },
      [&](int round) {
        seen[0] = threads[0].until_it_fails(threads[1], [&] { return call(*queue, round); });
      },
      [&](int round) {
        seen[1] = threads[1].until_it_fails(threads[0], [&] { return call(*queue, round); });
      },
      [&](int round) {
        EXPECT_GE(seen[0], enough) << "in round " << round;
        EXPECT_GE(seen[1], enough) << "in round " << round;
        EXPECT_EQ(threads[0].done + threads[1].done, enough);
      });
}

// None of them says empty while another message is inside, though the other one has just taken the
// one that both wanted.
BQ_RACE_CASE(RacingPopsFindEveryMessage, try_calls, many_consumers) {
  const std::vector<PopForm> forms = that_do_not_wait(pop_forms(subject));
  expect_no_early_failure(subject, true, [&](Queue<int>& queue, int round) {
    std::optional<int> out;
    return pop_by(in_turn(forms, round), queue, out);
  });
}

BQ_RACE_CASE(RacingPushesFindEverySlot, try_calls, keeps_a_bound, many_producers) {
  const std::vector<PushForm> forms = that_do_not_wait(push_forms(subject));
  expect_no_early_failure(subject, false, [&](Queue<int>& queue, int round) {
    return push_by(in_turn(forms, round), queue, 1);
  });
}

// A size is made of two numbers, and messages pass while they are read.
BQ_RACE_CASE(TheSizeStaysInRange, try_calls) {
  std::unique_ptr<Queue<int>> queue;
  bool in_range = true;
  race(
      1000,
      [&](int round) {
        queue = std::make_unique<Queue<int>>(subject, capacity_near(subject, round % 3 + 1));
      },
      [&](int) {
        for (int i = 0; i < 100; ++i)
          in_range = queue->size_approx() <= queue->capacity() && in_range;
      },
      [&](int) {
        std::optional<int> out;
        for (int i = 0; i < 100; ++i) {
          queue->try_push(1);
          queue->try_pop(out);
        }
      },
      [&](int round) { EXPECT_TRUE(in_range) << "in round " << round; });
}

}  // namespace
}  // namespace bq::test
