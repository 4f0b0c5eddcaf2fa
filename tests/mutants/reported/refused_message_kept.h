// A timed push that has to wait takes the message into its record of a waiter. It gives the message
// back when the time is up, but not when the queue is closed meanwhile: the caller is refused, and
// the message is gone.
//
// Source: after rust-lang/futures-rs#834, a send that consumed the message also where it failed.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class RefusedMessageKept : public Locked<RefusedMessageKept<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<RefusedMessageKept, T, Sync>;

 public:
  static constexpr Traits traits{
      .element = Element::nothrow_movable, .timed = Timed::yes, .waiting = "condvar"};
  using Base::Base;

  Status try_push_until(T&& value, Deadline deadline) {
    const typename Base::WaitUntil timeout{deadline};
    if constexpr (!is_faulty) return this->push_with(std::move(value), timeout);
    const Status at_once = this->push_with(std::move(value), typename Base::DoNotWait{});
    if (at_once != Status::timeout || !timeout.has_time_left()) return at_once;
    std::optional<T> record(std::move(value));
    const Status status = this->push_with(std::move(*record), timeout);
    if (status == Status::timeout) {
      std::destroy_at(&value);
      std::construct_at(&value, std::move(*record));
    }
    return status;
  }
};

}  // namespace bq::test::reported
