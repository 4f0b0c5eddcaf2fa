// System calls of a thread, counted by the kernel's tracepoint raw_syscalls:sys_enter. That makes every call of every
// thread on the machine some 150 ns dearer while it is on: never in a trial whose times count.
#pragma once

#include <cstdint>
#include <optional>

namespace bq::bench {

/// While one lives, threads may count their system calls. Stopping takes the kernel some 20 ms.
class SyscallTracepoint {
 public:
  SyscallTracepoint();
  ~SyscallTracepoint();
  SyscallTracepoint(const SyscallTracepoint&) = delete;
  SyscallTracepoint& operator=(const SyscallTracepoint&) = delete;

  /// False where tracefs is not mounted or not readable, or perf_event_open is not allowed.
  bool works() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

/// From now to its end the calling thread counts; nothing happens where that does not work.
void count_syscalls_of_this_thread() noexcept;

/// Calls of this thread since it began to count, less what it has told about with `discount_syscalls`, less this call's
/// own; absent if it does not count.
std::optional<std::uint64_t> syscalls_of_this_thread() noexcept;

/// Tells that this thread made `calls` system calls for the harness, not for the queue.
inline thread_local std::uint64_t discounted_syscalls = 0;
inline void discount_syscalls(std::uint64_t calls) noexcept {
  discounted_syscalls += calls;
}

}  // namespace bq::bench
