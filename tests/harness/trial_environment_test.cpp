// What is around a trial: neighbours that give way, quotas that hold and go away again, and what is
// counted besides.
#include "benchmarks/trial/trial_environment.h"

#include <gtest/gtest.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>

#include "benchmarks/analysis/environment_metrics.h"
#include "benchmarks/platform/affinity.h"
#include "benchmarks/platform/cpu_usage.h"
#include "benchmarks/platform/syscall_counter.h"
#include "benchmarks/trial/placement.h"
#include "benchmarks/trial/workload.h"
#include "benchmarks/util/statistics.h"

namespace bq::bench {
namespace {

namespace fs = std::filesystem;

Point on_one_core() {
  Point point;
  point.name = "test";
  point.placement = Placement::one_core;
  return point;
}

// -------------------------------------------------------------------------------------- neighbours

TEST(WorkLog, GivesWhatLiesBetweenItsEntriesInProportion) {
  WorkLog log;
  const auto at = [](double ns) { return static_cast<Ticks>(1e12 + ns / ns_per_tick()); };
  log.add(at(0), 0);
  log.add(at(50'000), 5) /* too soon after the last */;
  log.add(at(200'000), 100);
  log.add(at(10'000'000), 120);
  EXPECT_NEAR(log.between(at(0), at(100'000)), 50, 0.1);
  EXPECT_NEAR(log.between(at(200'000), at(5'100'000)), 10, 0.1);
  EXPECT_NEAR(log.between(at(-1'000), at(99'000'000)), 120, 0.1)
      << "nothing before the first, nothing after the last";
  EXPECT_EQ(WorkLog().between(at(0), at(1'000)), 0);
}

TEST(WorkLog, ThinsOutAndLosesNoStep) {
  WorkLog log;
  const auto at = [](std::uint64_t i) {
    return static_cast<Ticks>(1e12 + 110'000 * static_cast<double>(i) / ns_per_tick());
  };
  // Two speeds: what goes missing in between shows.
  const auto steps = [](std::uint64_t i) {
    return i < 30'000 ? 7 * i : 210'000 + 2 * (i - 30'000);
  };
  for (std::uint64_t i = 0; i <= 100'000; ++i) log.add(at(i), steps(i));
  EXPECT_NEAR(log.between(at(0), at(90'000)), 330'000, 0.1);
  EXPECT_NEAR(log.between(at(3), at(20'004)), 140'007, 0.1);
}

TEST(BackgroundLoad, GiveTheirCoreToWhoeverWantsIt) {
  BackgroundLoad neighbours(on_one_core());
  ASSERT_EQ(neighbours.count(), 1u);
  std::uint64_t steps = 0;
  Ticks from = 0, to = 0;
  std::thread([&] {
    pin_to(allowed_cores()[0]);
    from = now_ticks();
    for (const double cpu = thread_cpu_ns(); thread_cpu_ns() - cpu < 200e6; steps += 100'000)
      spin_steps(100'000);
    to = now_ticks();
  }).join();
  neighbours.stop();
  // Weights of 1024 to 3: whatever else runs there besides takes from both.
  EXPECT_LT(10 * neighbours.steps_between(from, to), static_cast<double>(steps));
}

TEST(BackgroundLoad, WorkAndAreCounted) {
  BackgroundLoad neighbours(on_one_core());
  const Ticks from = now_ticks();
  const auto theirs = [] {  // CPU of all threads but this one
    timespec all{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &all);
    return static_cast<double>(all.tv_sec) * 1e9 + static_cast<double>(all.tv_nsec) -
           thread_cpu_ns();
  };
  for (const double before = theirs(); theirs() - before < 20e6;) std::this_thread::yield();
  neighbours.stop();
  EXPECT_GT(neighbours.steps_between(from, now_ticks()), 100'000) << "20 ms are millions of steps";
}

TEST(BackgroundLoadShares, AreOfWhatTheWorkLeavesOver) {
  const BackgroundLoadShares parker = background_load_shares(150, 200, 40);
  EXPECT_DOUBLE_EQ(parker.work, 0.75);
  EXPECT_DOUBLE_EQ(*parker.lost, 1 - 150.0 / 160);
  EXPECT_DOUBLE_EQ(*background_load_shares(0, 200, 40).lost, 1);
  EXPECT_FALSE(background_load_shares(1, 200, 199).lost) << "the work left next to nothing";
}

TEST(TrialEnvironment, CountOnlyWhatIsThere) {
  TrialResult measurement;
  measurement.messages = 1;
  measurement.window_ns = 1e6;
  TrialEnvironment around(on_one_core());
  around.end();
  add_environment_metrics(around, 1, measurement);
  EXPECT_TRUE(measurement.counters.empty());
}

// ------------------------------------------------------------------------------------------- quota

// The controller's hierarchy as different systems describe it.
TEST(FindGroup, KnowsBothVersions) {
  const auto find = [](const char* mounts, const char* groups) {
    return find_group("cpu", mounts, groups).value();
  };
  const char* v1 =
      "30 20 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n";
  const char* v2 =
      "29 20 0:25 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

  const ControlGroup own = find(v1, "4:cpuset:/elsewhere\n3:cpu,cpuacct:/user/me\n0::/other\n");
  EXPECT_EQ(own.version, 1);
  EXPECT_EQ(own.group, "/sys/fs/cgroup/cpu,cpuacct/user/me");
  EXPECT_EQ(find(v1, "3:cpu,cpuacct:/\n").group, "/sys/fs/cgroup/cpu,cpuacct");

  const ControlGroup unified = find(v2, "0::/user.slice/session-1.scope\n");
  EXPECT_EQ(unified.version, 2);
  EXPECT_EQ(unified.top, "/sys/fs/cgroup");
  EXPECT_EQ(unified.group, "/sys/fs/cgroup/user.slice/session-1.scope");
}

TEST(FindGroup, KnowsControllersApart) {
  const char* mounts =
      "30 20 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
      "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
  const char* groups = "4:memory:/job\n1:cpu:/\n";
  EXPECT_EQ(find_group("cpu", mounts, groups)->group, "/sys/fs/cgroup/cpu");
  EXPECT_EQ(find_group("memory", mounts, groups)->group, "/sys/fs/cgroup/memory/job");
}

TEST(FindGroup, KnowsWhereAContainerStands) {
  const auto group = [](const char* mounts, const char* groups) {
    return find_group("cpu", mounts, groups).value().group;
  };
  // The host's path of the container's group is where its mount begins.
  EXPECT_EQ(group("30 20 0:26 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
                  "3:cpu:/docker/abc/job\n"),
            "/sys/fs/cgroup/cpu/job");
  // A namespace of its own; and a path from outside of what is mounted.
  EXPECT_EQ(group("30 20 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "0::/\n"),
            "/sys/fs/cgroup");
  EXPECT_EQ(group("30 20 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "0::/init\n"),
            "/sys/fs/cgroup");
}

TEST(FindGroup, FindsNoneWhereThereIsNone) {
  EXPECT_FALSE(find_group("cpu", "", "3:cpu:/\n0::/\n"));
  EXPECT_FALSE(find_group(
      "cpu", "30 20 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", "3:cpu:/\n"));
  EXPECT_FALSE(find_group("cpu", "30 20 0:26 / / rw - ext4 /dev/vda rw\nnonsense\n", "nonsense\n"));
}

class FakeGroups : public testing::Test {
 protected:
  // Of this process alone: CTest runs each test in one, several at a time.
  fs::path top_ = fs::path(testing::TempDir()) / ("fake_groups_" + std::to_string(getpid()));
  void SetUp() override {
    fs::remove_all(top_);
    fs::create_directories(top_ / "a" / "b");
  }
  void TearDown() override { fs::remove_all(top_); }
  void set(const fs::path& file, const char* text) { std::ofstream(top_ / file) << text << '\n'; }
};

TEST_F(FakeGroups, TheLeastQuotaOnTheWayUpCounts) {
  const ControlGroup v2{2, top_, top_ / "a" / "b"};
  EXPECT_FALSE(quota_cores(v2));
  set("a/b/cpu.max", "max 100000");
  EXPECT_FALSE(quota_cores(v2));
  set("a/cpu.max", "150000 100000");
  EXPECT_DOUBLE_EQ(*quota_cores(v2), 1.5);
  set("a/b/cpu.max", "20000 10000");
  EXPECT_DOUBLE_EQ(*quota_cores(v2), 1.5);
  set("a/b/cpu.max", "5000 10000");
  EXPECT_DOUBLE_EQ(*quota_cores(v2), 0.5);

  const ControlGroup v1{1, top_, top_ / "a" / "b"};
  for (const char* group : {"", "a", "a/b"}) {
    set(fs::path(group) / "cpu.cfs_quota_us", "-1");
    set(fs::path(group) / "cpu.cfs_period_us", "100000");
  }
  EXPECT_FALSE(quota_cores(v1));
  set("cpu.cfs_quota_us", "250000");
  EXPECT_DOUBLE_EQ(*quota_cores(v1), 2.5);
}

TEST_F(FakeGroups, TheLeastMemoryOnTheWayUpCounts) {
  const ControlGroup v2{2, top_, top_ / "a" / "b"};
  EXPECT_FALSE(free_memory_bytes(v2));
  set("a/b/memory.max", "max");
  set("a/b/memory.current", "100");
  EXPECT_FALSE(free_memory_bytes(v2));
  set("a/memory.max", "1000");
  set("a/memory.current", "700");
  EXPECT_DOUBLE_EQ(*free_memory_bytes(v2), 300);
  set("a/memory.stat", "anon 600\nactive_file 60\ninactive_file 40");
  EXPECT_DOUBLE_EQ(*free_memory_bytes(v2), 340);
  set("a/b/memory.max", "120");
  EXPECT_DOUBLE_EQ(*free_memory_bytes(v2), 20);
  set("a/b/memory.current", "130");
  EXPECT_DOUBLE_EQ(*free_memory_bytes(v2), 0);

  const ControlGroup v1{1, top_, top_ / "a" / "b"};
  EXPECT_FALSE(free_memory_bytes(v1));
  set("memory.limit_in_bytes", "5000");
  set("memory.usage_in_bytes", "2000");
  set("memory.stat", "inactive_file 1\ntotal_inactive_file 500");
  EXPECT_DOUBLE_EQ(*free_memory_bytes(v1), 3500);
}

TEST_F(FakeGroups, OnlyThoseOfDeadProcessesAreStale) {
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  ASSERT_EQ(waitpid(dead, nullptr, 0), dead);
  const fs::path gone = top_ / ("bqb." + std::to_string(dead));
  const fs::path alive = top_ / ("bqb." + std::to_string(getpid()));
  for (const fs::path& group :
       {gone, alive, top_ / "bqb.", top_ / "bqb.12x", top_ / ("other." + std::to_string(dead))})
    fs::create_directory(group);
  remove_stale_groups({1, top_, top_});
  EXPECT_FALSE(fs::exists(gone));
  EXPECT_TRUE(fs::exists(alive));
  EXPECT_TRUE(fs::exists(top_ / "bqb."));
  EXPECT_TRUE(fs::exists(top_ / "bqb.12x"));
  EXPECT_TRUE(fs::exists(top_ / ("other." + std::to_string(dead))));
}

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

bool lists_cpu(const fs::path& controllers) {
  std::istringstream names(text_of(controllers));
  return std::find(std::istream_iterator<std::string>(names), {}, "cpu") !=
         std::istream_iterator<std::string>();
}

// Looks for itself, or what is wrong with CpuQuota would pass for a machine without quotas.
bool cpu_controller_is_mounted() {
  std::ifstream mounts("/proc/self/mounts");
  for (std::string device, folder, type, options, rest;
       mounts >> device >> folder >> type >> options;) {
    std::getline(mounts, rest);
    if (type == "cgroup" && (',' + options + ',').find(",cpu,") != std::string::npos) return true;
    if (type == "cgroup2" && lists_cpu(fs::path(folder) / "cgroup.controllers")) return true;
  }
  return false;
}

// What keeps anybody from making a group with a quota below `outer`; empty if nothing does.
std::string why_no_group_below(const ControlGroup& outer) {
  if (outer.version == 2 && !lists_cpu(outer.group / "cgroup.controllers")) {
    return outer.group.string() + ": has no CPU controller";
  }
  const fs::path probe = outer.group / ("bqb-probe." + std::to_string(getpid()));
  if (mkdir(probe.c_str(), 0755) != 0)
    return outer.group.string() + ": no group below it: " + std::strerror(errno);
  const bool knows_quotas = outer.version == 2 || fs::exists(probe / "cpu.cfs_quota_us");
  fs::remove(probe);
  return knows_quotas ? "" : outer.group.string() + ": the kernel has no quotas";
}

// On the kernel's own hierarchy, where that is allowed.
class RealQuota : public testing::Test {
 protected:
  void SetUp() override {
    if (!cpu_controller_is_mounted()) GTEST_SKIP() << "no CPU controller is mounted";
    const auto outer = own_group("cpu");
    ASSERT_TRUE(outer);
    outer_ = *outer;
    const std::string why = why_no_group_below(outer_);
    if (!why.empty()) GTEST_SKIP() << "no CPU quota: " << why;
    ASSERT_EQ(no_quota_reason(1), std::nullopt);
  }
  ControlGroup outer_;
  const std::string name_ = "bqb." + std::to_string(getpid());
};

TEST_F(RealQuota, HoldsTheWholeProcessAndGoesAway) {
  const std::jthread other([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
  });
  {
    const CpuQuota quota(0.5);
    const ControlGroup inner = own_group("cpu").value();
    EXPECT_EQ(inner.group, outer_.group / name_);
    EXPECT_DOUBLE_EQ(quota_cores(inner).value(), std::min(0.5, quota_cores(outer_).value_or(0.5)));
    std::ifstream tasks(inner.group / (inner.version == 2 ? "cgroup.threads" : "tasks"));
    EXPECT_GE(std::distance(std::istream_iterator<int>(tasks), {}), 2) << "all threads";
  }
  EXPECT_EQ(own_group("cpu")->group, outer_.group);
  EXPECT_FALSE(fs::exists(outer_.group / name_));
}

TEST_F(RealQuota, HoldsBack) {
  CpuQuota quota(0.02);
  while (quota.throttled_ns() == 0) spin_steps(1'000'000);  // 2 ms of every 100
  quota.leave();
  EXPECT_FALSE(fs::exists(outer_.group / name_));
}

TEST_F(RealQuota, ALeftoverOfAKilledProcessGoesAtTheNextStart) {
  const pid_t killed = fork();
  if (killed == 0) {
    const CpuQuota quota(1);
    raise(SIGKILL);
  }
  ASSERT_EQ(waitpid(killed, nullptr, 0), killed);
  const fs::path left = outer_.group / ("bqb." + std::to_string(killed));
  ASSERT_TRUE(fs::exists(left));
  CpuQuota(1).leave();
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(RealQuota, WhatTheKernelRefusesIsSaid) {
  const auto too_small = no_quota_reason(0.005);
  ASSERT_TRUE(too_small);
  EXPECT_NE(too_small->find("below 1 ms"), std::string::npos) << *too_small;
  fs::create_directory(outer_.group / name_);  // somebody is there already
  const auto taken = no_quota_reason(1);
  fs::remove(outer_.group / name_);
  ASSERT_TRUE(taken);
  EXPECT_NE(taken->find(name_ + ": cannot be created: File exists"), std::string::npos) << *taken;
}

// ---------------------------------------------------------------------------- fairness, the kernel

TEST(JainIndex, OfKnownShares) {
  EXPECT_DOUBLE_EQ(*jain_index({5, 5, 5, 5}), 1);
  EXPECT_DOUBLE_EQ(*jain_index({8, 0, 0, 0}), 0.25) << "one of four has it all";
  EXPECT_DOUBLE_EQ(*jain_index({3, 3, 0, 0}), 0.5) << "two of four share it";
  EXPECT_DOUBLE_EQ(*jain_index({4, 2}), 0.9);
  EXPECT_FALSE(jain_index({7}));
  EXPECT_FALSE(jain_index({0, 0}));
}

// Why this machine counts no system calls; empty if it does. By hand, as
// cpu_controller_is_mounted().
std::string why_no_tracepoint() {
  perf_event_attr what{};
  what.size = sizeof what;
  what.type = PERF_TYPE_TRACEPOINT;
  if (!(std::istringstream(text_of("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id") +
                           text_of("/sys/kernel/debug/tracing/events/raw_syscalls/sys_enter/id")) >>
        what.config)) {
    return "tracefs is not mounted, or not readable";
  }
  const auto descriptor =
      static_cast<int>(syscall(SYS_perf_event_open, &what, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
  if (descriptor < 0) return std::string("perf_event_open: ") + std::strerror(errno);
  close(descriptor);
  return "";
}

TEST(SyscallCount, CountsTheThreadsOwnAndLeavesTheHarnesssOut) {
  const std::string why = why_no_tracepoint();
  if (!why.empty()) GTEST_SKIP() << "system calls cannot be counted: " << why;
  const SyscallTracepoint tracepoint;
  ASSERT_TRUE(tracepoint.works());
  EXPECT_FALSE(CpuUsage::of_this_thread().syscalls) << "this one does not count";
  std::optional<std::uint64_t> calls;
  std::thread([&] {
    count_syscalls_of_this_thread();
    const CpuUsage before = CpuUsage::of_this_thread();
    for (int i = 0; i < 1'000; ++i) syscall(SYS_getppid);
    for (int i = 0; i < 10; ++i) sleep_ns(1);
    CpuUsage::of_this_thread();
    calls = (CpuUsage::of_this_thread() - before).syscalls;
  }).join();
  EXPECT_EQ(calls.value(), 1'000u);
}

}  // namespace
}  // namespace bq::bench
