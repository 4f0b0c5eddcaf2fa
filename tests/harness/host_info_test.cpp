// What is said of a machine, from files like those under /proc and /sys.
#include "benchmarks/platform/host_info.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "benchmarks/platform/cpu_time.h"
#include "benchmarks/platform/virtual_machine.h"
#include "benchmarks/run/result_rows.h"
#include "benchmarks/run/row_check.h"
#include "benchmarks/run/run_description.h"

namespace bq::bench {
namespace {

namespace fs = std::filesystem;

const std::string no_signature;

// A root folder with the files that a test writes.
class FakeSystem : public testing::Test {
 protected:
  FakeSystem() {
    std::string name = (fs::temp_directory_path() / "bqb-system-XXXXXX").string();
    root_ = mkdtemp(name.data());
  }
  ~FakeSystem() override { fs::remove_all(root_); }

  void write(const std::string& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  void write_cpu(int cpu, const std::string& file, const std::string& text) {
    write("sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/" + file, text + "\n");
  }
  void write_cpuinfo(const std::string& flags) {
    write("proc/cpuinfo", "processor\t: 0\nmodel name\t: Toy 9000\nflags\t\t: " + flags + "\n");
  }
  void write_firmware(const std::string& vendor, const std::string& product) {
    write("sys/class/dmi/id/sys_vendor", vendor + "\n");
    write("sys/class/dmi/id/product_name", product + "\n");
  }

  HostInfo info(const std::vector<int>& cpus) const {
    return host_info(cpus, SystemFiles(root_), no_signature);
  }
  std::string machine(const std::string& signature = no_signature) const {
    return virtual_machine(SystemFiles(root_), signature);
  }
  std::optional<CpuTime> time_of(const std::vector<int>& cpus) const {
    return cpu_time(SystemFiles(root_), cpus);
  }

 private:
  fs::path root_;
};

TEST_F(FakeSystem, SaysNothingOfWhatItDoesNotHave) {
  const HostInfo host = info({0, 1});
  EXPECT_EQ(host.cpu_model, "");
  EXPECT_EQ(host.governor, "");
  EXPECT_EQ(host.frequency_driver, "");
  EXPECT_EQ(host.turbo, "");
  EXPECT_EQ(host.virtual_machine, "");
  EXPECT_TRUE(host.physical_cores.empty());
  EXPECT_EQ(host.load_average, std::nullopt);
  EXPECT_EQ(host.steal_pct, std::nullopt);
}

// -------------------------------------------------------------------------------------- frequency

TEST_F(FakeSystem, NamesTheProcessor) {
  write_cpuinfo("fpu");
  EXPECT_EQ(info({0}).cpu_model, "Toy 9000");
}

TEST_F(FakeSystem, NamesEachGovernorOfTheCpusAskedForOnce) {
  write_cpu(0, "cpufreq/scaling_governor", "ondemand");
  write_cpu(1, "cpufreq/scaling_governor", "performance");
  write_cpu(2, "cpufreq/scaling_governor", "powersave");
  write_cpu(3, "cpufreq/scaling_governor", "performance");
  write_cpu(1, "cpufreq/scaling_driver", "acpi-cpufreq");
  EXPECT_EQ(info({1, 3}).governor, "performance");
  EXPECT_EQ(info({1, 2, 3}).governor, "performance, powersave");
  EXPECT_EQ(info({1, 2, 3}).frequency_driver, "acpi-cpufreq");
}

TEST_F(FakeSystem, ReadsTurboOfIntel) {
  write("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
  EXPECT_EQ(info({0}).turbo, "on");
  write("sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
  EXPECT_EQ(info({0}).turbo, "off");
}

TEST_F(FakeSystem, ReadsTurboOfOtherDrivers) {
  write("sys/devices/system/cpu/cpufreq/boost", "1\n");
  EXPECT_EQ(info({0}).turbo, "on");
  write("sys/devices/system/cpu/cpufreq/boost", "0\n");
  EXPECT_EQ(info({0}).turbo, "off");
}

// ------------------------------------------------------------------------------------------ cores

TEST_F(FakeSystem, GroupsTheCpusAskedForByPhysicalCore) {
  for (const int cpu : {0, 4}) write_cpu(cpu, "topology/thread_siblings_list", "0,4");
  for (const int cpu : {1, 5}) write_cpu(cpu, "topology/thread_siblings_list", "1,5");
  using Cores = std::vector<std::vector<int>>;
  EXPECT_EQ(info({0, 1, 4, 5}).physical_cores, (Cores{{0, 4}, {1, 5}}));
  EXPECT_EQ(info({0, 1, 5}).physical_cores, (Cores{{0}, {1, 5}}));
  EXPECT_EQ(info({0, 1}).physical_cores, (Cores{{0}, {1}}));
}

TEST_F(FakeSystem, KnowsNoCoresWhereOneCpuDoesNotSay) {
  write_cpu(0, "topology/thread_siblings_list", "0");
  EXPECT_TRUE(info({0, 1}).physical_cores.empty());
}

// ------------------------------------------------------------------------------- virtual machines

TEST_F(FakeSystem, KnowsAMachineWithoutAHypervisor) {
  write_cpuinfo("fpu vmx");
  write_firmware("Dell Inc.", "PowerEdge R650");
  EXPECT_EQ(machine(), "");
  write_firmware("Oracle Corporation", "ORACLE SERVER X8-2L");
  EXPECT_EQ(machine(), "");
  write_firmware("Microsoft Corporation", "Surface Laptop 4");
  EXPECT_EQ(machine(), "");
}

TEST_F(FakeSystem, CallsNoContainerAVirtualMachine) {
  write_cpuinfo("fpu");
  write(".dockerenv", "");
  write("proc/1/cgroup", "0::/docker/0123\n");
  EXPECT_EQ(machine(), "");
}

TEST_F(FakeSystem, KnowsAHypervisorByTheFlagAlone) {
  write_cpuinfo("fpu hypervisor sse2");
  EXPECT_EQ(machine(), "unknown hypervisor");
  write_cpuinfo("fpu hypervisors sse2");
  EXPECT_EQ(machine(), "");
}

TEST_F(FakeSystem, NamesTheHypervisorByItsSignature) {
  write_cpuinfo("fpu hypervisor");
  EXPECT_EQ(machine("KVMKVMKVM"), "KVM");
  EXPECT_EQ(machine("VMwareVMware"), "VMware");
  EXPECT_EQ(machine("Microsoft Hv"), "Hyper-V");
  EXPECT_EQ(machine("ToyToyToyToy"), "unknown hypervisor");
  write_firmware("QEMU", "Standard PC (Q35 + ICH9, 2009)");
  EXPECT_EQ(machine("KVMKVMKVM"), "KVM");
  EXPECT_EQ(machine("TCGTCGTCGTCG"), "QEMU");
}

TEST_F(FakeSystem, NamesTheProductByTheFirmware) {
  write_cpuinfo("fpu hypervisor");
  write_firmware("VMware, Inc.", "VMware7,1");
  EXPECT_EQ(machine(), "VMware");
  write_firmware("innotek GmbH", "VirtualBox");
  EXPECT_EQ(machine(), "VirtualBox");
  write_firmware("Microsoft Corporation", "Virtual Machine");
  EXPECT_EQ(machine(), "Hyper-V");
  write_firmware("Xen", "HVM domU");
  EXPECT_EQ(machine(), "Xen");
}

TEST_F(FakeSystem, TellsVirtualAndWholeMachinesOfACloudApart) {
  write_cpuinfo("fpu hypervisor");
  write_firmware("Amazon EC2", "m5.large");
  EXPECT_EQ(machine("KVMKVMKVM"), "Amazon EC2");
  write_firmware("Google", "Google Compute Engine");
  EXPECT_EQ(machine("KVMKVMKVM"), "Google Compute Engine");
  write_cpuinfo("fpu");
  EXPECT_EQ(machine(), "");
  write_firmware("Amazon EC2", "m5.metal");
  EXPECT_EQ(machine(), "");
  // Processors of ARM have no such flag.
  write("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n");
  write_firmware("Amazon EC2", "c7g.metal");
  EXPECT_EQ(machine(), "");
  write_firmware("Amazon EC2", "c7g.large");
  EXPECT_EQ(machine(), "Amazon EC2");
}

TEST_F(FakeSystem, KnowsXenByItsFolder) {
  write("sys/hypervisor/type", "xen\n");
  EXPECT_EQ(machine(), "Xen");
  write("sys/hypervisor/type", "other\n");
  EXPECT_EQ(machine(), "unknown hypervisor");
}

TEST_F(FakeSystem, KnowsAHypervisorByTheDeviceTree) {
  write("proc/device-tree/hypervisor/name", "hypervisor");
  EXPECT_EQ(machine(), "unknown hypervisor");
  write("proc/device-tree/hypervisor/compatible", std::string("linux,kvm\0", 10));
  EXPECT_EQ(machine(), "KVM");
  write("proc/device-tree/hypervisor/compatible", std::string("xen,xen-4.17\0xen,xen\0", 21));
  EXPECT_EQ(machine(), "Xen");
}

// --------------------------------------------------------------------------------- load and steal

TEST_F(FakeSystem, ReadsTheLoadOfAMinute) {
  write("proc/loadavg", "1.25 0.50 0.25 3/105 17515\n");
  EXPECT_EQ(info({0}).load_average, 1.25);
}

TEST_F(FakeSystem, AddsUpTheTimeOfTheCpusAskedFor) {
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  write("proc/stat",
        "cpu  999 0 0 0 0 0 0 999 0 0\n"
        "cpu0 10 20 30 1000 5000 40 50 60 7 7\n"
        "cpu1 1 0 0 1000 0 0 0 2 0 0\n"
        "cpu10 100 0 0 1000 0 0 0 300 0 0\n"
        "intr 1 2 3\n");
  ASSERT_TRUE(time_of({0, 10}));
  EXPECT_DOUBLE_EQ(time_of({0, 10})->busy_s, 250 / ticks);
  EXPECT_DOUBLE_EQ(time_of({0, 10})->stolen_s, 360 / ticks);
  EXPECT_DOUBLE_EQ(time_of({1})->busy_s, 1 / ticks);
  EXPECT_FALSE(time_of({0, 2}));
}

TEST_F(FakeSystem, CountsStealAsAShareOfTheTimeWanted) {
  write("proc/stat", "cpu  0\ncpu0 100 0 80 999999 0 0 0 20 0 0\n");
  EXPECT_DOUBLE_EQ(info({0}).steal_pct.value(), 10);
  write("proc/stat", "cpu  0\ncpu0 0 0 0 999999 0 0 0 0 0 0\n");
  EXPECT_DOUBLE_EQ(info({0}).steal_pct.value(), 0);
}

TEST_F(FakeSystem, CountsBusyCoresBetweenTwoReadings) {
  EXPECT_DOUBLE_EQ(busy_cores({.busy_s = 10}, {.busy_s = 10.75}, 0.5), 1.5);
  EXPECT_DOUBLE_EQ(busy_cores({.busy_s = 10}, {.busy_s = 10}, 0.5), 0);
  EXPECT_DOUBLE_EQ(busy_cores({.busy_s = 10}, {.busy_s = 9.99}, 0.5), 0);
}

// --------------------------------------------------------------------------------------- this one

TEST(Machine, FitsTheRowsOfARun) {
  Json context = context_json(1);
  context["default_rounds"] = 12;
  add_busy_cores(context);
  ASSERT_TRUE(context.contains("busy_cores"));
  EXPECT_GE(context["busy_cores"], 0.0);
  const Json run{{"kind", "run"},
                 {"schema", schema_version},
                 {"context", context},
                 {"scenarios", Json::object()},
                 {"queues", Json::object()}};
  EXPECT_EQ(row_error("run", run).value_or(""), "");
}

}  // namespace
}  // namespace bq::bench
