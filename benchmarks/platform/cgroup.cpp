#include "benchmarks/platform/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "benchmarks/util/error.h"

namespace bq::bench {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view stem = "bqb.";
constexpr double least_quota_ns = 1e6;  // the kernel's

std::string read_text(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// One write, as these files want it. Throws std::runtime_error.
void write_text(const fs::path& file, const std::string& text) {
  const int fd = open(file.c_str(), O_WRONLY | O_CLOEXEC);
  const bool done =
      fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  if (fd >= 0) close(fd);
  if (!done)
    throw ResourceError(file.string() + ": cannot write " + text + ": " + std::strerror(error));
}

std::vector<std::string> words(const std::string& text, char separator) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, separator);) result.push_back(word);
  return result;
}

bool holds(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool lists(const fs::path& file, std::string_view controller) {
  std::string text = read_text(file);
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return holds(words(text, ' '), controller);
}

// "key value" among the lines of a file; 0 if there is none.
double value_of(const fs::path& file, std::string_view key) {
  std::ifstream stream(file);
  std::string word;
  for (double value = 0; stream >> word >> value;) {
    if (word == key) return value;
  }
  return 0;
}

std::optional<double> quota_of(const fs::path& group, int version) {
  double quota = 0, period = 0;
  if (version == 2) {
    std::ifstream(group / "cpu.max") >> quota >> period;  // "max" is no number
  } else {
    std::ifstream(group / "cpu.cfs_quota_us") >> quota;  // -1: none
    std::ifstream(group / "cpu.cfs_period_us") >> period;
  }
  if (quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

// Up to the limit. The kernel gives up inactive pages of files before it refuses any.
std::optional<double> free_memory_of(const fs::path& group, int version) {
  const bool is_v1 = version == 1;
  double limit = 0, usage = 0;
  // "max" is no number.
  std::ifstream(group / (is_v1 ? "memory.limit_in_bytes" : "memory.max")) >> limit;
  std::ifstream(group / (is_v1 ? "memory.usage_in_bytes" : "memory.current")) >> usage;
  if (limit <= 0) return std::nullopt;
  return std::max(
      0.0, limit - usage +
               value_of(group / "memory.stat", is_v1 ? "total_inactive_file" : "inactive_file"));
}

// The least that `value_of_group` finds of a group and those above it; absent where it finds none.
template <class ValueOf>
std::optional<double> least_on_the_way_up(const ControlGroup& where, ValueOf value_of_group) {
  std::optional<double> least;
  for (fs::path group = where.group;; group = group.parent_path()) {
    const auto value = value_of_group(group, where.version);
    if (value && (!least || *value < *least)) least = value;
    if (group == where.top || group == group.root_path()) return least;
  }
}

// The process that a group of ours is named after.
std::optional<pid_t> owner_of(const fs::path& group) {
  const std::string name = group.filename().string();
  pid_t pid = 0;
  if (!name.starts_with(stem)) return std::nullopt;
  const auto [end, error] =
      std::from_chars(name.data() + stem.size(), name.data() + name.size(), pid);
  if (error != std::errc{} || end != name.data() + name.size() || pid <= 0) return std::nullopt;
  return pid;
}

}  // namespace

std::optional<ControlGroup> find_group(std::string_view controller, std::string_view mountinfo,
                                       std::string_view cgroup) {
  // hierarchy:controllers:path, the second version without controllers
  std::string path, path_v2;
  bool is_v1 = false;
  for (const std::string& line : words(std::string(cgroup), '\n')) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (controllers.empty()) path_v2 = line.substr(second + 1);
    if (!holds(words(controllers, ','), controller)) continue;
    path = line.substr(second + 1);
    is_v1 = true;
  }
  if (!is_v1) path = path_v2;
  if (path.empty()) return std::nullopt;

  // id parent device root mount-point options [tags] - type source options
  for (const std::string& line : words(std::string(mountinfo), '\n')) {
    const std::vector<std::string> fields = words(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (dash - fields.begin() < 6 || fields.end() - dash < 4) continue;
    if (is_v1 ? dash[1] != "cgroup" || !holds(words(dash[3], ','), controller)
              : dash[1] != "cgroup2")
      continue;
    const fs::path top = fields[4];
    const fs::path below = fs::path(path).lexically_relative(fields[3]);
    const bool outside = below.empty() || *below.begin() == "..";  // of what a container may see
    return ControlGroup{is_v1 ? 1 : 2, top, outside || below == "." ? top : top / below};
  }
  return std::nullopt;
}

std::optional<ControlGroup> own_group(std::string_view controller) {
  return find_group(controller, read_text("/proc/self/mountinfo"), read_text("/proc/self/cgroup"));
}

std::optional<double> quota_cores(const ControlGroup& where) {
  return least_on_the_way_up(where, quota_of);
}

std::optional<double> free_memory_bytes(const ControlGroup& where) {
  return least_on_the_way_up(where, free_memory_of);
}

void remove_stale_groups(const ControlGroup& where) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(where.group, error)) {
    const auto owner = owner_of(entry.path());
    if (owner && kill(*owner, 0) != 0 && errno == ESRCH) rmdir(entry.path().c_str());
  }
}

