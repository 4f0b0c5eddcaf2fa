// The pop that writes into the caller's optional takes a message and wakes no producer; the pop
// that returns one does. Where consumers use that form, a producer that waits for room sleeps on
// beside free slots.
//
// Source: after akka/akka-core#1572. There, it is drainTo, into the caller's collection, that does
// not signal notFull.
#pragma once

#include <optional>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class IntoPopWakesNobody : public Locked<IntoPopWakesNobody<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<IntoPopWakesNobody, T, Sync>;

 public:
  using Base::Base;
  using Base::pop;

  Status pop(std::optional<T>& out) {
    typename Base::Lock lock(this->mutex_);
    while (this->ring_.empty() && !this->closed_) this->not_empty_.wait(lock);
    if (this->ring_.empty()) {
      out.reset();
      return Status::closed;
    }
    if constexpr (is_faulty) {
      this->ring_.pop_front(out);
      return Status::done;
    } else {
      return this->take(lock, out);
    }
  }
};

}  // namespace bq::test::reported
