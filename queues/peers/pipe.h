// Peer: a plain pipe(2), the queue that needs no library.
//
// What:    the kernel's queue: in Linux, a ring of pages under a mutex. FIFO over all producers: a
//          write of up to PIPE_BUF bytes is atomic. The pipe is in packet mode (O_DIRECT, Linux 3.4
//          or later), where each message gets a page of its own. As a stream of bytes it would hold
//          512 times as many messages of 8 bytes, but it would not be a bounded queue: the kernel
//          frees a page only when all of it has been read, so that a pipe can refuse a write with a
//          single message inside.
// Closing: an eventfd, which close() makes readable for good: a call that must wait polls it
//          together with its end of the pipe. The fast path checks a flag instead. Closing the
//          write end would be the usual way, but another thread could then be about to write to a
//          descriptor that refers to another file by now.
// Limits:  trivially copyable messages of up to 4096 bytes; capacities are rounded up to a power of
//          two, at most 256: a MiB of pages, which /proc/sys/fs/pipe-max-size allows by default.
//          All pipes of a user share a limit, too (pipe-user-pages-soft). Three file descriptors
//          for each queue. Close is exact only while no push runs.
// Source:  https://man7.org/linux/man-pages/man7/pipe.7.html
// Waiting: poll; it wakes all threads that poll the same end, and one of them succeeds. Every
//          message costs at least two system calls, and a copy in and out.
// Progress: a thread can be stopped before or after a system call, and then blocks no other.
// Ordering: the kernel's mutex; `closed_` is released by close and acquired by a pop before its
// check, so that the check
//          sees all that was pushed before.
#pragma once

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include "queues/detail/blocking_calls.h"

namespace bq {

template <class T>
class PipeQueue : public detail::Calls<PipeQueue<T>, T, StdSync> {
  static_assert(std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T> &&
                    sizeof(T) <= PIPE_BUF,
                "a pipe carries bytes, and only this many at once");
  friend detail::Calls<PipeQueue, T, StdSync>;
  static constexpr std::size_t max_capacity = 256;

 public:
  static constexpr Traits traits{.capacities = Capacities::range,
                                 .max_capacity = max_capacity,
                                 .bound = Bound::rounded,
                                 .element = Element::trivial,
                                 .timed = Timed::yes,
                                 .close = Close::quiescent,
                                 .stall = Stall::nobody,
                                 .origin = Origin::peer,
                                 .waiting = "poll",
                                 .note = "the kernel's pipe, a page a message"};

  /// Throws std::system_error if the system has no more file descriptors.
  explicit PipeQueue(std::size_t capacity) {
    checked_capacity(capacity, max_capacity);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK | O_DIRECT) != 0) fail("pipe2");
    out_end_.number = ends[0];
    in_end_.number = ends[1];
    closing_.number = eventfd(0, EFD_CLOEXEC);
    if (closing_.number < 0) fail("eventfd");
    const auto page_bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const int pipe_bytes =
        fcntl(in_end_.number, F_SETPIPE_SZ, static_cast<int>(capacity * page_bytes));
    if (pipe_bytes < 0) {
      throw std::invalid_argument("capacity " + std::to_string(capacity) +
                                  ": this system has no pipe so long");
    }
    capacity_ = static_cast<std::size_t>(pipe_bytes) / page_bytes;
  }

  void close() {
    closed_.store(true, std::memory_order_release);
    const std::uint64_t one = 1;
    while (write(closing_.number, &one, sizeof one) < 0 && errno == EINTR) {
    }
  }
  bool is_closed() const { return closed_.load(std::memory_order_acquire); }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const {
    int bytes = 0;
    if (ioctl(out_end_.number, FIONREAD, &bytes) != 0) fail("ioctl FIONREAD");
    return std::min(static_cast<std::size_t>(bytes) / sizeof(T), capacity_);
  }

 private:
  /// A file descriptor that closes itself.
  struct File {
    int number = -1;
    File() = default;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
      if (number >= 0) ::close(number);
    }
  };

  [[noreturn]] static void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
  }

  Status push_with(T&& value, const auto& timeout) {
    for (;;) {
      if (is_closed()) return Status::closed;
      const bool last_look = !timeout.has_time_left();
      if (is_through(write(in_end_.number, &value, sizeof value), "write")) return Status::done;
      if (last_look) return Status::timeout;
      wait_for(in_end_, POLLOUT, timeout);
    }
  }

  Status pop_with(std::optional<T>& out, const auto& timeout) {
    for (;;) {
      // First, or a message pushed before the close might be missed.
      const bool closed = is_closed();
      const bool last_look = !timeout.has_time_left();
      T message;
      if (is_through(read(out_end_.number, &message, sizeof message), "read")) {
        out.emplace(message);
        return Status::done;
      }
      if (closed) return Status::closed;
      if (last_look) return Status::timeout;
      wait_for(out_end_, POLLIN, timeout);
    }
  }

  /// True if a whole message was transferred; false if the pipe was full (empty).
  static bool is_through(ssize_t bytes, const char* what) {
    if (bytes < 0 && errno != EAGAIN && errno != EINTR) fail(what);
    return bytes > 0;
  }

  /// Waits until the end is ready, the queue is closed, or the timeout ends; may return early.
  void wait_for(const File& end, short event, const auto& timeout) const {
    pollfd files[] = {{end.number, event, 0}, {closing_.number, POLLIN, 0}};
    timespec left{};
    bool ends = false;
    if constexpr (requires { timeout.deadline; }) {
      const Deadline now = StdSync::now();
      if (now >= timeout.deadline) return;
      const auto time = timeout.deadline - now;
      const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
      left.tv_sec = static_cast<time_t>(seconds.count());
      left.tv_nsec = static_cast<long>(std::chrono::nanoseconds(time - seconds).count());
      ends = true;
    }
    ppoll(files, 2, ends ? &left : nullptr, nullptr);
  }

  File out_end_;
  File in_end_;
  File closing_;
  std::size_t capacity_ = 0;
  alignas(cache_line_bytes) StdSync::atomic<bool> closed_{false, "closed"};
};

}  // namespace bq
