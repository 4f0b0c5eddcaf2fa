// A timed pop sleeps apart from the pops without a deadline, and try_push wakes only those. The
// timed pop sleeps until its deadline beside a message that came long before, although it then
// takes it. Other pushes wake both.
//
// Source: after JCTools/JCTools#386. There, poll with a time-out sleeps on after an offer.
#pragma once

#include <optional>
#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class TryPushWakesNoTimedPop : public Locked<TryPushWakesNoTimedPop<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<TryPushWakesNoTimedPop, T, Sync>;
  friend bq::detail::Calls<TryPushWakesNoTimedPop, T, Sync>;

 public:
  using Base::Base;

  void close() {
    Base::close();
    timed_not_empty_.notify_all();
  }

 private:
  template <class Timeout>
  Status push_with(T&& value, const Timeout& timeout) {
    typename Base::Lock lock(this->mutex_);
    while (this->ring_.full() && !this->closed_) {
      if (!timeout.sleep(this->not_full_, lock)) return Status::timeout;
    }
    if (this->closed_) return Status::closed;
    if (!is_faulty || Timeout::waits) timed_not_empty_.notify_one();
    return this->put(lock, std::move(value));
  }

  Status pop_with(std::optional<T>& out, const auto& timeout) {
    typename Base::Lock lock(this->mutex_);
    while (this->ring_.empty() && !this->closed_) {
      if (!sleep(timeout, lock)) return Status::timeout;
    }
    if (this->ring_.empty()) return Status::closed;
    try {
      return this->take(lock, out);
    } catch (...) {
      timed_not_empty_.notify_one();
      throw;
    }
  }

  bool sleep(const auto& timeout, typename Base::Lock& lock) {
    if constexpr (requires { timeout.deadline; }) {
      return timeout.sleep(timed_not_empty_, lock);
    } else {
      return timeout.sleep(this->not_empty_, lock);
    }
  }

  typename Sync::condition_variable timed_not_empty_{"timed_not_empty"};
};

}  // namespace bq::test::reported
