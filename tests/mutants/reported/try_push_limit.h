// The push that does not wait may not extend an index of blocks, which is made for 1,024 messages
// whatever the capacity. With more slots than that, try_push says full beside free slots, and push
// goes on.
//
// Source: cameron314/concurrentqueue#379.
#pragma once

#include <cstddef>
#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class TryPushLimit : public Locked<TryPushLimit<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<TryPushLimit, T, Sync>;
  static constexpr std::size_t indexed_messages = 1024;

 public:
  using Base::Base;

  Status try_push(T&& value) {
    typename Base::Lock lock(this->mutex_);
    if (this->closed_) return Status::closed;
    if (this->ring_.full()) return Status::full;
    if (is_faulty && this->ring_.size() >= indexed_messages) return Status::full;
    return this->put(lock, std::move(value));
  }
};

}  // namespace bq::test::reported
