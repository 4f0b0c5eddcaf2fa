// gate_counts: scripted paths whose instructions or system calls somebody else counts (callgrind,
// strace).
//   gate_counts uncontended QUEUE N [EXTRA]   one thread: N times a push and a pop
//   gate_counts hand_off QUEUE N              N messages to a consumer that sleeps at each push
// EXTRA: steps of spin work a message, a deliberate slow-down. Exit status 3: the queue cannot be
// counted this way; the message says why.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "benchmarks/gate/exit_status.h"
#include "benchmarks/registry/owned_queue.h"
#include "benchmarks/registry/queue_registry.h"
#include "benchmarks/trial/workload.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/message_text.h"
#include "benchmarks/util/program.h"

namespace {

using namespace bq::bench;

constexpr std::size_t usual_capacity = 64;

[[noreturn]] void end(gate::ExitStatus status, const std::string& why) {
  std::fprintf(stderr, "gate_counts: %s\n", why.c_str());
  std::_Exit(static_cast<int>(status));
}

std::size_t capacity_of(const bq::Traits& traits) {
  const auto capacity = bq::nearest_capacity(traits, usual_capacity);
  if (!capacity) end(gate::ExitStatus::unfit, "its traits exclude every capacity");
  return *capacity;
}

void uncontended(const OwnedQueue& queue, std::size_t count, std::uint32_t extra) {
  std::uint64_t sum = 1;
  for (std::size_t i = 0; i < count; ++i) {
    if (!queue->push() || !queue->pop())
      end(gate::ExitStatus::queue_failed, "a push or a pop failed that had room, or a message");
    if (extra != 0) sum = spin_steps(extra, sum);
  }
  queue->close();
}

// Whether a thread sleeps in the kernel: the third field of its stat. One pread a look, and nothing
// else.
class SleepWatch {
 public:
  explicit SleepWatch(long thread) {
    const std::string path = "/proc/self/task/" + std::to_string(thread) + "/stat";
    file_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) end(gate::ExitStatus::unfit, path + ": " + std::strerror(errno));
  }
  ~SleepWatch() { close(file_); }
  SleepWatch(const SleepWatch&) = delete;
  SleepWatch& operator=(const SleepWatch&) = delete;

  bool sleeps() const {
    char text[512];
    const ssize_t length = pread(file_, text, sizeof text - 1, 0);
    if (length <= 0) return false;
    text[length] = 0;
    const char* name_ends = std::strrchr(text, ')');
    return name_ends != nullptr && name_ends[1] == ' ' && name_ends[2] == 'S';
  }

 private:
  int file_;
};

void hand_off(const OwnedQueue& queue, std::size_t count) {
  constexpr auto time_limit = std::chrono::seconds(1);
  std::atomic<long> consumer_id{0};
  std::atomic<std::size_t> taken{0};
  std::jthread consumer([&] {
    consumer_id = syscall(SYS_gettid);
    while (queue->pop()) taken.fetch_add(1);
  });
  while (consumer_id == 0) std::this_thread::yield();
  const SleepWatch watch(consumer_id);
  const auto wait = [&](const auto& condition, const char* what) {
    const auto begun = std::chrono::steady_clock::now();
    while (!condition()) {
      if (std::chrono::steady_clock::now() - begun > time_limit) end(gate::ExitStatus::unfit, what);
    }
  };
  for (std::size_t i = 0; i < count; ++i) {
    wait([&] { return watch.sleeps(); }, "a blocked pop does not sleep in the kernel");
    if (!queue->push()) end(gate::ExitStatus::queue_failed, "a push failed that had room");
    wait([&] { return taken.load() > i; }, "a message did not arrive within a second");
  }
  wait([&] { return watch.sleeps(); }, "a blocked pop does not sleep in the kernel");
  queue->close();
}

}  // namespace

int main(int argc, char** argv) {
  const int status = run_program([&] {
    const std::string way = argc > 1 ? argv[1] : "";
    if (argc < 4 || argc > 5 || (way != "uncontended" && way != "hand_off"))
      throw UsageError("usage: gate_counts uncontended|hand_off QUEUE N [EXTRA]");
    const QueueEntry* entry = find_queue(argv[2]);
    if (entry == nullptr) throw UsageError(shown(argv[2]) + ": no such queue is built in");
    const OwnedQueue queue(entry->type, capacity_of(entry->type.traits));
    const std::size_t count = parse_number("N", argv[3], 0, 1'000'000'000);
    const std::uint64_t extra = argc > 4 ? parse_number("EXTRA", argv[4], 0, UINT32_MAX) : 0;
    if (way == "hand_off") {
      hand_off(queue, count);
    } else {
      uncontended(queue, count, static_cast<std::uint32_t>(extra));
    }
    return ExitStatus::ok;
  });
  return static_cast<int>(status == 0 ? gate::ExitStatus::ok : gate::ExitStatus::usage);
}
