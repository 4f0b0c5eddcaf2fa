// tbb::concurrent_bounded_queue (oneTBB 2021.8): abort() beside other calls loses a message.
//   g++ -std=c++20 -O2 -pthread tbb_abort.cpp -ltbb && ./a.out
// One pop waits and is aborted; another pop and a push come right after the abort. An aborted pop
// gives its ticket back by decrementing the counter of pops, although the other pop may have been
// given the next one by then: the message goes to a ticket that nobody holds any more. Prints each
// round in which the push returned, yet nothing is inside and the pop still waits.
#include <tbb/concurrent_queue.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

int main() {
  using namespace std::chrono_literals;
  int lost = 0;
  int round = 0;
  for (; round < 20'000 && lost < 3; ++round) {
    tbb::concurrent_bounded_queue<int> queue;
    std::atomic<bool> go{false};
    std::atomic<bool> first_aborted{false};
    std::atomic<bool> second_received{false};
    std::thread first([&] {
      try {
        int message;
        queue.pop(message);
      } catch (const tbb::user_abort&) {
        first_aborted = true;
      }
    });
    std::thread second([&] {
      while (!go) {
      }
      try {
        int message;
        queue.pop(message);
        second_received = true;
      } catch (const tbb::user_abort&) {
      }
    });
    while (queue.size() != -1) {  // the first pop has its ticket
    }
    go = true;
    queue.abort();
    // Half a microsecond.
    for (int i = 0; i < 2000; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
    queue.push(42);

    const auto end = std::chrono::steady_clock::now() + 200ms;
    while (!second_received && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    if (!second_received && first_aborted) {
      int message;
      if (queue.size() <= 0 && !queue.try_pop(message)) {
        ++lost;
        std::printf(
            "round %d: pushed 42; now size() is %td, try_pop finds nothing, and a pop waits\n",
            round, queue.size());
      }
    }
    while (!second_received && first_aborted) {  // so that the threads end
      queue.abort();
      std::this_thread::sleep_for(1ms);
      if (std::chrono::steady_clock::now() > end + 50ms) break;
    }
    first.join();
    second.join();
  }
  std::printf("%d rounds, %d messages lost\n", round, lost);
  return lost > 0;
}
