// The synchronisation policy: the one interface through which a native queue communicates with
// other threads.
//
// A native queue is `template <class T, class Sync = StdSync>` and uses mutexes, condition
// variables, semaphores, atomics, futexes, time and slot storage through `Sync` alone. The same
// source then runs in production (StdSync, below), under random delays, and in the interleaving
// explorer, whose policies offer the same names. Every primitive takes an optional name, which
// StdSync drops and the explorer prints in its schedules.
//
// StdSync adds nothing to the system's primitives, which it inlines, but to one: yield() also
// counts itself, a store to thread-local memory before a system call. The benchmarks read that
// count. Memory orderings belong on atomics rather than in free-standing fences wherever possible,
// because sanitizers do not understand fences.
#pragma once

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <optional>
#include <semaphore>
#include <string_view>
#include <thread>
#include <utility>

#include "queues/bounded_queue.h"

namespace bq {

/// The alignment that keeps two hot variables from sharing a cache line. Not the standard library's
/// constant, which varies with compiler flags.
inline constexpr std::size_t cache_line_bytes = 64;

struct StdSync {
  class mutex {
   public:
    explicit mutex(const char* /*name*/ = nullptr) {}
    void lock() { native_.lock(); }
    bool try_lock() { return native_.try_lock(); }
    void unlock() { native_.unlock(); }

   private:
    friend struct StdSync;
    std::mutex native_;
  };

  class condition_variable {
   public:
    explicit condition_variable(const char* /*name*/ = nullptr) {}
    void notify_one() noexcept { native_.notify_one(); }
    void notify_all() noexcept { native_.notify_all(); }
    /// May wake spuriously, as the standard's.
    void wait(std::unique_lock<mutex>& lock) {
      std::unique_lock<std::mutex> native(lock.mutex()->native_, std::adopt_lock);
      native_.wait(native);
      native.release();
    }
    /// False once the deadline has passed.
    bool wait_until(std::unique_lock<mutex>& lock, Deadline deadline) {
      std::unique_lock<std::mutex> native(lock.mutex()->native_, std::adopt_lock);
      const std::cv_status status = native_.wait_until(native, deadline);
      native.release();
      return status == std::cv_status::no_timeout;
    }

   private:
    std::condition_variable native_;
  };

  /// std::counting_semaphore. In libstdc++ 12 a release from 0 always enters the kernel, and a
  /// timed acquire polls, with sleeps that overrun the deadline by 10 ms and more.
  class semaphore {
   public:
    static constexpr std::ptrdiff_t max = std::counting_semaphore<>::max();
#if defined(__GLIBCXX__) && _GLIBCXX_RELEASE <= 12
    /// Its acquire reads the count, tries for a while, and then sleeps as long as the count is what
    /// it read. If that was 1, another thread has taken the permit, and one more has been released
    /// since, it sleeps although there is a permit. Only a release from 0 will wake it.
    static constexpr std::string_view defect =
        "libstdc++ 12: an acquire may sleep although there is a permit";
#else
    static constexpr std::string_view defect = {};
#endif

    explicit semaphore(std::ptrdiff_t permits, const char* /*name*/ = nullptr) : native_(permits) {}
    void acquire() {
      native_.acquire();
    }
    bool try_acquire() noexcept {
      return native_.try_acquire();
    }
    /// False once the deadline has passed and a last try finds no permit.
    bool try_acquire_until(Deadline deadline) {
      return native_.try_acquire_until(deadline) || try_acquire();
    }
    void release() {
      native_.release();
    }

   private:
    std::counting_semaphore<> native_;
  };

  /// The POSIX semaphore, sem_t. It enters the kernel only to sleep and to wake a sleeper.
  class posix_semaphore {
   public:
    static constexpr std::ptrdiff_t max = INT_MAX;
    static constexpr std::string_view defect = {};

    explicit posix_semaphore(std::ptrdiff_t permits, const char* /*name*/ = nullptr) {
      sem_init(&native_, 0, static_cast<unsigned>(permits));
    }
    posix_semaphore(const posix_semaphore&) = delete;
    posix_semaphore& operator=(const posix_semaphore&) = delete;
    ~posix_semaphore() { sem_destroy(&native_); }

    void acquire() noexcept {
      while (sem_wait(&native_) != 0) {  // EINTR
      }
    }
    bool try_acquire() noexcept {
      while (sem_trywait(&native_) != 0) {
        if (errno == EAGAIN) return false;
      }
      return true;
    }
    /// False once the deadline has passed and a last try finds no permit.
    bool try_acquire_until(Deadline deadline) noexcept {
      const timespec until = to_timespec(deadline);
      while (sem_clockwait(&native_, CLOCK_MONOTONIC, &until) != 0) {
        if (errno == ETIMEDOUT) return try_acquire();
      }
      return true;
    }
    void release() noexcept { sem_post(&native_); }

   private:
    sem_t native_;
  };

