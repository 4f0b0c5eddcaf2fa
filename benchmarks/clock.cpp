#include "benchmarks/clock.h"

#include <chrono>
#include <fstream>
#include <string>

namespace bq::bench {

namespace {

double measure_ns_per_tick() {
#if defined(__x86_64__)
  using Steady = std::chrono::steady_clock;
  const auto steady_begin = Steady::now();
  const Ticks begin = now_ticks();
  while (Steady::now() - steady_begin < std::chrono::milliseconds(20)) {
  }
  const Ticks end = now_ticks();
  const std::chrono::duration<double, std::nano> elapsed = Steady::now() - steady_begin;
  return elapsed.count() / static_cast<double>(end - begin);
#else
  return 1;
#endif
}

}  // namespace

double ns_per_tick() {
  static const double value = measure_ns_per_tick();
  return value;
}

const char* clock_name() {
#if defined(__x86_64__)
  std::string source;
  std::getline(std::ifstream("/sys/devices/system/clocksource/clocksource0/current_clocksource"), source);
  const bool trusted = source == "tsc" || source == "kvm-clock" || source.starts_with("hyperv");
  return trusted ? "tsc" : "tsc (not trusted by the kernel: compare stamps of different cores with care)";
#else
  return "steady_clock";
#endif
}

}  // namespace bq::bench
