#include "benchmarks/platform/affinity.h"

#include <sched.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "benchmarks/util/error.h"

namespace bq::bench {

const std::vector<int>& allowed_cores() {
  static const std::vector<int> cores = [] {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
      throw std::system_error(errno, std::generic_category(), "sched_getaffinity");
    std::vector<int> result;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &set)) result.push_back(core);
    }
    return result;
  }();
  return cores;
}

void pin_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) {
    fatal(ExitStatus::resource_limit,
          "cannot bind a thread to core " + std::to_string(core) + ": " + std::strerror(errno));
  }
}

}  // namespace bq::bench
