#include "benchmarks/platform/cpu_time.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace bq::bench {

namespace {

// 50 clock ticks: a tenth of a core is 5 of them.
constexpr std::chrono::milliseconds length_of_a_look{500};

}  // namespace

std::optional<CpuTime> cpu_time(const SystemFiles& files, const std::vector<int>& cpus) {
  const auto ticks_per_s = static_cast<double>(sysconf(_SC_CLK_TCK));
  CpuTime sum;
  std::size_t cpus_found = 0;
  std::ifstream stat(files.path("proc/stat"));
  for (std::string line; std::getline(stat, line) && line.starts_with("cpu");) {
    std::istringstream words(line.substr(3));
    int cpu = 0;
    // The first line is the sum of all CPUs, and has no number.
    if (line.starts_with("cpu ") || !(words >> cpu)) continue;
    if (!std::binary_search(cpus.begin(), cpus.end(), cpu)) continue;
    double user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
    words >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
    if (!words) continue;
    sum.busy_s += (user + nice + system + irq + softirq) / ticks_per_s;
    sum.stolen_s += steal / ticks_per_s;
    ++cpus_found;
  }
  if (cpus_found != cpus.size()) return std::nullopt;
  return sum;
}

double steal_pct(const CpuTime& since_start) {
  const double wanted_s = since_start.busy_s + since_start.stolen_s;
  return wanted_s > 0 ? 100 * since_start.stolen_s / wanted_s : 0;
}

double busy_cores(const CpuTime& before, const CpuTime& after, double seconds) {
  // The counters of some kernels step back now and then.
  return std::max(0.0, after.busy_s - before.busy_s) / seconds;
}

std::optional<double> measure_busy_cores(const SystemFiles& files, const std::vector<int>& cpus) {
  const auto before = cpu_time(files, cpus);
  if (!before) return std::nullopt;
  const auto start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(length_of_a_look);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  const auto after = cpu_time(files, cpus);
  if (!after) return std::nullopt;
  return busy_cores(*before, *after, elapsed.count());
}

}  // namespace bq::bench
