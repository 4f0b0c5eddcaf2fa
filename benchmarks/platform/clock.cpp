#include "benchmarks/platform/clock.h"

#include <chrono>
#include <fstream>
#include <string>

namespace bq::bench {

namespace {

bool kernel_trusts_tsc() {
#if defined(__x86_64__)
  std::string source;
  std::getline(std::ifstream("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
               source);
  return source == "tsc" || source == "kvm-clock" || source == "hyperv_clocksource_tsc_page";
#else
  return false;
#endif
}

using Steady = std::chrono::steady_clock;

struct Reading {
  Steady::time_point steady;
  Ticks ticks;
};

// Both clocks at one moment: of several tries the one that took least, since a thread may lose its
// core in between.
Reading read_both() {
  Reading best{};
  Ticks shortest = ~Ticks{0};
  for (int i = 0; i < 10; ++i) {
    const Ticks before = now_ticks();
    const auto steady = Steady::now();
    const Ticks after = now_ticks();
    if (after - before >= shortest) continue;
    shortest = after - before;
    best = {steady, before + shortest / 2};
  }
  return best;
}

double measure_ns_per_tick() {
  if (!tsc_is_trusted) return 1;
  const Reading begin = read_both();
  while (Steady::now() - begin.steady < std::chrono::milliseconds(5)) {
  }
  const Reading end = read_both();
  const std::chrono::duration<double, std::nano> elapsed = end.steady - begin.steady;
  return elapsed.count() / static_cast<double>(end.ticks - begin.ticks);
}

}  // namespace

const bool tsc_is_trusted = kernel_trusts_tsc();

double ns_per_tick() {
  static const double value = measure_ns_per_tick();
  return value;
}

const char* clock_name() {
  return tsc_is_trusted ? "tsc" : "clock_gettime";
}

}  // namespace bq::bench
