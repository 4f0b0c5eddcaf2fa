#include "benchmarks/run/run_description.h"

#include <gnu/libc-version.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>

#include "benchmarks/build_info.h"
#include "benchmarks/platform/affinity.h"
#include "benchmarks/platform/cgroup.h"
#include "benchmarks/platform/clock.h"
#include "benchmarks/platform/host_info.h"
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

std::string compiler() {
#if defined(__clang__)
  return "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__) + "." +
         std::to_string(__clang_patchlevel__);
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace

std::string binary_id() {
  std::ifstream self("/proc/self/exe", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(self), {}};
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash_text(bytes, 0)));
  return text;
}

Json context_json(std::uint64_t seed) {
  const HostInfo host = host_info();
  Json context{{"date", local_time()},
               {"host_name", host.host_name},
               {"cpu_model", host.cpu_model},
               {"cores", allowed_cores().size()},
               {"kernel", host.kernel}};
  if (!host.governor.empty()) context["governor"] = host.governor;
  if (const auto group = own_group("cpu")) {
    const auto quota = quota_cores(*group);
    if (quota && *quota < static_cast<double>(allowed_cores().size()))
      context["cpu_quota_cores"] = *quota;
  }
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

}  // namespace bq::bench
