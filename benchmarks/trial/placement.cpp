#include "benchmarks/trial/placement.h"

#include <algorithm>

#include "benchmarks/platform/affinity.h"

namespace bq::bench {

std::vector<int> cores_for(const Point& point) {
  const std::vector<int>& allowed = allowed_cores();
  std::vector<int> cores;
  if (point.placement == Placement::free) return cores;
  for (std::size_t i = 0; i < point.threads(); ++i) {
    const bool one_core = point.placement == Placement::one_core;
    cores.push_back(one_core ? allowed[0] : allowed[i % allowed.size()]);
  }
  return cores;
}

std::vector<int> used_cores(const Point& point) {
  std::vector<int> cores = cores_for(point);
  if (cores.empty()) {
    cores = allowed_cores();
    cores.resize(std::min(cores.size(), point.threads()));
  }
  std::sort(cores.begin(), cores.end());
  cores.erase(std::unique(cores.begin(), cores.end()), cores.end());
  return cores;
}

std::size_t core_count(const Point& point) {
  return used_cores(point).size();
}

}  // namespace bq::bench
