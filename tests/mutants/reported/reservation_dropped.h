// A push first reserves a place and then writes its message. Once the queue is closed, consumers
// wait until nothing is reserved. A try_push that is refused between its two steps drops the
// reservation and wakes nobody: the consumers sleep for ever.
//
// Source: tokio-rs/tokio#8260, where a reservation that failed on a closed channel did not wake the
// receiver.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class ReservationDropped : public Locked<ReservationDropped<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<ReservationDropped, T, Sync>;

 public:
  static constexpr Traits traits{
      .element = Element::nothrow_movable, .timed = Timed::yes, .waiting = "condvar"};
  using Base::Base;

  template <class Timeout>
  Status push_with(T&& value, const Timeout& timeout) {
    typename Base::Lock lock(this->mutex_);
    while (this->ring_.size() + reserved_ == this->capacity() && !this->closed_) {
      if (!timeout.sleep(this->not_full_, lock))
        return this->ring_.full() ? Status::timeout : Status::busy;
    }
    if (this->closed_) return Status::closed;
    ++reserved_;
    lock.unlock();
    lock.lock();
    --reserved_;
    if (!this->closed_) return this->put(lock, std::move(value));
    if (!is_faulty || Timeout::waits) this->not_empty_.wake_all();
    return Status::closed;
  }

  Status pop_with(std::optional<T>& out, const auto& timeout) {
    typename Base::Lock lock(this->mutex_);
    while (this->ring_.empty()) {
      if (this->closed_ && reserved_ == 0) return Status::closed;
      if (!timeout.sleep(this->not_empty_, lock))
        return this->closed_ ? Status::busy : Status::timeout;
    }
    return this->take(lock, out);
  }

 private:
  std::size_t reserved_ = 0;
};

}  // namespace bq::test::reported
