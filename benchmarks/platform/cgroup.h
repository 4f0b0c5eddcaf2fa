// The limits that containers run under: finding the CPU quota and the memory of this process, and
// putting it under another quota for a while.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace bq::bench {

/// Where a process stands in the hierarchy of a controller: cpu or memory.
struct ControlGroup {
  int version = 1;              ///< of cgroup: the files have other names
  std::filesystem::path top;    ///< where the hierarchy is mounted
  std::filesystem::path group;  ///< the process's own group: `top` or below
};

/// From /proc/self/mountinfo and /proc/self/cgroup, or texts like them. Absent: no such controller
/// is mounted.
std::optional<ControlGroup> find_group(std::string_view controller, std::string_view mountinfo,
                                       std::string_view cgroup);
/// Of this process, now.
std::optional<ControlGroup> own_group(std::string_view controller);

/// The least quota of a group and those above it, in cores; absent where none has any.
std::optional<double> quota_cores(const ControlGroup& where);

/// What a group and those above it leave of their memory limits; absent where none has any. Of the
/// memory controller.
std::optional<double> free_memory_bytes(const ControlGroup& where);

/// Removes what killed processes have left below `where`: groups named after a process that is no
/// more.
void remove_stale_groups(const ControlGroup& where);

/// Puts the whole process, all its threads, into a group of its own below the one it is in, named
/// bqb.<pid>, with a quota of `cores` in every 100 ms, as container runtimes do; leave() or the
/// destructor puts it back and removes the group. One at a time.
class CpuQuota {
 public:
  static constexpr double period_ns = 100e6;

  /// Throws ResourceError, which says what is missing; nothing is left then.
  explicit CpuQuota(double cores);
  ~CpuQuota();
  CpuQuota(const CpuQuota&) = delete;
  CpuQuota& operator=(const CpuQuota&) = delete;

  void leave();
  /// Time during which the group was held back, summed over the cores on which it was. Until
  /// leave().
  double throttled_ns() const;

 private:
  void remove() noexcept;

  ControlGroup outer_;
  std::filesystem::path inner_;
  /// Version 2: the outer group did not hand the controller down before.
  bool enabled_controller_ = false;
  bool inside_ = false;
};

/// Why this process cannot be put under a quota of `cores`, in words; absent if it can. Tries.
std::optional<std::string> no_quota_reason(double cores);

}  // namespace bq::bench
