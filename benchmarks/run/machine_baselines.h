// Machine baselines: what no queue can beat on this machine at this moment. (One more is measured
// for each block: the transfer of a cache line, calibration.h.)
#pragma once

#include <optional>

namespace bq::bench {

struct MachineBaselines {
  /// Two threads that wake each other by a futex, there and back: twice what it takes to wake a
  /// parked thread. On two cores, where there are two. Median.
  double park_round_trip_ns = 0;
  /// Through the suite's ring for one producer and one consumer, spinning, capacity 1024, 8-byte
  /// messages, no work: median of several runs of 6 ms. Absent on a single core.
  std::optional<double> spsc_msgs_per_s;
  /// One timestamp, now_ticks(), between others: median of several series of 1,000.
  double timestamp_ns = 0;
};

/// Takes less than 0.15 s.
MachineBaselines measure_machine_baselines();

}  // namespace bq::bench
