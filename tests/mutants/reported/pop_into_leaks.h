// The pop into the caller's optional moves the message out of its slot and does not destroy what is
// left of it, as the other forms of pop do. Each such pop leaks an object.
//
// Source: RaftLib/RaftLib#76, where one of two forms of pop called no destructor.
#pragma once

#include <optional>
#include <utility>

#include "tests/mutants/reported/locked.h"
#include "tests/mutants/reported/plain_ring.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class PopIntoLeaks : public Locked<PopIntoLeaks<T, Sync, is_faulty>, T, Sync, PlainRing<T>> {
  using Base = Locked<PopIntoLeaks, T, Sync, PlainRing<T>>;

 public:
  static constexpr Traits traits{
      .element = Element::nothrow_movable, .timed = Timed::yes, .waiting = "condvar"};
  using Base::Base;
  using Base::pop;

  Status pop(std::optional<T>& out) {
    if constexpr (!is_faulty) return Base::pop(out);
    typename Base::Lock lock(this->mutex_);
    while (this->ring_.empty() && !this->closed_) this->not_empty_.wait(lock);
    out.reset();
    if (this->ring_.empty()) return Status::closed;
    out.emplace(std::move(this->ring_.front()));
    this->ring_.drop_front();
    this->not_full_.unlock_and_wake_one(lock);
    return Status::done;
  }
};

}  // namespace bq::test::reported
