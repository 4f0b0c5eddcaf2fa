// The clock of a recording (record.h): the processor's time-stamp counter where the kernel itself
// keeps time by it, and so trusts it to be steady and the same on all cores; CLOCK_MONOTONIC
// elsewhere.
#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>

namespace bq::detail {

class RecordingClock {
 public:
  RecordingClock() : trusts_counter_(kernel_trusts_counter()), start_(read_both()) {}

  /// The fence makes the counter wait for what precedes it.
  std::uint64_t now() const noexcept {
#if defined(__x86_64__)
    if (trusts_counter_) {
      __builtin_ia32_lfence();
      return __builtin_ia32_rdtsc();
    }
#endif
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(t.tv_nsec);
  }

  /// Measured from the construction to now, for 10 ms at least.
  double ns_per_tick() const {
    if (!trusts_counter_) return 1;
    while (Steady::now() - start_.steady < std::chrono::milliseconds(10)) {
    }
    const Reading end = read_both();
    const std::chrono::duration<double, std::nano> elapsed = end.steady - start_.steady;
    return elapsed.count() / static_cast<double>(end.ticks - start_.ticks);
  }

 private:
  using Steady = std::chrono::steady_clock;
  struct Reading {
    Steady::time_point steady;
    std::uint64_t ticks;
  };

  static bool kernel_trusts_counter() {
#if defined(__x86_64__)
    std::string source;
    std::getline(std::ifstream("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
                 source);
    return source == "tsc" || source == "kvm-clock" || source == "hyperv_clocksource_tsc_page";
#else
    return false;
#endif
  }

  // Both clocks at one moment: of several tries the one that took least, since a thread may lose
  // its core in between.
  Reading read_both() const {
    Reading best{};
    std::uint64_t shortest = ~std::uint64_t{0};
    for (int i = 0; i < 10; ++i) {
      const std::uint64_t before = now();
      const auto steady = Steady::now();
      const std::uint64_t took = now() - before;
      if (took >= shortest) continue;
      shortest = took;
      best = {steady, before + took / 2};
    }
    return best;
  }

  bool trusts_counter_;
  Reading start_;
};

}  // namespace bq::detail
