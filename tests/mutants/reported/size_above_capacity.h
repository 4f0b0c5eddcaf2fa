// size_approx() reads the head and then the tail, and returns the difference. Messages that pass
// between the two reads are counted as if they were inside: the size is above the capacity.
//
// Source: JCTools/JCTools#297, a queue of capacity 8 whose size was 9.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tests/mutants/reported/plain_spsc_ring.h"

namespace bq::test::reported {

template <class T, class Sync, bool is_faulty>
struct UncheckedSizeRing : PlainSpscRing<T, Sync> {
  using PlainSpscRing<T, Sync>::PlainSpscRing;
  std::size_t size_approx() const {
    if constexpr (!is_faulty) return PlainSpscRing<T, Sync>::size_approx();
    const std::uint64_t head = this->head_.load(std::memory_order_acquire);
    return this->tail_.load(std::memory_order_acquire) - head;
  }
};

template <class T, class Sync = StdSync, bool is_faulty = true>
using SizeAboveCapacity =
    BlockingQueue<T, UncheckedSizeRing<T, Sync, is_faulty>, SpinPark<Sync>, Sync>;

}  // namespace bq::test::reported
