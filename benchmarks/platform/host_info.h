// The machine as the operating system describes it.
#pragma once

#include <optional>
#include <string>

namespace bq::bench {

struct HostInfo {
  std::string host_name, cpu_model, kernel;
  std::string governor;  ///< of core 0; empty where the kernel has no frequency scaling
};
HostInfo host_info();

/// Memory that this process can still get, by the machine and by its control groups; absent where
/// neither says so.
std::optional<double> available_memory_bytes();

}  // namespace bq::bench
