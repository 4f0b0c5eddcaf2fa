// A timed push whose deadline has passed looks whether the queue is full before it looks whether it
// is closed. Of a queue that is full and closed it returns timeout, and a caller that tries again
// until it is refused tries for ever.
//
// Source: tokio-rs/tokio#4118, where try_reserve returned Full for a closed channel.
#pragma once

#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class FullHidesClosed : public Locked<FullHidesClosed<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<FullHidesClosed, T, Sync>;

 public:
  using Base::Base;

  Status try_push_until(T&& value, Deadline deadline) {
    const typename Base::WaitUntil timeout{deadline};
    if constexpr (is_faulty) {
      const typename Base::Lock lock(this->mutex_);
      if (this->ring_.full() && !timeout.has_time_left()) return Status::timeout;
    }
    return this->push_with(std::move(value), timeout);
  }
};

}  // namespace bq::test::reported
