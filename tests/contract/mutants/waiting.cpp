// Faults in waiting, waking and closing; and none.
#include "tests/contract/mutants/register_mutant.h"

namespace bq::test {
namespace {

BQ_LOCKED_MUTANT(none, nothing)
BQ_LOCKED_MUTANT(consumers_not_woken, PopWaitsWhileEmpty)
BQ_LOCKED_MUTANT(producers_not_woken, PushWaitsWhileFull)
BQ_LOCKED_MUTANT(wakes_on_first_only, EachPushFreesAWaitingPop)
BQ_LOCKED_MUTANT(trusts_its_wake_up, StressManyToMany)
BQ_LOCKED_MUTANT(sleeps_after_a_gap, AStalledWaiterMissesNothing)
BQ_LOCKED_MUTANT(close_wakes_one, CloseFromTwoThreadsWakesWaitingPops)
BQ_LOCKED_MUTANT(close_forgets_producers, CloseFromTwoThreadsWakesWaitingPushes)
BQ_LOCKED_MUTANT(early_timeout, TimeoutsAreNeverEarlyAndLoseNothing)
BQ_LOCKED_MUTANT(past_deadline_waits, TimedCallsWithAPastDeadlineAreTryCalls)
BQ_LOCKED_MUTANT(throws_its_wake_up_away, ThrowingMovePassesItsWakeUpOn)

}  // namespace
}  // namespace bq::test
