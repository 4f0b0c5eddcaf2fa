#include "benchmarks/platform/syscall_counter.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>

namespace bq::bench {

namespace {

// Nobody is asked to mount it: /sys/kernel/debug/tracing is where older systems have it.
std::optional<std::uint64_t> tracepoint_id() {
  for (const char* file : {"/sys/kernel/tracing/events/raw_syscalls/sys_enter/id",
                           "/sys/kernel/debug/tracing/events/raw_syscalls/sys_enter/id"}) {
    std::uint64_t id = 0;
    if (std::ifstream(file) >> id) return id;
  }
  return std::nullopt;
}

// For the calling thread; -1 where that does not work.
int open_counter() noexcept {
  static const std::optional<std::uint64_t> id = tracepoint_id();
  if (!id) return -1;
  perf_event_attr what{};
  what.size = sizeof what;
  what.type = PERF_TYPE_TRACEPOINT;
  what.config = *id;
  return static_cast<int>(syscall(SYS_perf_event_open, &what, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

struct Descriptor {
  int value = -1;
  ~Descriptor() {
    if (value >= 0) close(value);
  }
};
thread_local Descriptor counter;

}  // namespace

SyscallTracepoint::SyscallTracepoint() : descriptor_(open_counter()) {}

SyscallTracepoint::~SyscallTracepoint() {
  if (descriptor_ >= 0) close(descriptor_);
}

void count_syscalls_of_this_thread() noexcept {
  counter.value = open_counter();
  discounted_syscalls = 0;
}

std::optional<std::uint64_t> syscalls_of_this_thread() noexcept {
  if (counter.value < 0) return std::nullopt;
  discount_syscalls(1);
  std::uint64_t calls = 0;
  if (read(counter.value, &calls, sizeof calls) != sizeof calls) return std::nullopt;
  return calls - discounted_syscalls;
}

}  // namespace bq::bench
