// try_pop finds that a push has claimed the next slot and has yet to write it, and spins until it
// has. A producer that is stopped there, by a thread of a higher priority for example, stops the
// call that never waits.
//
// Source: rust-lang/rust#112723; the same in crossbeam-rs/crossbeam#997.
#pragma once

#include <optional>

#include "queues/mpmc_ring.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class TryPopSpins : public BlockingQueue<T, MpmcRing<T, Sync>, SpinPark<Sync>, Sync> {
  using Base = BlockingQueue<T, MpmcRing<T, Sync>, SpinPark<Sync>, Sync>;

 public:
  using Base::Base;

  Status try_pop(std::optional<T>& out) {
    Status status = Base::try_pop(out);
    while (is_faulty && status == Status::busy) {
      Sync::relax();
      status = Base::try_pop(out);
    }
    return status;
  }
};

}  // namespace bq::test::reported
