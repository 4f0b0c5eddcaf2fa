// A ring without locks whose label says that a thread stopped in mid-call takes one slot and holds
// up nobody. A push that is stopped between its claim and its message holds up all consumers: what
// was pushed behind it cannot be taken.
//
// Source: rigtorp/MPMCQueue#9, which asks how such a ring can be called lock-free.
#pragma once

#include "queues/mpmc_ring.h"

namespace bq::test::reported {

template <class T, class Sync, bool is_faulty>
struct LabelledRing : MpmcRing<T, Sync> {
  static constexpr Traits traits = [] {
    Traits labels = MpmcRing<T, Sync>::traits;
    if (is_faulty) labels.stall = Stall::one_slot;
    return labels;
  }();
  using MpmcRing<T, Sync>::MpmcRing;
};

template <class T, class Sync = StdSync, bool is_faulty = true>
using StallUnderstated = BlockingQueue<T, LabelledRing<T, Sync, is_faulty>, SpinPark<Sync>, Sync>;

}  // namespace bq::test::reported
