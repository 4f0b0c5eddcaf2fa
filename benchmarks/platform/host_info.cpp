#include "benchmarks/platform/host_info.h"

#include <sys/utsname.h>

#include <cstdio>
#include <fstream>

#include "benchmarks/platform/cgroup.h"

namespace bq::bench {

HostInfo host_info() {
  HostInfo info;
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
  std::ifstream governor("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  std::getline(governor, info.governor);
  return info;
}

std::optional<double> available_memory_bytes() {
  std::optional<double> bytes;
  std::ifstream meminfo("/proc/meminfo");
  for (std::string line; std::getline(meminfo, line);) {
    double kibibytes = 0;
    if (std::sscanf(line.c_str(), "MemAvailable: %lf kB", &kibibytes) == 1)
      bytes = kibibytes * 1024;
  }
  if (const auto group = own_group("memory")) {
    const auto left = free_memory_bytes(*group);
    if (left && (!bytes || *left < *bytes)) bytes = left;
  }
  return bytes;
}

}  // namespace bq::bench