CpuQuota::CpuQuota(double cores) {
  if (cores * period_ns < least_quota_ns)
    throw ResourceError("the kernel refuses quotas below 1 ms in 100 ms");
  const auto outer = own_group("cpu");
  if (!outer) throw ResourceError("no CPU controller is mounted");
  outer_ = *outer;
  if (outer_.version == 2 && !lists(outer_.group / "cgroup.controllers", "cpu")) {
    throw ResourceError(outer_.group.string() + ": its cgroup.controllers has no cpu");
  }
  remove_stale_groups(outer_);
  const fs::path inner = outer_.group / (std::string(stem) + std::to_string(getpid()));
  if (mkdir(inner.c_str(), 0755) != 0) {
    throw ResourceError(inner.string() + ": cannot be created: " + std::strerror(errno));
  }
  inner_ = inner;
  try {
    const std::string quota_us = std::to_string(std::llround(cores * period_ns / 1e3));
    const std::string period_us = std::to_string(std::llround(period_ns / 1e3));
    if (outer_.version == 2) {
      // A group that holds processes hands the controller down to threaded groups only; the root
      // may do as it likes.
      if (fs::exists(outer_.group / "cgroup.type")) write_text(inner_ / "cgroup.type", "threaded");
      const fs::path handed_down = outer_.group / "cgroup.subtree_control";
      if (!lists(handed_down, "cpu")) {
        write_text(handed_down, "+cpu");
        enabled_controller_ = true;
      }
      write_text(inner_ / "cpu.max", quota_us + " " + period_us);
    } else {
      write_text(inner_ / "cpu.cfs_period_us", period_us);
      write_text(inner_ / "cpu.cfs_quota_us", quota_us);
    }
    write_text(inner_ / "cgroup.procs", std::to_string(getpid()));
    inside_ = true;
  } catch (...) {
    remove();
    throw;
  }
}

CpuQuota::~CpuQuota() {
  try {
    leave();
  } catch (const std::exception&) {  // the group stays until a next start, and this process in it
  }
}

void CpuQuota::leave() {
  if (inside_) write_text(outer_.group / "cgroup.procs", std::to_string(getpid()));
  inside_ = false;
  remove();
}

void CpuQuota::remove() noexcept {
  if (inner_.empty()) return;
  // Threads that have been joined may still be on their way out. What is left for another reason
  // goes at a next start.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (rmdir(inner_.c_str()) != 0 && errno == EBUSY && std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  inner_.clear();
  if (enabled_controller_) {
    try {
      write_text(outer_.group / "cgroup.subtree_control", "-cpu");
    } catch (const std::exception&) {  // somebody else needs it by now
    }
  }
  enabled_controller_ = false;
}

double CpuQuota::throttled_ns() const {
  return outer_.version == 2 ? value_of(inner_ / "cpu.stat", "throttled_usec") * 1e3
                             : value_of(inner_ / "cpu.stat", "throttled_time");
}

std::optional<std::string> no_quota_reason(double cores) {
  try {
    CpuQuota(cores).leave();
    return std::nullopt;
  } catch (const std::runtime_error& error) {
    return std::string("needs a CPU quota, which it cannot have: ") + error.what();
  }
}

}  // namespace bq::bench
