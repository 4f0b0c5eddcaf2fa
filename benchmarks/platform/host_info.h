// The machine as the operating system describes it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "benchmarks/platform/system_files.h"
#include "benchmarks/platform/virtual_machine.h"

namespace bq::bench {

/// What is empty or absent is unknown, or the machine does not have it.
struct HostInfo {
  std::string host_name, cpu_model, kernel;
  std::string governor;          ///< of frequency scaling; all there are, joined with ", "
  std::string frequency_driver;  ///< the kernel's driver of frequency scaling
  std::string turbo;             ///< "on", "off"
  std::string virtual_machine;   ///< see virtual_machine()
  /// The CPUs asked for, ascending, those of one physical core together.
  std::vector<std::vector<int>> physical_cores;
  std::optional<double> load_average;  ///< processes that ran or wanted to, over a minute
  std::optional<double> steal_pct;     ///< see steal_pct()
};
/// Of these CPUs, ascending. Both other arguments are for tests.
HostInfo host_info(const std::vector<int>& cpus, const SystemFiles& files = SystemFiles(),
                   const std::string& signature = hypervisor_signature());

/// Memory that this process can still get, by the machine and by its control groups; absent where
/// neither says so.
std::optional<double> available_memory_bytes();

}  // namespace bq::bench
