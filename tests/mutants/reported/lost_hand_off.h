// A push hands its message to a consumer that waits. If that consumer's time is up by then, it says
// so, and destroys the message that it has been given: the push was done, and nobody gets it.
//
// Source: after fereidani/kanal#24. There, the receiver is an asynchronous call that is dropped.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class LostHandOff : public Locked<LostHandOff<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<LostHandOff, T, Sync>;
  friend bq::detail::Calls<LostHandOff, T, Sync>;

 public:
  static constexpr Traits traits{
      .element = Element::nothrow_movable, .timed = Timed::yes, .waiting = "condvar"};

  using Base::Base;

 private:
  struct Receiver {
    std::optional<T>& out;
    bool has_message = false;
  };

  Status push_with(T&& value, const auto& timeout) {
    typename Base::Lock lock(this->mutex_);
    while (this->ring_.full() && !this->closed_) {
      if (!timeout.sleep(this->not_full_, lock)) return Status::timeout;
    }
    if (this->closed_) return Status::closed;
    if (receivers_.empty()) return this->put(lock, std::move(value));
    receivers_.front()->out.emplace(std::move(value));
    receivers_.front()->has_message = true;
    receivers_.pop_front();
    this->not_empty_.wake_all();
    this->not_full_.unlock_and_wake_one(lock);  // the room is still there
    return Status::done;
  }

  Status pop_with(std::optional<T>& out, const auto& timeout) {
    typename Base::Lock lock(this->mutex_);
    if (!this->ring_.empty()) return this->take(lock, out);
    if (this->closed_) return Status::closed;
    if (!timeout.has_time_left()) return Status::timeout;
    Receiver self{out};
    receivers_.push_back(&self);
    while (!self.has_message && !this->closed_) {
      if (!timeout.sleep(this->not_empty_, lock)) break;
    }
    if (self.has_message) {
      if (!is_faulty || timeout.has_time_left()) return Status::done;
      out.reset();
      return Status::timeout;
    }
    receivers_.erase(std::find(receivers_.begin(), receivers_.end(), &self));
    return this->closed_ ? Status::closed : Status::timeout;
  }

  /// Only while the ring is empty.
  std::deque<Receiver*> receivers_;
};

}  // namespace bq::test::reported
