#include "benchmarks/platform/host_info.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>

#include "benchmarks/platform/cgroup.h"
#include "benchmarks/platform/cpu_time.h"

namespace bq::bench {

namespace {

std::string cpu_folder(int cpu) {
  return "sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/";
}

std::string cpu_model(const SystemFiles& files) {
  std::ifstream cpuinfo(files.path("proc/cpuinfo"));
  for (std::string line; std::getline(cpuinfo, line);) {
    const auto colon = line.find(':');
    if (line.starts_with("model name") && colon != std::string::npos && colon + 2 < line.size())
      return line.substr(colon + 2);
  }
  return "";
}

std::string governors(const SystemFiles& files, const std::vector<int>& cpus) {
  std::vector<std::string> different;
  std::string joined;
  for (const int cpu : cpus) {
    const std::string governor = files.first_line(cpu_folder(cpu) + "cpufreq/scaling_governor");
    if (governor.empty() ||
        std::find(different.begin(), different.end(), governor) != different.end())
      continue;
    different.push_back(governor);
    joined += (joined.empty() ? "" : ", ") + governor;
  }
  return joined;
}

std::string turbo(const SystemFiles& files) {
  const std::string off = files.first_line("sys/devices/system/cpu/intel_pstate/no_turbo");
  if (!off.empty()) return off == "0" ? "on" : "off";
  const std::string on = files.first_line("sys/devices/system/cpu/cpufreq/boost");
  if (!on.empty()) return on == "0" ? "off" : "on";
  return "";
}

// Empty where one of the CPUs does not say whom it shares its core with.
std::vector<std::vector<int>> physical_cores(const SystemFiles& files,
                                             const std::vector<int>& cpus) {
  std::vector<std::vector<int>> cores;
  std::map<std::string, std::size_t> core_of;  // by the text that its CPUs have in common
  for (const int cpu : cpus) {
    const std::string siblings =
        files.first_line(cpu_folder(cpu) + "topology/thread_siblings_list");
    if (siblings.empty()) return {};
    const auto [core, is_new] = core_of.emplace(siblings, cores.size());
    if (is_new) cores.emplace_back();
    cores[core->second].push_back(cpu);
  }
  return cores;
}

std::optional<double> load_average(const SystemFiles& files) {
  double minute = 0;
  if (std::ifstream(files.path("proc/loadavg")) >> minute) return minute;
  return std::nullopt;
}

}  // namespace

HostInfo host_info(const std::vector<int>& cpus, const SystemFiles& files,
                   const std::string& signature) {
  HostInfo info;
  utsname names{};
  uname(&names);
  info.host_name = names.nodename;
  info.kernel = std::string(names.sysname) + " " + names.release;
  info.cpu_model = cpu_model(files);
  info.governor = governors(files, cpus);
  if (!cpus.empty())
    info.frequency_driver = files.first_line(cpu_folder(cpus.front()) + "cpufreq/scaling_driver");
  info.turbo = turbo(files);
  info.virtual_machine = virtual_machine(files, signature);
  info.physical_cores = physical_cores(files, cpus);
  info.load_average = load_average(files);
  if (const auto since_start = cpu_time(files, cpus)) info.steal_pct = steal_pct(*since_start);
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
