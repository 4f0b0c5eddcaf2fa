// try_push looks for room, gives up the lock, and calls push. If another thread takes the last slot
// in between, the call that never waits sleeps until somebody pops.
//
// Source: rockorager/libvaxis#283.
#pragma once

#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class TryPushWaits : public Locked<TryPushWaits<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<TryPushWaits, T, Sync>;

 public:
  using Base::Base;

  Status try_push(T&& value) {
    typename Base::Lock lock(this->mutex_);
    if (this->closed_) return Status::closed;
    if (this->ring_.full()) return Status::full;
    if constexpr (is_faulty) {
      lock.unlock();
      return this->push(std::move(value)) ? Status::done : Status::closed;
    } else {
      return this->put(lock, std::move(value));
    }
  }
};

}  // namespace bq::test::reported
