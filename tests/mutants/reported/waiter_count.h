// Who counts the waiting consumers down is settled twice: a push does for the one that it wakes,
// and so does a pop whose time is up. A pop that is woken when its time is up takes another's place
// in the count, and a push that sees nobody wakes nobody. Timed pops alone return late; a pop
// without a deadline sleeps on beside a message.
//
// Source: apache/doris#65827.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class WaiterCount : public Locked<WaiterCount<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<WaiterCount, T, Sync>;
  friend bq::detail::Calls<WaiterCount, T, Sync>;

 public:
  using Base::Base;

  void close() {
    Base::close();
    changed_.notify_all();
  }

 private:
  Status push_with(T&& value, const auto& timeout) {
    typename Base::Lock lock(this->mutex_);
    while (this->ring_.full() && !this->closed_) {
      if (!timeout.sleep(this->not_full_, lock)) return Status::timeout;
    }
    if (this->closed_) return Status::closed;
    this->not_full_.try_or_pass_on([&] { this->ring_.push_back(std::move(value)); });
    if (waiters_ > 0) {
      if (is_faulty) --waiters_;
      changed_.notify_one();
    }
    return Status::done;
  }

  Status pop_with(std::optional<T>& out, const auto& timeout) {
    typename Base::Lock lock(this->mutex_);
    while (this->ring_.empty() && !this->closed_) {
      ++waiters_;
      const bool may_go_on = timeout.sleep(changed_, lock);
      const bool counts_itself_down = !is_faulty || !timeout.has_time_left();
      if (counts_itself_down && waiters_ > 0) --waiters_;
      if (!may_go_on) return Status::timeout;
    }
    if (this->ring_.empty()) return Status::closed;
    try {
      return this->take(lock, out);
    } catch (...) {
      changed_.notify_one();
      throw;
    }
  }

  std::size_t waiters_ = 0;
  typename Sync::condition_variable changed_{"changed"};
};

}  // namespace bq::test::reported
