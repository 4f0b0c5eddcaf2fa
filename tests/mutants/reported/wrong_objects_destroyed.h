// The destructor takes the first slots of the ring for those that hold messages, whatever the
// position of the oldest one. It destroys slots without a message, and leaks messages.
//
// Source: after tlx/tlx#70, a ring that destroyed the object at its other end.
#pragma once

#include "tests/mutants/reported/locked.h"
#include "tests/mutants/reported/plain_ring.h"

namespace bq::test::reported {

template <class T, bool is_faulty>
struct UnturnedRing : PlainRing<T> {
  using PlainRing<T>::PlainRing;
  ~UnturnedRing() {
    if constexpr (is_faulty) this->head_ = 0;
  }
};

template <class T, class Sync = StdSync, bool is_faulty = true>
class WrongObjectsDestroyed : public Locked<WrongObjectsDestroyed<T, Sync, is_faulty>, T, Sync,
                                            UnturnedRing<T, is_faulty>> {
 public:
  using WrongObjectsDestroyed::Locked::Locked;
};

}  // namespace bq::test::reported
