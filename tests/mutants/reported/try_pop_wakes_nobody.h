// The pop that does not wait takes a message and wakes no producer. A producer that waits for room
// sleeps on beside a free slot, until somebody makes a waiting pop.
//
// Source: ApolloAuto/apollo#13159. There, the queue's plain Dequeue never signals a WaitEnqueue.
#pragma once

#include <optional>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class TryPopWakesNobody : public Locked<TryPopWakesNobody<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<TryPopWakesNobody, T, Sync>;

 public:
  using Base::Base;

  Status try_pop(std::optional<T>& out) {
    typename Base::Lock lock(this->mutex_);
    if (this->ring_.empty()) return this->closed_ ? Status::closed : Status::empty;
    if constexpr (is_faulty) {
      this->ring_.pop_front(out);
      return Status::done;
    } else {
      return this->take(lock, out);
    }
  }
};

}  // namespace bq::test::reported
