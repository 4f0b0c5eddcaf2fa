// Faults in waiting, waking and closing; and none.
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "queues/detail/blocking_calls.h"
#include "tests/contract/mutants/register_mutant.h"

namespace bq::test {
namespace {

BQ_LOCKED_MUTANT(none, nothing)
BQ_LOCKED_MUTANT(consumers_not_woken, PopWaitsWhileEmpty)
BQ_LOCKED_MUTANT(producers_not_woken, PushWaitsWhileFull)
BQ_LOCKED_MUTANT(wakes_on_first_only, EveryPushFreesEveryPop)
BQ_LOCKED_MUTANT(trusts_its_wake_up, StressManyToMany)
BQ_LOCKED_MUTANT(sleeps_after_a_gap, AStalledPopMissesNoPush)
BQ_LOCKED_MUTANT(close_wakes_one, CloseFromTwoThreadsWakesWaitingPops)
BQ_LOCKED_MUTANT(close_forgets_producers, CloseFromTwoThreadsWakesWaitingPushes)
BQ_LOCKED_MUTANT(early_timeout, TimeoutsAreNeverEarlyAndLoseNothing)
BQ_LOCKED_MUTANT(past_deadline_waits, TimedCallsWithAPastDeadlineAreTryCalls)
BQ_LOCKED_MUTANT(deadline_starts_again, TimedPopEndsAlthoughWokenInVain)
BQ_LOCKED_MUTANT(try_calls_queue_up, TryCallsReturnBesideAWaitingPush)
BQ_LOCKED_MUTANT(timed_calls_queue_up, TimedPopEndsBesideOneWithoutDeadline)
BQ_LOCKED_MUTANT(timeout_takes_a_wake_up, ATimedOutPopTakesNoWakeUpWithIt)
BQ_LOCKED_MUTANT(throws_its_wake_up_away, ThrowingMovePassesItsWakeUpOn)
BQ_LOCKED_MUTANT(counts_ms_in_int, TimedCallsWakeForWhatTheyWaitFor)
BQ_LOCKED_MUTANT(counts_us_in_few_bits, FarDeadlinesAreNotNear)
BQ_LOCKED_MUTANT(has_room_for_few_sleepers, ManyWaitingPopsAreFreed)
BQ_LOCKED_MUTANT(knows_ends_by_address, ANewQueueIsNotTakenForAnOldOne)

/// All queues of the process sleep at one place, and one of those who sleep is woken.
template <class T, class Sync = StdSync>
class SharesItsWaiters : public bq::detail::Calls<SharesItsWaiters<T, Sync>, T, Sync> {
  friend bq::detail::Calls<SharesItsWaiters, T, Sync>;
  using Lock = std::unique_lock<typename Sync::mutex>;

 public:
  static constexpr Traits traits{.waiting = "condvar"};
  explicit SharesItsWaiters(std::size_t capacity) : capacity_(checked_capacity(capacity)) {}
  SharesItsWaiters(const SharesItsWaiters&) = delete;
  SharesItsWaiters& operator=(const SharesItsWaiters&) = delete;
  void close() {
    const Lock lock(mutex);
    closed_ = true;
    not_full.notify_all();
    not_empty.notify_all();
  }
  bool is_closed() const {
    const Lock lock(mutex);
    return closed_;
  }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const {
    const Lock lock(mutex);
    return messages_.size();
  }

 private:
  Status push_with(T&& value, const auto& timeout) {
    Lock lock(mutex);
    while (messages_.size() == capacity_ && !closed_) {
      if (!timeout.sleep(not_full, lock)) return Status::timeout;
    }
    if (closed_) return Status::closed;
    messages_.push_back(std::move(value));
    not_empty.notify_one();
    return Status::done;
  }
  Status pop_with(std::optional<T>& out, const auto& timeout) {
    Lock lock(mutex);
    while (messages_.empty() && !closed_) {
      if (!timeout.sleep(not_empty, lock)) return Status::timeout;
    }
    if (messages_.empty()) return Status::closed;
    out.emplace(std::move(messages_.front()));
    messages_.pop_front();
    not_full.notify_one();
    return Status::done;
  }

  static inline typename Sync::mutex mutex;
  static inline typename Sync::condition_variable not_full;
  static inline typename Sync::condition_variable not_empty;
  const std::size_t capacity_;
  std::deque<T> messages_;
  bool closed_ = false;
};
BQ_MUTANT(SharesItsWaiters, AQueueFreesItsOwnWaiters)

}  // namespace
}  // namespace bq::test
