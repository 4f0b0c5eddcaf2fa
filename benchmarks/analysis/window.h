// The measured window of a trial.
#pragma once

#include <cstdint>
#include <limits>

#include "benchmarks/analysis/result.h"
#include "benchmarks/analysis/verification.h"
#include "benchmarks/trial/trial.h"

namespace bq::bench {

/// Of a queue: from the last thread warm to the first producer done. Of a chain: from the last
/// thread warm to the last message's arrival at the last stage.
struct Window {
  Ticks open = 0, close = never;

  bool empty() const { return close <= open; }
  bool holds(Ticks t) const { return t > open && t <= close; }
  double length_ns() const { return ns_between(open, close); }
  void write_to(TrialResult& out) const {
    out.window_open = open;
    out.window_close = close;
    out.window_ns = length_ns();
  }
};

/// Of a trial of one queue, timestamped or not.
Window find_window(const TrialRecord& record);

/// Whether a window with `messages` is too short to say anything: less than a quarter of what was
/// planned, because a thread started or ended far from the others.
bool is_too_short(const TrialPlan& plan, std::uint64_t messages);

/// Messages inside the queue over the window, in 100 slices.
Timeline timeline_of(const Window& window, const TrialMessages& messages);

}  // namespace bq::bench
