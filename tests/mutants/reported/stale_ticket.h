// Consumers that wait stand in a line, and a push calls the first. One whose time is up looks once
// more, and if it finds a message, takes it and stays in the line. A later push calls the consumer
// that has left, and the one that really waits sleeps on beside a message. Timed pops alone do not
// show that, since each sleep ends.
//
// Source: embeddedos-org/eos#139.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "tests/mutants/reported/locked.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class StaleTicket : public Locked<StaleTicket<T, Sync, is_faulty>, T, Sync> {
  using Base = Locked<StaleTicket, T, Sync>;
  friend bq::detail::Calls<StaleTicket, T, Sync>;

 public:
  using Base::Base;

 private:
  Status push_with(T&& value, const auto& timeout) {
    typename Base::Lock lock(this->mutex_);
    while (this->ring_.full() && !this->closed_) {
      if (!timeout.sleep(this->not_full_, lock)) return Status::timeout;
    }
    if (this->closed_) return Status::closed;
    this->not_full_.try_or_pass_on([&] { this->ring_.push_back(std::move(value)); });
    call_first();
    return Status::done;
  }

  Status pop_with(std::optional<T>& out, const auto& timeout) {
    typename Base::Lock lock(this->mutex_);
    while (this->ring_.empty()) {
      if (this->closed_) return Status::closed;
      if (!timeout.has_time_left()) return Status::timeout;
      wait_in_line(lock, timeout);
    }
    try {
      return this->take(lock, out);
    } catch (...) {
      call_first();
      throw;
    }
  }

  void wait_in_line(typename Base::Lock& lock, const auto& timeout) {
    const std::uint64_t ticket = next_ticket_++;
    line_.push_back(ticket);
    while (place_of(ticket) != line_.end() && !this->closed_) {
      if (!timeout.sleep(this->not_empty_, lock)) break;
    }
    const auto place = place_of(ticket);
    const bool stays = is_faulty && !this->ring_.empty();
    if (place != line_.end() && !stays) line_.erase(place);
  }
  void call_first() {
    if (line_.empty()) return;
    line_.pop_front();
    this->not_empty_.wake_all();
  }
  auto place_of(std::uint64_t ticket) { return std::find(line_.begin(), line_.end(), ticket); }

  std::deque<std::uint64_t> line_;
  std::uint64_t next_ticket_ = 0;
};

}  // namespace bq::test::reported
