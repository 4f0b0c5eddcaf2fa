// What a trial's threads need before they start, and no queue has a part in.
#pragma once

#include <cstddef>
#include <system_error>
#include <vector>

#include "benchmarks/trial/trial.h"

namespace bq::bench::detail {

/// Makes room for all that the threads will note down, and touches that memory now rather than in the loops. What is
/// there already is used again. `capacity`: the queue's own word.
void prepare(TrialRecord& record, const TrialPlan& plan, std::size_t capacity);

/// Puts the calling thread where it belongs, by its index among the trial's. `cores`: of cores_for().
void settle(const TrialPlan& plan, const std::vector<int>& cores, std::size_t thread);

/// Ends the program: those threads that run wait for the others at the barrier, so there is no way back.
[[noreturn]] void cannot_start(const Point& point, const std::system_error& error);

}  // namespace bq::bench::detail
