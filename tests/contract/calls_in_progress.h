// Which calls the threads of a test are in, and whether any of them moves: what is known of a test
// that hangs.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "queues/bounded_queue.h"

namespace bq::test {

/// What one thread notes of its calls.
struct alignas(64) CallSlot {
  std::atomic<bool> is_taken{false};
  std::atomic<pid_t> thread{0};
  std::atomic<const char*> name{nullptr};
  std::atomic<std::size_t> capacity{0};
  std::atomic<Deadline::rep> deadline{0};
  std::atomic<std::uint64_t> moves{0};
};

/// A call of the thread that constructs it, for as long as it lives. All accesses are relaxed: a
/// stronger order would hide data races from ThreadSanitizer. Beyond 256 threads it notes nothing.
class CallInProgress {
 public:
  static constexpr Deadline no_deadline = Deadline::max();

  enum class Is : bool { a_look, progress };

  /// `name`: a literal. A look may be repeated for ever, and is no progress.
  CallInProgress(const char* name, std::size_t capacity, Deadline deadline = no_deadline,
                 Is is = Is::progress)
      : slot_(slot_of_this_thread()), is_(is) {
    if (!slot_) return;
    set(slot_->capacity, capacity);
    set(slot_->deadline, deadline.time_since_epoch().count());
    set(slot_->name, name);
    move();
  }
  CallInProgress(const CallInProgress&) = delete;
  CallInProgress& operator=(const CallInProgress&) = delete;
  ~CallInProgress() {
    if (!slot_) return;
    set(slot_->name, static_cast<const char*>(nullptr));
    move();
  }

  /// Grows whenever a call begins or ends that is not just a look.
  static std::uint64_t moves() {
    std::uint64_t sum = 0;
    for (const Slot& slot : slots) sum += get(slot.moves);
    return sum;
  }
  static bool any() {
    return std::any_of(slots.begin(), slots.end(), [](const Slot& s) { return get(s.name); });
  }
  /// "pop() on a queue of capacity 1, by thread 2; ...", the main thread being 1. Empty: none.
  static std::string text() {
    std::string text;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const Slot& slot = slots[i];
      const char* const name = get(slot.name);
      if (!name) continue;
      if (!text.empty()) text += "; ";
      text += name + until(get(slot.deadline));
      const std::size_t capacity = get(slot.capacity);
      text += capacity == unbounded_capacity
                  ? " on a queue without a bound"
                  : " on a queue of capacity " + std::to_string(capacity);
      text += get(slot.thread) == getpid() ? ", by the main thread"
                                           : ", by thread " + std::to_string(i + 1);
    }
    return text;
  }

 private:
  using Slot = CallSlot;
  struct Owner {
    Slot* slot = claim();
    ~Owner() {
      if (slot) slot->is_taken.store(false, std::memory_order_relaxed);
    }
  };

  template <class T>
  static T get(const std::atomic<T>& value) {
    return value.load(std::memory_order_relaxed);
  }
  template <class T>
  static void set(std::atomic<T>& value, T to) {
    value.store(to, std::memory_order_relaxed);
  }
  void move() {
    if (is_ == Is::progress) set(slot_->moves, get(slot_->moves) + 1);
  }

  static Slot* claim() {
    for (Slot& slot : slots) {
      if (get(slot.is_taken) || slot.is_taken.exchange(true, std::memory_order_relaxed)) continue;
      set(slot.thread, gettid());
      return &slot;
    }
    return nullptr;
  }
  static Slot* slot_of_this_thread() {
    thread_local const Owner owner;
    return owner.slot;
  }
  static std::string until(Deadline::rep deadline) {
    if (deadline == no_deadline.time_since_epoch().count()) return "";
    const auto left = Deadline(Deadline::duration(deadline)) - Deadline::clock::now();
    const auto left_ms = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
    return left_ms < 0 ? " whose deadline passed " + std::to_string(-left_ms) + " ms ago"
                       : " whose deadline is in " + std::to_string(left_ms) + " ms";
  }

  static inline std::array<Slot, 256> slots;

  Slot* const slot_;
  const Is is_;
};

/// While one lives, the test itself waits for calls to block: that nothing moves is no hang.
class ExpectsStillness {
 public:
  ExpectsStillness() { count.fetch_add(1, std::memory_order_relaxed); }
  ExpectsStillness(const ExpectsStillness&) = delete;
  ExpectsStillness& operator=(const ExpectsStillness&) = delete;
  ~ExpectsStillness() { count.fetch_sub(1, std::memory_order_relaxed); }
  static bool any() { return count.load(std::memory_order_relaxed) > 0; }

 private:
  static inline std::atomic<int> count{0};
};

/// Tells a hang from a slow machine: whether calls are in progress and none has moved for a time in
/// which the thread that asks ran on the same cores.
class Stillness {
 public:
  explicit Stillness(std::chrono::milliseconds limit) : limit_(limit) {}

  /// To be called again and again, with a sleep of some milliseconds at most in between. True: they
  /// hang.
  bool lasts() {
    const auto now = std::chrono::steady_clock::now();
    const std::uint64_t moves = CallInProgress::moves();
    if (moves != moves_ || !CallInProgress::any() || ExpectsStillness::any()) {
      moves_ = moves;
      still_ = {};
    } else {
      // Where this thread was late, so may the others have been.
      still_ += std::min<std::chrono::nanoseconds>(now - last_, longest_beat);
    }
    last_ = now;
    return still_ >= limit_;
  }

 private:
  static constexpr std::chrono::milliseconds longest_beat{20};

  const std::chrono::milliseconds limit_;
  std::uint64_t moves_ = std::numeric_limits<std::uint64_t>::max();
  std::chrono::nanoseconds still_{};
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace bq::test
