// A small pipeline that shows the events inside its queue: a producer sends the cubes of 1 to 5
// through a queue of capacity 3, and a slower consumer collects them. Exits with 0 if all of them
// arrived in order.
//
// The queue reports its events through its synchronisation policy: LoggingSync is StdSync except
// for event(). With StdSync the events do nothing, so this is the source that the benchmarks
// measure.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "queues/handles.h"
#include "queues/reference.h"

namespace {

using namespace std::chrono_literals;

constexpr std::size_t capacity = 3;
constexpr std::array cubes{1, 8, 27, 64, 125};

enum class Role { producer, consumer };
thread_local Role role{};

/// One event a line: the time, and the text in the column of the thread's role.
void log(const std::string& text) {
  static std::mutex mutex;
  static const auto start = std::chrono::steady_clock::now();
  // Held for the time stamp too, so that lines come in the order of their times.
  const std::lock_guard lock(mutex);
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;
  std::printf("%8.2f ms   %*s%s\n", elapsed.count(), role == Role::consumer ? 28 : 0, "",
              text.c_str());
}

struct LoggingSync : bq::StdSync {
  static void event(const char* text) { log(std::string("  ") + text); }
};

using Queue = bq::ReferenceQueue<int, LoggingSync>;

void produce(bq::Producer<Queue> producer) {
  role = Role::producer;
  for (const int cube : cubes) {
    std::this_thread::sleep_for(2ms);  // the work that makes a message
    log("push " + std::to_string(cube));
    producer.push(cube);
  }
  log("done");
}  // the only producer goes, and that closes the queue

std::vector<int> consume(bq::Consumer<Queue> consumer) {
  role = Role::consumer;
  std::vector<int> received;
  while (const std::optional<int> cube = consumer.pop()) {
    log("got " + std::to_string(*cube));
    std::this_thread::sleep_for(8ms);  // the work that uses it
    received.push_back(*cube);
  }
  log("done");
  return received;
}

}  // namespace

int main() {
  std::printf("A queue of capacity %zu between a producer and a slower consumer.\n\n", capacity);
  std::printf("       time   %-28s%s\n", "producer", "consumer");

  auto [producer, consumer] = bq::make_handles<Queue>(capacity);
  std::thread worker(produce, std::move(producer));
  const std::vector<int> received = consume(std::move(consumer));
  worker.join();

  const bool in_order = received == std::vector<int>(cubes.begin(), cubes.end());
  std::printf("\n%zu cubes received, %s.\n", received.size(),
              in_order ? "all of them, in order" : "NOT what was sent");
  return in_order ? 0 : 1;
}
