#include "benchmarks/run/run_description.h"

#include <gnu/libc-version.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "benchmarks/build_info.h"
#include "benchmarks/platform/affinity.h"
#include "benchmarks/platform/cgroup.h"
#include "benchmarks/platform/clock.h"
#include "benchmarks/platform/cpu_time.h"
#include "benchmarks/platform/host_info.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/hash.h"

namespace bq::bench {

namespace {

std::string local_time() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm local{};
  localtime_r(&now, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &local);
  return text;
}

std::filesystem::path this_program() {
  return std::filesystem::read_symlink("/proc/self/exe");
}

// Of the program's name, before a number (cmake/BenchPrograms.cmake).
constexpr std::string_view layout_extension = ".layout_";

std::string compiler() {
#if defined(__clang__)
  return "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__) + "." +
         std::to_string(__clang_patchlevel__);
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace

std::size_t layout() {
  const std::string extension = this_program().extension().string();
  std::size_t number = 0;
  if (!extension.starts_with(layout_extension)) return 0;
  const char* const digits = extension.c_str() + layout_extension.size();
  std::from_chars(digits, extension.c_str() + extension.size(), number);
  return number;
}

std::string binary_id() {
  std::filesystem::path program = this_program();
  if (layout() != 0) program.replace_extension();
  std::ifstream file(program, std::ios::binary);
  if (!file) {
    throw UsageError(this_program().string() + " is a layout of " + program.string() +
                     ", which is not there: build again");
  }
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash_text(bytes, 0)));
  return text;
}

Json machine_json() {
  const HostInfo host = host_info(allowed_cores());
  Json machine{{"host_name", host.host_name},
               {"cpu_model", host.cpu_model},
               {"cores", allowed_cores().size()},
               {"kernel", host.kernel}};
  const auto add_text = [&](const char* name, const std::string& text) {
    if (!text.empty()) machine[name] = text;
  };
  const auto add_number = [&](const char* name, std::optional<double> number) {
    if (number) machine[name] = *number;
  };
  if (!host.physical_cores.empty()) machine["physical_cores"] = host.physical_cores;
  add_text("virtual_machine", host.virtual_machine);
  add_text("governor", host.governor);
  add_text("frequency_driver", host.frequency_driver);
  add_text("turbo", host.turbo);
  if (const auto group = own_group("cpu")) {
    const auto quota = quota_cores(*group);
    if (quota && *quota < static_cast<double>(allowed_cores().size()))
      machine["cpu_quota_cores"] = *quota;
  }
  add_number("load_average", host.load_average);
  add_number("steal_pct", host.steal_pct);
  return machine;
}

Json context_json(std::uint64_t seed) {
  Json context{{"date", local_time()}};
  context.update(machine_json());
  context["compiler"] = compiler();
  context["build_type"] = BQ_BUILD_TYPE;
  context["flags"] = BQ_FLAGS;
  context["libraries"] = {{"glibc", gnu_get_libc_version()}};
  context["libraries"].update(Json::parse(BQ_LIBRARIES));
  context["version"] = BQ_VERSION;
  context["commit"] = BQ_COMMIT;
  context["dirty"] = static_cast<bool>(BQ_DIRTY);
  context["binary_id"] = binary_id();
  context["seed"] = seed;
  context["clock"] = clock_name();
  return context;
}

void add_busy_cores(Json& context) {
  const auto cores = measure_busy_cores(SystemFiles(), allowed_cores());
  if (cores) context["busy_cores"] = *cores;
}

}  // namespace bq::bench
