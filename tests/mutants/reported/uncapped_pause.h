// A timed push looks again after pauses that double, and takes each of them in full, however little
// of its time is left: it returns up to a pause after its deadline. (Room ends a pause early.)
//
// Source: after RedHatQE/wait_for#43. There, what is awaited is any condition.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class UncappedPause : public Locked<UncappedPause<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<UncappedPause, T, Sync>;

 public:
  using Base::Base;

  Status try_push_until(T&& value, Deadline deadline) {
    const typename Base::WaitUntil timeout{deadline};
    std::chrono::nanoseconds pause = std::chrono::microseconds(50);
    typename Base::Lock lock(this->mutex_);
    while (this->ring_.full() && !this->closed_) {
      if (!timeout.has_time_left()) return Status::timeout;
      const Deadline look_again = Sync::now() + pause;
      const Deadline wake_up = is_faulty ? look_again : std::min(look_again, deadline);
      typename Base::WaitUntil{wake_up}.sleep(this->not_full_, lock);
      pause *= 2;
    }
    if (this->closed_) return Status::closed;
    return this->put(lock, std::move(value));
  }
};

}  // namespace bq::test::reported
