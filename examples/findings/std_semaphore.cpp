// std::counting_semaphore (libstdc++ 12): an acquire sleeps on beside a permit.
//   g++ -std=c++20 -O2 -pthread std_semaphore.cpp && ./a.out
// Two semaphores make a queue of capacity 1; three threads a side pass it 200 tokens each. Prints
// the round that hangs.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

int main() {
  using namespace std::chrono_literals;
  for (int round = 0; round < 200'000; ++round) {
    std::counting_semaphore<> slots(1);
    std::counting_semaphore<> items(0);
    std::mutex mutex;
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&, i] {
        for (int n = 0; n < 200; ++n) {
          (i < 3 ? slots : items).acquire();
          { const std::lock_guard lock(mutex); }
          (i < 3 ? items : slots).release();
        }
        ++done;
      });
    }
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (done < 6 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(100us);
    if (done < 6) {
      const bool slot = slots.try_acquire();
      const bool item = items.try_acquire();
      std::printf("round %d: all asleep, %d of 6 threads done; permits left: slots %d, items %d\n",
                  round, done.load(), slot, item);
      std::fflush(stdout);
      std::_Exit(1);
    }
    for (auto& thread : threads) thread.join();
  }
  std::puts("no round hung");
}
