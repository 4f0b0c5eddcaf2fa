// A synchronisation policy (see queues/sync.h) that lets a test step in before and after every
// primitive of a queue: to delay a thread there, or to stop it. The primitives are StdSync's.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "checking/hook.h"
#include "queues/sync.h"

namespace bq::test {

using checking::Hook;
using checking::RandomDelays;
using checking::SpuriousWakeUps;
using checking::StallAt;

struct HookedSync : StdSync {
  /// Runs `operation` between two points.
  static decltype(auto) hooked(auto&& operation) {
    struct Point {
      Point() { Hook::point(); }
      ~Point() { Hook::point(); }
    };
    const Point around;
    return operation();
  }
  /// When a wait ends that Hook wakes for no reason.
  static Deadline in_a_moment() { return now() + std::chrono::microseconds(100); }

  class mutex {
   public:
    explicit mutex(const char* /*name*/ = nullptr) {}
    void lock() {
      hooked([&] {
        inner_.lock();
        ++Hook::locks();
      });
    }
    bool try_lock() {
      return hooked([&] {
        const bool locked = inner_.try_lock();
        if (locked) ++Hook::locks();
        return locked;
      });
    }
    void unlock() {
      hooked([&] {
        --Hook::locks();
        inner_.unlock();
      });
    }

   private:
    friend struct HookedSync;
    StdSync::mutex inner_;
  };

  class condition_variable {
   public:
    explicit condition_variable(const char* /*name*/ = nullptr) {}
    void notify_one() noexcept {
      hooked([&] { inner_.notify_one(); });
    }
    void notify_all() noexcept {
      hooked([&] { inner_.notify_all(); });
    }
    void wait(std::unique_lock<mutex>& lock) {
      hooked([&] {
        with_inner_lock(lock, [&](auto& inner) {
          if (Hook::wakes_for_no_reason()) return inner_.wait_until(inner, in_a_moment());
          inner_.wait(inner);
          return true;
        });
      });
    }
    bool wait_until(std::unique_lock<mutex>& lock, Deadline deadline) {
      return hooked([&] {
        return with_inner_lock(lock, [&](auto& inner) {
          if (!Hook::wakes_for_no_reason()) return inner_.wait_until(inner, deadline);
          inner_.wait_until(inner, std::min(deadline, in_a_moment()));
          return now() < deadline;
        });
      });
    }

   private:
    static bool with_inner_lock(std::unique_lock<mutex>& lock, auto wait) {
      std::unique_lock<StdSync::mutex> inner(lock.mutex()->inner_, std::adopt_lock);
      const bool result = wait(inner);
      inner.release();
      return result;
    }
    StdSync::condition_variable inner_;
  };

  template <class Semaphore>
  class HookedSemaphore {
   public:
    static constexpr std::ptrdiff_t max = Semaphore::max;
    static constexpr std::string_view defect = Semaphore::defect;
    explicit HookedSemaphore(std::ptrdiff_t permits, const char* /*name*/ = nullptr)
        : inner_(permits) {}
    void acquire() {
      hooked([&] { inner_.acquire(); });
    }
    bool try_acquire() noexcept {
      return hooked([&] { return inner_.try_acquire(); });
    }
    bool try_acquire_until(Deadline deadline) {
      return hooked([&] { return inner_.try_acquire_until(deadline); });
    }
    void release() {
      hooked([&] { inner_.release(); });
    }

   private:
    Semaphore inner_;
  };
  using semaphore = HookedSemaphore<StdSync::semaphore>;
  using posix_semaphore = HookedSemaphore<StdSync::posix_semaphore>;

  template <class T>
  class atomic {
   public:
    explicit atomic(T value = T{}, const char* /*name*/ = nullptr) noexcept : inner_(value) {}
    T load(std::memory_order order = std::memory_order_seq_cst) const noexcept {
      return hooked([&] { return inner_.load(order); });
    }
    void store(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
      hooked([&] { inner_.store(value, order); });
    }
    T exchange(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
      return hooked([&] { return inner_.exchange(value, order); });
    }
    bool compare_exchange_weak(T& expected, T value, auto... orders) noexcept {
      return hooked([&] { return inner_.compare_exchange_weak(expected, value, orders...); });
    }
    bool compare_exchange_strong(T& expected, T value, auto... orders) noexcept {
      return hooked([&] { return inner_.compare_exchange_strong(expected, value, orders...); });
    }
    T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
      return hooked([&] { return inner_.fetch_add(value, order); });
    }
    T fetch_sub(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
      return hooked([&] { return inner_.fetch_sub(value, order); });
    }
    T fetch_or(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
      return hooked([&] { return inner_.fetch_or(value, order); });
    }
    T fetch_and(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
      return hooked([&] { return inner_.fetch_and(value, order); });
    }
    void wait(T old, std::memory_order order = std::memory_order_seq_cst) const noexcept {
      hooked([&] { inner_.wait(old, order); });
    }
    void notify_one() noexcept {
      hooked([&] { inner_.notify_one(); });
    }
    void notify_all() noexcept {
      hooked([&] { inner_.notify_all(); });
    }

   private:
    friend struct HookedSync;
    StdSync::atomic<T> inner_;
  };

  static void futex_wait(const atomic<std::uint32_t>& word, std::uint32_t expected) noexcept {
    hooked([&] {
      if (Hook::wakes_for_no_reason()) {
        StdSync::futex_wait_until(word.inner_, expected, in_a_moment());
      } else {
        StdSync::futex_wait(word.inner_, expected);
      }
    });
  }
  static bool futex_wait_until(const atomic<std::uint32_t>& word, std::uint32_t expected,
                               Deadline deadline) noexcept {
    return hooked([&] {
      if (!Hook::wakes_for_no_reason())
        return StdSync::futex_wait_until(word.inner_, expected, deadline);
      StdSync::futex_wait_until(word.inner_, expected, std::min(deadline, in_a_moment()));
      return now() < deadline;
    });
  }
  static void futex_wake(atomic<std::uint32_t>& word, int count) noexcept {
    hooked([&] { StdSync::futex_wake(word.inner_, count); });
  }

  template <class T>
  class slot {
   public:
    void put(T&& value) {
      hooked([&] { inner_.put(std::move(value)); });
    }
    void take(std::optional<T>& out) {
      hooked([&] { inner_.take(out); });
    }
    void destroy() noexcept { inner_.destroy(); }

   private:
    StdSync::slot<T> inner_;
  };

  // As where the kernel has no membarrier(2): the other way is StdSync's.
  static void fence_light() noexcept {
    hooked([] { std::atomic_thread_fence(std::memory_order_seq_cst); });
  }
  static void fence_heavy() noexcept { fence_light(); }

  // Short, so that the tests get to the sleeps.
  static constexpr unsigned spin_limit = 3;
  static constexpr unsigned yield_limit = 2;
};

}  // namespace bq::test
