// A timed pop whose sleep ends with its time returns timeout and does not look again. If a push
// came just before, its message lies there, the push has woken nobody else, and another consumer
// may sleep on beside it.
//
// Source: qinguoyi/TinyWebServer#320.
#pragma once

#include <optional>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class NoLookAfterTimeout : public Locked<NoLookAfterTimeout<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<NoLookAfterTimeout, T, Sync>;
  friend bq::detail::Calls<NoLookAfterTimeout, T, Sync>;

 public:
  using Base::Base;

 private:
  Status pop_with(std::optional<T>& out, const auto& timeout) {
    typename Base::Lock lock(this->mutex_);
    while (this->ring_.empty() && !this->closed_) {
      if (!timeout.sleep(this->not_empty_, lock)) return Status::timeout;
      if (is_faulty && !timeout.has_time_left()) return Status::timeout;
    }
    if (this->ring_.empty()) return Status::closed;
    return this->take(lock, out);
  }
};

}  // namespace bq::test::reported
