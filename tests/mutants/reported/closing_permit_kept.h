// close() adds one permit to each semaphore, which a call that finds the queue closed is to release
// again for the next one. A timed pop keeps it: whoever waits in another pop never learns of the
// end.
//
// Source: after ICIJ/datashare#1598, one poison message for two workers: one of them stays.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "queues/detail/blocking_calls.h"
#include "queues/detail/ring_storage.h"

namespace bq::test::reported {

template <class T, class Sync = StdSync, bool is_faulty = true>
class ClosingPermitKept : public bq::detail::Calls<ClosingPermitKept<T, Sync, is_faulty>, T, Sync> {
  friend bq::detail::Calls<ClosingPermitKept, T, Sync>;
  using Semaphore = typename Sync::posix_semaphore;
  using Lock = std::unique_lock<typename Sync::mutex>;

 public:
  static constexpr Traits traits{.capacities = Capacities::range,
                                 .max_capacity = Semaphore::max - 1,
                                 .element = Element::nothrow_movable,
                                 .timed = Timed::yes,
                                 .waiting = "semaphore"};

  explicit ClosingPermitKept(std::size_t capacity)
      : ring_(checked_capacity(capacity, traits.max_capacity)),
        slots_(static_cast<std::ptrdiff_t>(capacity), "slots") {}

  void close() {
    {
      const Lock lock(mutex_);
      if (std::exchange(closed_, true)) return;
    }
    slots_.release();
    items_.release();
  }
  bool is_closed() const {
    const Lock lock(mutex_);
    return closed_;
  }
  std::size_t capacity() const { return ring_.capacity(); }
  std::size_t size_approx() const {
    const Lock lock(mutex_);
    return ring_.size();
  }

 private:
  Status push_with(T&& value, const auto& timeout) {
    const bool has_permit = timeout.acquire(slots_);
    Lock lock(mutex_);
    if (closed_) {
      lock.unlock();
      if (has_permit) slots_.release();
      return Status::closed;
    }
    // busy: another thread has a permit and has yet to use it
    if (!has_permit) return ring_.full() ? Status::timeout : Status::busy;
    ring_.push_back(std::move(value));
    lock.unlock();
    items_.release();
    return Status::done;
  }

  template <class Timeout>
  Status pop_with(std::optional<T>& out, const Timeout& timeout) {
    constexpr bool keeps = is_faulty && std::is_same_v<Timeout, bq::detail::WaitUntil<Sync>>;
    const bool has_permit = timeout.acquire(items_);
    Lock lock(mutex_);
    if (!has_permit) {
      if (!ring_.empty()) return Status::busy;
      return closed_ ? Status::closed : Status::timeout;
    }
    if (ring_.empty()) {  // only the closing permit comes without a message
      lock.unlock();
      if (!keeps) items_.release();
      return Status::closed;
    }
    ring_.pop_front(out);
    lock.unlock();
    slots_.release();
    return Status::done;
  }

  mutable typename Sync::mutex mutex_{"mutex"};
  RingStorage<T, Sync> ring_;
  bool closed_ = false;
  Semaphore slots_;
  Semaphore items_{0, "items"};
};

}  // namespace bq::test::reported
