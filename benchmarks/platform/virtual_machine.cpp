#include "benchmarks/platform/virtual_machine.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include <array>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

namespace bq::bench {

namespace {

struct Name {
  std::string_view begins;  ///< how a text of the system begins
  std::string_view name;
};

// Of CPUID, leaf 0x40000000.
constexpr std::array signatures{
    Name{"KVMKVMKVM", "KVM"},           Name{"Linux KVM Hv", "KVM"},
    Name{"XenVMMXenVMM", "Xen"},        Name{"TCGTCGTCGTCG", "QEMU"},
    Name{"VMwareVMware", "VMware"},     Name{"Microsoft Hv", "Hyper-V"},
    Name{"VBoxVBoxVBox", "VirtualBox"}, Name{"bhyve bhyve ", "bhyve"},
    Name{"ACRNACRNACRN", "ACRN"},       Name{" lrpepyh  vr", "Parallels"},
    Name{"prl hyperv  ", "Parallels"},  Name{"Apple VZ", "Apple"},
};

// Clouds also rent whole machines under these names.
constexpr std::array clouds{
    Name{"Amazon EC2", "Amazon EC2"},
    Name{"Google Compute Engine", "Google Compute Engine"},
    Name{"Alibaba Cloud", "Alibaba Cloud"},
    Name{"OpenStack", "OpenStack"},
};

// Of the firmware (DMI). No machine has these. A maker of both has none here: "Oracle Corporation"
// is VirtualBox or a server.
constexpr std::array products{
    Name{"KVM", "KVM"},     Name{"KubeVirt", "KVM"},          Name{"VMware", "VMware"},
    Name{"VMW", "VMware"},  Name{"VirtualBox", "VirtualBox"}, Name{"innotek GmbH", "VirtualBox"},
    Name{"Xen", "Xen"},     Name{"HVM domU", "Xen"},          Name{"Parallels", "Parallels"},
    Name{"BHYVE", "bhyve"}, Name{"Bochs", "Bochs"},           Name{"Apple Virtualization", "Apple"},
    Name{"QEMU", "QEMU"},
};

template <std::size_t size>
std::optional<std::string> name_in(const std::array<Name, size>& names, std::string_view text) {
  for (const Name& each : names) {
    if (text.starts_with(each.begins)) return std::string(each.name);
  }
  return std::nullopt;
}

// The words of "flags" of the first processor; absent where it has no such line: not an x86.
std::optional<std::string> cpu_flags(const SystemFiles& files) {
  std::ifstream cpuinfo(files.path("proc/cpuinfo"));
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.starts_with("flags")) return line;
  }
  return std::nullopt;
}

bool has_word(const std::string& text, std::string_view word) {
  std::istringstream words(text);
  for (std::string each; words >> each;) {
    if (each == word) return true;
  }
  return false;
}

// A cloud's machine. `flags` decides where there are some; elsewhere its product is called .metal.
std::optional<std::string> cloud_of(const std::string& vendor, const std::string& product,
                                    const std::optional<std::string>& flags) {
  const bool is_bare =
      flags ? !has_word(*flags, "hypervisor") : product.find(".metal") != std::string::npos;
  if (is_bare) return std::nullopt;
  const auto cloud = name_in(clouds, product);
  return cloud ? cloud : name_in(clouds, vendor);
}

std::optional<std::string> product_of(const std::string& vendor, const std::string& product) {
  if (vendor == "Microsoft Corporation" && product == "Virtual Machine") return "Hyper-V";
  const auto name = name_in(products, product);
  return name ? name : name_in(products, vendor);
}

// The hypervisors of processors without CPUID.
std::optional<std::string> device_tree_hypervisor(const SystemFiles& files) {
  if (!files.exists("proc/device-tree/hypervisor")) return std::nullopt;
  const std::string compatible = files.first_line("proc/device-tree/hypervisor/compatible");
  if (compatible.starts_with("linux,kvm")) return "KVM";
  if (compatible.find("xen") != std::string::npos) return "Xen";
  if (compatible.find("vmware") != std::string::npos) return "VMware";
  return "unknown hypervisor";
}

}  // namespace

std::string hypervisor_signature() {
#if defined(__x86_64__) || defined(__i386__)
  constexpr unsigned has_hypervisor = 1U << 31;  // in ecx of leaf 1
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & has_hypervisor) == 0) return "";
  __cpuid(0x40000000U, eax, ebx, ecx, edx);
  const std::array<unsigned, 3> words{ebx, ecx, edx};
  std::array<char, sizeof words> text{};
  std::memcpy(text.data(), words.data(), sizeof words);
  const std::string_view signature(text.data(), text.size());
  return std::string(signature.substr(0, signature.find('\0')));
#else
  return "";
#endif
}

std::string virtual_machine(const SystemFiles& files, const std::string& signature) {
  const std::string vendor = files.first_line("sys/class/dmi/id/sys_vendor");
  const std::string product = files.first_line("sys/class/dmi/id/product_name");
  const auto flags = cpu_flags(files);
  if (const auto cloud = cloud_of(vendor, product, flags)) return *cloud;
  // Before the firmware, which calls a machine of QEMU so whether KVM runs it or not.
  if (const auto hypervisor = name_in(signatures, signature)) return *hypervisor;
  if (const auto name = product_of(vendor, product)) return *name;
  if (const auto hypervisor = device_tree_hypervisor(files)) return *hypervisor;
  // The first domain of Xen has this, too: Xen lends it its CPUs as it does others.
  if (files.first_line("sys/hypervisor/type") == "xen") return "Xen";
  const bool has_any =
      files.exists("sys/hypervisor/type") || (flags && has_word(*flags, "hypervisor"));
  return has_any || !signature.empty() ? "unknown hypervisor" : "";
}

}  // namespace bq::bench
