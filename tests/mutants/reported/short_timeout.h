// A timed pop passes its time on in whole milliseconds, and there 0 means for ever. With less than
// a millisecond left it does not return until a message comes.
//
// Source: after redisson/redisson#716. There, the unit is the second.
#pragma once

#include <chrono>
#include <optional>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class ShortTimeout : public Locked<ShortTimeout<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<ShortTimeout, T, Sync>;

 public:
  using Base::Base;

  Status try_pop_until(std::optional<T>& out, Deadline deadline) {
    const Deadline now = Sync::now();
    if (is_faulty && deadline > now && deadline - now < std::chrono::milliseconds(1))
      return Base::pop(out);
    return Base::try_pop_until(out, deadline);
  }
};

}  // namespace bq::test::reported
