// A timed pop remembers how long it may wait, not until when. Each time that it is woken and
// another consumer has been faster, it waits for the whole time once more: it may return long after
// its deadline, or never.
//
// Source: after pircbotx/pircbotx#204. There, an event that is not the awaited one wakes the
// caller.
#pragma once

#include <chrono>
#include <optional>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class TimeoutStartsAgain : public Locked<TimeoutStartsAgain<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<TimeoutStartsAgain, T, Sync>;

 public:
  using Base::Base;

  Status try_pop_until(std::optional<T>& out, Deadline deadline) {
    typename Base::WaitUntil timeout{deadline};
    typename Base::Lock lock(this->mutex_);
    Deadline now = Sync::now();
    const auto time_left = deadline > now ? deadline - now : Deadline::duration::zero();
    while (this->ring_.empty() && !this->closed_) {
      if (!timeout.sleep(this->not_empty_, lock) || !timeout.has_time_left()) break;
      if constexpr (is_faulty) {
        now = Sync::now();
        timeout.deadline = Deadline::max() - now < time_left ? Deadline::max() : now + time_left;
      }
    }
    if (!this->ring_.empty()) return this->take(lock, out);
    return this->closed_ ? Status::closed : Status::timeout;
  }
};

}  // namespace bq::test::reported
