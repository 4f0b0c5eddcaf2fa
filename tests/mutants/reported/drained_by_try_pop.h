// close() wakes the consumers only if the queue is empty; otherwise the pop that takes the last
// message is to wake them. A try_pop does not: the consumers that wait in pop sleep for ever beside
// a queue that is closed and drained.
//
// Source: after tzcnt/TooManyCooks#219, where close() did not wake all waiters, and draining did.
#pragma once

#include <optional>
#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class DrainedByTryPop : public Locked<DrainedByTryPop<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<DrainedByTryPop, T, Sync>;

 public:
  using Base::Base;

  void close() {
    const typename Base::Lock lock(this->mutex_);
    this->closed_ = true;
    this->not_full_.wake_all();
    if (this->ring_.empty()) this->not_empty_.wake_all();
  }

  template <class Timeout>
  Status pop_with(std::optional<T>& out, const Timeout& timeout) {
    const Status status = Base::pop_with(out, timeout);
    if (status == Status::done && (Timeout::waits || !is_faulty)) {
      const typename Base::Lock lock(this->mutex_);
      if (this->closed_ && this->ring_.empty()) this->not_empty_.wake_all();
    }
    return status;
  }
};

}  // namespace bq::test::reported
