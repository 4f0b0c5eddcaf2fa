// A queue without a bound, to show what a bound prevents.
//
// What:    a std::deque under a mutex; push never waits. The capacity asked for is ignored.
// Use it:  to see what a bound is worth. While producers are faster than consumers it grows without
//          limit: memory, and with it the time that each message waits, rises for as long as that
//          lasts, and producers do not notice.
// Not:     elsewhere. If producers are known to be slower in the long run, a large bound states
//          that, at no cost.
// Source:  folklore; what "a thread-safe queue" in most tutorials is.
// Waiting: one condition variable, for consumers; notify_one after the unlock, only if one sleeps.
// Progress: blocking; a thread stopped while it holds the lock blocks all others.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "queues/detail/blocking_calls.h"

namespace bq {

template <class T, class Sync = StdSync>
class UnboundedQueue : public detail::Calls<UnboundedQueue<T, Sync>, T, Sync> {
  friend detail::Calls<UnboundedQueue, T, Sync>;

 public:
  static constexpr Traits traits{.capacities = Capacities::unbounded,
                                 .bound = Bound::none,
                                 .timed = Timed::yes,
                                 .waiting = "condvar",
                                 .note = "keeps no bound: memory grows while producers are ahead"};

  explicit UnboundedQueue(std::size_t ignored_capacity) { checked_capacity(ignored_capacity); }

  void close() {
    const Lock lock(mutex_);
    closed_ = true;
    not_empty_.wake_all();
  }
  bool is_closed() const {
    const Lock lock(mutex_);
    return closed_;
  }
  std::size_t capacity() const { return unbounded_capacity; }
  std::size_t size_approx() const {
    const Lock lock(mutex_);
    return messages_.size();
  }

 private:
  using Lock = std::unique_lock<typename Sync::mutex>;

  Status push_with(T&& value, const auto& /*timeout*/) {
    Lock lock(mutex_);
    if (closed_) return Status::closed;
    messages_.push_back(std::move(value));
    not_empty_.unlock_and_wake_one(lock);
    return Status::done;
  }

  Status pop_with(std::optional<T>& out, const auto& timeout) {
    Lock lock(mutex_);
    while (messages_.empty()) {
      if (closed_) return Status::closed;
      if (!timeout.sleep(not_empty_, lock)) return Status::timeout;
    }
    not_empty_.try_or_pass_on([&] { out.emplace(std::move(messages_.front())); });
    messages_.pop_front();
    return Status::done;
  }

  mutable typename Sync::mutex mutex_{"mutex"};
  std::deque<T> messages_;
  bool closed_ = false;
  detail::CountedSignal<Sync> not_empty_{"not_empty"};
};

}  // namespace bq
