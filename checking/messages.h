// Messages that notice how they are treated.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace bq::checking {

/// Moves only, has no default, counts its instances, and knows whether its value has been moved away.
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

/// Wants more alignment than operator new gives by default, and sees whether it got it.
struct alignas(256) Overaligned {
  static inline std::atomic<int> misplaced{0};

  explicit Overaligned(int v) : value(v) { check(); }
  Overaligned(Overaligned&& other) noexcept : value(other.value) { check(); }
  void check() const {
    if (reinterpret_cast<std::uintptr_t>(this) % alignof(Overaligned) != 0) ++misplaced;
  }

  int value;
};

/// Its move throws on a thread that has set `brittle`.
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

/// Makes moves of Fragile throw on this thread, for as long as it lives.
struct Brittle {
  Brittle() { Fragile::brittle = true; }
  ~Brittle() { Fragile::brittle = false; }
};

}  // namespace bq::checking
