#include "benchmarks/clock.h"

#include <chrono>
#include <fstream>
#include <string>

namespace bq::bench {

namespace {

bool kernel_trusts_tsc() {
#if defined(__x86_64__)
  std::string source;
  std::getline(std::ifstream("/sys/devices/system/clocksource/clocksource0/current_clocksource"), source);
  return source == "tsc" || source == "kvm-clock" || source == "hyperv_clocksource_tsc_page";
#else
  return false;
#endif
}

double measure_ns_per_tick() {
  if (!tsc_is_trusted) return 1;
  using Steady = std::chrono::steady_clock;
  const auto steady_begin = Steady::now();
  const Ticks begin = now_ticks();
  while (Steady::now() - steady_begin < std::chrono::milliseconds(20)) {
  }
  const Ticks end = now_ticks();
  const std::chrono::duration<double, std::nano> elapsed = Steady::now() - steady_begin;
  return elapsed.count() / static_cast<double>(end - begin);
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
