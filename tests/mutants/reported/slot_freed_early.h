// A pop frees its slot first and then moves the message out, so that a push can write over the
// message that is just being moved. A caller gets a message that is half another one.
// Source: Dn-Programming-Core-Management/Dn-FamiTracker#149, which read from the slot of an SPSC
// queue after it had popped it.
#pragma once

#include <cstdint>
#include <optional>

#include "tests/mutants/reported/plain_spsc_ring.h"

namespace bq::test::reported {

template <class T, class Sync, bool is_faulty>
struct EarlyFreeingRing : PlainSpscRing<T, Sync> {
  using PlainSpscRing<T, Sync>::PlainSpscRing;
  Status try_pop(std::optional<T>& out) {
    if constexpr (!is_faulty) return PlainSpscRing<T, Sync>::try_pop(out);
    std::uint64_t head = 0;
    if (const Status status = this->look_at_front(head); status != Status::done) return status;
    this->head_.store(head + 1, std::memory_order_release);
    this->cell(head).take(out);
    return Status::done;
  }
};

template <class T, class Sync = StdSync, bool is_faulty = true>
using SlotFreedEarly = BlockingQueue<T, EarlyFreeingRing<T, Sync, is_faulty>, SpinPark<Sync>, Sync>;

}  // namespace bq::test::reported
