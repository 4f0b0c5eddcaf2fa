// A pop that finds nothing spins a little and then looks whether the queue is closed. If the last
// push and the close come between the two looks, it reports the end beside a message whose push has
// returned.
//
// Source: seqan/seqan3#2276, whose consumers saw an empty queue and then a closed flag. The ring
// does not synchronise through Sync, so only threads that run at once show the fault.
#pragma once

#include <optional>

#include "queues/mpmc_ring.h"

namespace bq::test::reported {

template <class T, bool is_faulty>
struct LateLookingRing : MpmcRing<T, StdSync> {
  using MpmcRing<T, StdSync>::MpmcRing;
  Status try_pop(std::optional<T>& out) {
    const Status status = MpmcRing<T, StdSync>::try_pop(out);
    if (status != Status::empty) return status;
    for (int round = 0; round < 8; ++round) StdSync::relax();
    if (!this->is_closed()) return Status::empty;
    return is_faulty ? Status::closed : MpmcRing<T, StdSync>::try_pop(out);
  }
};

template <class T, class Sync = StdSync, bool is_faulty = true>
using EndBeforeLastMessage = BlockingQueue<T, LateLookingRing<T, is_faulty>, Park<Sync>, Sync>;

}  // namespace bq::test::reported
