// Queue-independent set-up of a trial's threads.
#pragma once

#include <cstddef>
#include <system_error>
#include <vector>

#include "benchmarks/trial/trial.h"
#include "benchmarks/trial/worker.h"

namespace bq::bench::detail {

/// Allocates and touches the memory for everything that the threads will record, so that the
/// measured loops need not. Reuses what is allocated. `capacity`: as the queue reports it.
void prepare(TrialRecord& record, const TrialPlan& plan, std::size_t capacity);

/// Binds the calling thread to its core and sets its timer slack. `thread`: its index among the
/// trial's threads. `cores`: of cores_for().
void pin_and_configure_thread(const TrialPlan& plan, const std::vector<int>& cores,
                              std::size_t thread);

/// To be called by the thread that will work, before the start: its working set takes time to set
/// up, during which the watchdog sees it at work.
Worker make_worker(const Work& work, WorkerStatus& status);

/// Ends the process: the threads that have started wait for the others at the barrier and cannot be
/// joined.
[[noreturn]] void cannot_start(const Point& point, const std::system_error& error);

}  // namespace bq::bench::detail
