// Message types that detect how a queue treats them.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "checking/hook.h"

namespace bq::checking {

/// What makes an object one that cannot be mistaken for another: it knows its own address and
/// whether its value has been moved away. Misuse is noted, and a Hook can step in within a move and
/// before the end of an object, which is where a slot that is reused too early shows.
class Identity {
 public:
  static constexpr int moved_away = -1;
  static constexpr int not_alive = -2;
  static constexpr int never_set = -3;  ///< made by a default constructor

  /// The first misuse since forget_faults(); null: none.
  static const char* first_fault() { return fault_text.load(std::memory_order_relaxed); }
  static void forget_faults() { fault_text.store(nullptr, std::memory_order_relaxed); }
  /// Number of objects alive, and of those among them that hold a value.
  static std::int64_t objects() { return object_count.load(std::memory_order_relaxed); }
  static std::int64_t values() { return value_count.load(std::memory_order_relaxed); }

  /// The value, moved_away, never_set, or not_alive: destroyed, or bytes that were never
  /// constructed.
  int value() const { return self_ == this ? value_ : not_alive; }

 protected:
  explicit Identity(int value) noexcept : value_(value), self_(this) {
    add(object_count, 1);
    if (has_value()) add(value_count, 1);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  ~Identity() {
    const int before = value();
    if (before == not_alive) note("a message was destroyed that was not alive");
    Hook::point(Hook::Place::message);
    if (value() != before) note("a message changed while it was being destroyed");
    add(object_count, -1);
    if (has_value()) add(value_count, -1);
    self_ = nullptr;
  }

  /// Moves the value out.
  int leave() noexcept {
    const int before = value();
    if (before == moved_away) note("a message was moved that had been moved away");
    if (before == not_alive) note("a message was moved that was not alive");
    Hook::point(Hook::Place::message);
    if (value() != before) note("a message changed while it was being moved");
    if (has_value()) add(value_count, -1);
    value_ = moved_away;
    return before;
  }
  void replace(int value) noexcept {
    if (self_ != this) note("a message was assigned to that was not alive");
    if (has_value()) add(value_count, -1);
    value_ = value;
    if (has_value()) add(value_count, 1);
  }

 private:
  static void note(const char* fault) {
    const char* none = nullptr;
    fault_text.compare_exchange_strong(none, fault, std::memory_order_relaxed);
  }
  // All accesses to the counts are relaxed. A stronger order would hide data races from
  // ThreadSanitizer.
  static void add(std::atomic<std::int64_t>& count, int change) {
    count.fetch_add(change, std::memory_order_relaxed);
  }
  bool has_value() const { return value_ >= 0; }

  static inline std::atomic<const char*> fault_text{nullptr};
  static inline std::atomic<std::int64_t> object_count{0};
  static inline std::atomic<std::int64_t> value_count{0};
  int value_;
  const Identity* volatile self_;  // volatile: the destructor's write is for who looks too late
};

/// Move-only, without a default constructor.
class Tracked : public Identity {
 public:
  static std::int64_t instances() { return objects(); }

  explicit Tracked(int value) noexcept : Identity(value) {}
  Tracked(Tracked&& other) noexcept : Identity(other.leave()) {}
};

/// For queues that copy what others move: copyable, without a default constructor.
class TrackedCopy : public Identity {
 public:
  explicit TrackedCopy(int value) noexcept : Identity(value) {}
  TrackedCopy(const TrackedCopy& other) noexcept : Identity(other.value()) {}
  TrackedCopy(TrackedCopy&& other) noexcept : Identity(other.leave()) {}
};

/// For queues whose slots always hold an object: default-constructible, copyable and assignable.
class TrackedWithDefault : public Identity {
 public:
  TrackedWithDefault() noexcept : Identity(never_set) {}
  explicit TrackedWithDefault(int value) noexcept : Identity(value) {}
  TrackedWithDefault(const TrackedWithDefault& other) noexcept : Identity(other.value()) {}
  TrackedWithDefault(TrackedWithDefault&& other) noexcept : Identity(other.leave()) {}
  TrackedWithDefault& operator=(const TrackedWithDefault& other) noexcept {
    if (this != &other) replace(other.value());
    return *this;
  }
  TrackedWithDefault& operator=(TrackedWithDefault&& other) noexcept {
    if (this != &other) replace(other.leave());
    return *this;
  }
  ~TrackedWithDefault() = default;
};

/// Trivially copyable, and long enough to be torn.
struct Plain {
  Plain() = default;
  explicit Plain(int v) { copies.fill(v); }
  /// Identity::not_alive: parts of different messages.
  int value() const {
    const bool is_whole =
        std::all_of(copies.begin(), copies.end(), [&](int copy) { return copy == copies.front(); });
    return is_whole ? copies.front() : Identity::not_alive;
  }

  std::array<int, 8> copies;
};

/// Needs more alignment than operator new gives by default, and counts objects that did not get it.
struct alignas(256) Overaligned {
  static inline std::atomic<int> misplaced{0};

  explicit Overaligned(int v) : value(v) { check(); }
  Overaligned(Overaligned&& other) noexcept : value(other.value) { check(); }
  void check() const {
    // Volatile: clang 19 takes the type's alignment for given, and would leave the test out.
    const volatile auto address = reinterpret_cast<std::uintptr_t>(this);
    if (address % alignof(Overaligned) != 0) ++misplaced;
  }

  int value;
};

/// Its move constructor throws on a thread that has set `brittle`.
struct Fragile {
  static inline thread_local bool brittle = false;
  struct Broken {};

  explicit Fragile(int v) : value(v) {}
  Fragile(Fragile&& other) : value(other.value) {  // NOLINT(performance-noexcept-move-constructor)
    if (brittle) throw Broken();
    other.value = -1;
  }

  int value;
};

/// Makes moves of Fragile throw on this thread during its lifetime.
struct Brittle {
  Brittle() { Fragile::brittle = true; }
  ~Brittle() { Fragile::brittle = false; }
};

}  // namespace bq::checking
