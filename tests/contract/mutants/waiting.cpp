// Faults in waiting, waking and closing; and none.
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

}  // namespace
}  // namespace bq::test
