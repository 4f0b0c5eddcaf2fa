#include "benchmarks/machine.h"

#include <sched.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>
#include <thread>

#include "benchmarks/cgroup.h"
#include "benchmarks/clock.h"
#include "benchmarks/cpu_usage.h"
#include "benchmarks/workload.h"
#include "queues/sync.h"

namespace bq::bench {

namespace {

constexpr int probe_repetitions = 9;
constexpr std::uint32_t probe_steps = 150'000;  // some 160 us
constexpr int handoff_repetitions = 9;
constexpr std::uint64_t handoff_round_trips = 300;

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

const std::vector<int>& allowed_cores() {
  static const std::vector<int> cores = [] {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
      throw std::system_error(errno, std::generic_category(), "sched_getaffinity");
    std::vector<int> result;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &set)) result.push_back(core);
    }
    return result;
  }();
  return cores;
}

std::vector<int> cores_for(const Point& point) {
  const std::vector<int>& allowed = allowed_cores();
  std::vector<int> result;
  if (point.placement == Placement::free) return result;
  for (std::size_t i = 0; i < point.threads(); ++i) {
    result.push_back(point.placement == Placement::one_core ? allowed[0] : allowed[i % allowed.size()]);
  }
  return result;
}

std::optional<double> available_memory_bytes() {
  std::optional<double> bytes;
  std::ifstream stream("/proc/meminfo");
  for (std::string line; std::getline(stream, line);) {
    double kibibytes = 0;
    if (std::sscanf(line.c_str(), "MemAvailable: %lf kB", &kibibytes) == 1) bytes = kibibytes * 1024;
  }
  if (const auto group = own_group("memory")) {
    const auto left = free_memory_bytes(*group);
    if (left && (!bytes || *left < *bytes)) bytes = left;
  }
  return bytes;
}

void pin_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) {
    give_up("cannot bind a thread to core " + std::to_string(core) + ": " + std::strerror(errno));
  }
}

void give_up(const std::string& why) {
  std::fprintf(stderr, "queue_bench: %s\n", why.c_str());
  std::_Exit(2);
}

std::vector<int> used_cores(const Point& point) {
  std::vector<int> cores = cores_for(point);
  if (cores.empty()) {
    cores = allowed_cores();
    cores.resize(std::min(cores.size(), point.threads()));
  }
  std::sort(cores.begin(), cores.end());
  cores.erase(std::unique(cores.begin(), cores.end()), cores.end());
  return cores;
}

std::size_t core_count(const Point& point) {
  return used_cores(point).size();
}

Probe probe_cores(const Point& point) {
  const std::vector<int> cores = used_cores(point);
  std::vector<double> ns_per_step(cores.size() * probe_repetitions);
  std::vector<double> cpu_share(cores.size());
  std::barrier ready(static_cast<std::ptrdiff_t>(cores.size()));
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    threads.emplace_back([&, i] {
      if (point.placement != Placement::free) pin_to(cores[i]);
      ready.arrive_and_wait();
      spin_steps(probe_steps);  // until all of them run
      const Ticks begin = now_ticks();
      const double cpu_begin = thread_cpu_ns();
      for (std::size_t r = 0; r < probe_repetitions; ++r) {
        const Ticks from = now_ticks();
        spin_steps(probe_steps);
        ns_per_step[i * probe_repetitions + r] = ns_between(from, now_ticks()) / probe_steps;
      }
      cpu_share[i] = (thread_cpu_ns() - cpu_begin) / ns_between(begin, now_ticks());
      spin_steps(probe_steps);  // and until all of them are done
    });
  }
  threads.clear();
  return {median(ns_per_step), *std::min_element(cpu_share.begin(), cpu_share.end())};
}

std::optional<double> measure_handoff_ns(const Point& point) {
  const std::vector<int> cores = used_cores(point);
  if (cores.size() < 2) return std::nullopt;
  alignas(cache_line_bytes) std::atomic<std::uint64_t> turn{0};
  const std::uint64_t last = handoff_round_trips * handoff_repetitions;
  std::jthread echo([&] {
    if (point.placement != Placement::free) pin_to(cores[1]);
    for (std::uint64_t i = 0; i < last; ++i) {
      while (turn.load(std::memory_order_acquire) != 2 * i + 1) StdSync::relax();
      turn.store(2 * i + 2, std::memory_order_release);
    }
  });
  std::vector<double> one_way;
  std::jthread caller([&] {
    if (point.placement != Placement::free) pin_to(cores[0]);
    std::uint64_t i = 0;
    for (int r = 0; r < handoff_repetitions; ++r) {
      const Ticks from = now_ticks();
      for (std::uint64_t n = 0; n < handoff_round_trips; ++n, ++i) {
        turn.store(2 * i + 1, std::memory_order_release);
        while (turn.load(std::memory_order_acquire) != 2 * i + 2) StdSync::relax();
      }
      one_way.push_back(ns_between(from, now_ticks()) / (2.0 * handoff_round_trips));
    }
  });
  caller.join();
  echo.join();
  return median(one_way);
}

MachineInfo describe_machine() {
  MachineInfo info;
  utsname names{};
  uname(&names);
  info.host_name = names.nodename;
  info.kernel = std::string(names.sysname) + " " + names.release;
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.starts_with("model name")) {
      info.cpu_model = line.substr(line.find(':') + 2);
      break;
    }
  }
  std::getline(std::ifstream("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"), info.governor);
  return info;
}

}  // namespace bq::bench