  /// std::atomic with a name.
  template <class T>
  class atomic : public std::atomic<T> {
   public:
    explicit atomic(T value = T{}, const char* /*name*/ = nullptr) noexcept
        : std::atomic<T>(value) {}
    using std::atomic<T>::operator=;
  };

  /// Sleeps while `word` holds `expected`; may wake spuriously. EINTR is treated as a spurious
  /// wake-up.
  static void futex_wait(const atomic<std::uint32_t>& word, std::uint32_t expected) noexcept {
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
  }
  /// As futex_wait; false once the deadline has passed.
  static bool futex_wait_until(const atomic<std::uint32_t>& word, std::uint32_t expected,
                               Deadline deadline) noexcept {
    // WAIT_BITSET takes an absolute time, WAIT a relative one
    const timespec until = to_timespec(deadline);
    return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, &until, nullptr,
                   FUTEX_BITSET_MATCH_ANY) == 0 ||
           errno != ETIMEDOUT;
  }
  /// Wakes up to `count` sleepers.
  static void futex_wake(atomic<std::uint32_t>& word, int count = INT_MAX) noexcept {
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
  }

  /// Raw storage for one message of a ring. The queue's protocol decides when it is full; the
  /// explorer checks that.
  template <class T>
  class slot {
   public:
    /// Requires an empty slot. Throws what T's move throws, and the slot stays empty.
    void put(T&& value) { ::new (static_cast<void*>(bytes_)) T(std::move(value)); }
    /// Requires a full slot; moves once, directly into `out`. If T's move throws, the slot stays
    /// full.
    void take(std::optional<T>& out) {
      out.emplace(std::move(*object()));
      object()->~T();
    }
    /// Requires a full slot.
    void destroy() noexcept { object()->~T(); }

   private:
    T* object() noexcept { return std::launder(reinterpret_cast<T*>(bytes_)); }
    alignas(T) std::byte bytes_[sizeof(T)];
  };

  /// A pair of asymmetric fences, after WG21 paper P1202: a heavy fence and a light one order what
  /// is around them as two sequentially consistent fences would; two light ones do not. The light
  /// fence is for the path of every message and costs one load of a flag. The heavy fence is for a
  /// thread that is about to sleep or to close; it interrupts every core that runs a thread of this
  /// process (0.4 us when no other runs, about 5 us with busy threads). Where the kernel has no
  /// membarrier(2), both are full fences.
  static void fence_light() noexcept {
    if (has_membarrier) [[likely]] {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
      std::atomic_thread_fence(std::memory_order_seq_cst);
    }
  }
  static void fence_heavy() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    // Called even where the flag is not set: a static object's constructor may run before the flag
    // is initialised, and other threads may see it set by then. Abort if the kernel registered this
    // process and now refuses, since a wake-up could be lost.
    const bool done = syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
    if (!done && has_membarrier) std::abort();
  }

  /// Tells the CPU that this is a spin loop.
  static void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb" ::: "memory");
#endif
  }
  /// Yields the core. Counted, because the kernel counts a yield to another thread as an
  /// involuntary context switch.
  static void yield() noexcept {
    std::atomic<std::uint64_t>& count = yields();
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    std::this_thread::yield();
  }
  /// Number of yields of the calling thread so far. Other threads may read it while that thread
  /// lives.
  static std::atomic<std::uint64_t>& yields() noexcept {
    thread_local std::atomic<std::uint64_t> count{0};
    return count;
  }

  static Deadline now() noexcept {
    return Deadline::clock::now();
  }

  /// Rounds of relax() to spin before a sleep: about 5 us, the cost of putting a thread to sleep
  /// and waking it, if one round takes 25 ns (Zen; the pause instruction of x86 CPUs differs by a
  /// factor of ten).
  static constexpr unsigned reference_spin_limit = 200;
  static constexpr double reference_relax_ns = 25;
  /// The same, as waits read it: once each, before they spin. `queue_bench --adapt-spin-limits`
  /// sets it to the rounds that take as long on its machine. May be set at any time.
  alignas(cache_line_bytes) static inline std::atomic<unsigned> spin_limit{reference_spin_limit};
  /// Yields to try before a sleep, for about the same time.
  static constexpr unsigned yield_limit = 16;

  /// A hook for the log of examples/pipeline.cpp. Does nothing here.
  static void event(const char* /*text*/) noexcept {}

 private:
  static inline const bool has_membarrier =
      syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;

  /// A time of CLOCK_MONOTONIC, which is the steady clock, as the kernel takes it. The kernel
  /// refuses times before the clock's epoch; they are past, so the epoch replaces them.
  static timespec to_timespec(Deadline deadline) noexcept {
    const auto since_epoch = std::max(deadline.time_since_epoch(), Deadline::duration::zero());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
    return {static_cast<time_t>(seconds.count()),
            static_cast<long>(std::chrono::nanoseconds(since_epoch - seconds).count())};
  }
};

}  // namespace bq
