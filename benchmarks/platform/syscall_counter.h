// System calls of a thread, counted by the kernel's tracepoint raw_syscalls:sys_enter. While the
// tracepoint is on, every call of every thread on the machine takes about 150 ns more. So trials
// whose times count never use it.
#pragma once

#include <cstdint>
#include <optional>

namespace bq::bench {

/// Turns the tracepoint on while it lives. Turning it off takes the kernel about 20 ms.
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

/// The calling thread counts from now to its end. Does nothing where the tracepoint does not work.
void count_syscalls_of_this_thread() noexcept;

/// System calls made by this thread since counting began, excluding those reported through
/// discount_syscalls() and this query. Absent if the thread does not count.
std::optional<std::uint64_t> syscalls_of_this_thread() noexcept;

/// Reports that this thread made `calls` system calls for the harness, not for the queue.
inline thread_local std::uint64_t discounted_syscalls = 0;
inline void discount_syscalls(std::uint64_t calls) noexcept {
  discounted_syscalls += calls;
}

}  // namespace bq::bench
