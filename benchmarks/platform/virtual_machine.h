// Whether this system runs under a hypervisor, and under which.
#pragma once

#include <string>

#include "benchmarks/platform/system_files.h"

namespace bq::bench {

/// What the hypervisor calls itself in the instruction CPUID ("KVMKVMKVM"). Empty where it does not
/// say, or the processor has no such instruction.
std::string hypervisor_signature();

/// The product or the hypervisor: "Amazon EC2", "KVM", "VMware", "unknown hypervisor". Empty on a
/// machine without one. A container alone is no virtual machine. `signature` is what
/// hypervisor_signature() returns.
std::string virtual_machine(const SystemFiles& files, const std::string& signature);

}  // namespace bq::bench
