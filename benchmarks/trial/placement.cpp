#include "benchmarks/trial/placement.h"

#include <algorithm>

#include "benchmarks/platform/affinity.h"

namespace bq::bench {

std::vector<int> cores_for(const Point& point, CoreOrder order) {
  if (point.placement == Placement::free) return {};
  std::vector<int> taken = allowed_cores();
  taken.resize(std::min(taken.size(), point.threads()));
  if (order == CoreOrder::descending) std::reverse(taken.begin(), taken.end());
  std::vector<int> cores;
  for (std::size_t i = 0; i < point.threads(); ++i) {
    const bool one_core = point.placement == Placement::one_core;
    cores.push_back(one_core ? allowed_cores().front() : taken[i % taken.size()]);
  }
  return cores;
}

std::vector<int> used_cores(const Point& point) {
  std::vector<int> cores = cores_for(point, CoreOrder::ascending);
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
