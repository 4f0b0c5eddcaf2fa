// Message types that detect how a queue treats them.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace bq::checking {

/// Move-only, without a default constructor. Counts its instances, and shows whether it was moved
/// from.
class Tracked {
 public:
  static std::int64_t instances() { return count.load(); }

  explicit Tracked(int value) : value_(value) { ++count; }
  Tracked(Tracked&& other) noexcept : value_(std::exchange(other.value_, moved_away)) { ++count; }
  ~Tracked() { --count; }

  int value() const { return value_; }

 private:
  static constexpr int moved_away = -1;
  static inline std::atomic<std::int64_t> count{0};
  int value_;
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
