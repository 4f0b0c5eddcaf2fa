// What the machine offers and how it is at this moment: cores, calibration of the spin work, noise, the cost of moving
// a cache line.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/point.h"

namespace bq::bench {

/// Cores this process may run on, ascending.
const std::vector<int>& allowed_cores();

/// Core for each thread of a point, consumers first (of a pipeline the last stage first); empty with Placement::free.
std::vector<int> cores_for(const Point& point);

/// The distinct cores that a point's threads share, ascending; with Placement::free, as many as they can use at once.
std::vector<int> used_cores(const Point& point);
/// How many.
std::size_t core_count(const Point& point);

/// Memory that this process can still get, by the machine and by its control groups; absent where neither says so.
std::optional<double> available_memory_bytes();

/// Binds the calling thread. Ends the program if that is not allowed.
void pin_to(int core);

/// Ends the program at once with one line: for what no queue is to blame for, in a place that cannot be left otherwise.
[[noreturn]] void give_up(const std::string& why);

struct Probe {
  double ns_per_step = 0;  ///< median over the cores' repetitions, all of them spinning at once
  double cpu_share = 1;    ///< thread CPU / wall of the worst core: below 1 something else ran there
};

/// Spins on as many cores as the point uses, all at once, for some 2 ms.
Probe probe_cores(const Point& point);

/// Median one-way transfer of a cache line between two cores, ns; absent where the point has only one.
std::optional<double> measure_handoff_ns(const Point& point);

struct MachineInfo {
  std::string host_name, cpu_model, kernel, governor;
};
MachineInfo describe_machine();

}  // namespace bq::bench
