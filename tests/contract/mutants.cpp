// The faulty queues, each with the test of the contract suite that finds it. CMakeLists.txt reads the list: a mutant is
// a test that passes when the named case fails on it.
#include "tests/contract/mutants.h"

#include "tests/contract/register_subject.h"

namespace bq::test {
namespace {

#define BQ_MUTANT(Class, test) [[maybe_unused]] const bool registered_##Class = register_subject<Class>(#Class);
#define BQ_LOCKED_MUTANT(fault, test)                     \
  template <class T, class Sync = StdSync>                \
  using fault = FaultyLockedQueue<T, Sync, Fault::fault>; \
  BQ_MUTANT(fault, test)
#define BQ_RACY_MUTANT(fault, test) BQ_LOCKED_MUTANT(fault, test)  // found by ThreadSanitizer only
#define BQ_FENCE_MUTANT(Class, test) BQ_MUTANT(Class, test)        // found by two cores that nothing slows down

BQ_LOCKED_MUTANT(none, nothing)
BQ_LOCKED_MUTANT(consumers_not_woken, PopWaitsWhileEmpty)
BQ_LOCKED_MUTANT(producers_not_woken, PushWaitsWhileFull)
BQ_LOCKED_MUTANT(wakes_on_first_only, EachPushFreesAWaitingPop)
BQ_LOCKED_MUTANT(trusts_its_wake_up, StressManyToMany)
BQ_LOCKED_MUTANT(sleeps_after_a_gap, AStalledWaiterMissesNothing)
BQ_LOCKED_MUTANT(one_too_many, BoundIsExact)
BQ_LOCKED_MUTANT(close_wakes_one, CloseFromTwoThreadsWakesWaitingPops)
BQ_LOCKED_MUTANT(close_forgets_producers, CloseFromTwoThreadsWakesWaitingPushes)
BQ_LOCKED_MUTANT(ends_before_drained, ClosedDrainsAndThenEndsForEver)
BQ_LOCKED_MUTANT(moves_before_it_looks, ClosedRefusesAndLeavesTheValue)
BQ_LOCKED_MUTANT(last_in_first_out, FirstInFirstOut)
BQ_LOCKED_MUTANT(leaks, DestroysWhatIsLeftExactlyOnce)
BQ_LOCKED_MUTANT(early_timeout, TimeoutsAreNeverEarlyAndLoseNothing)
BQ_LOCKED_MUTANT(moves_before_timeout, TimeoutsAreNeverEarlyAndLoseNothing)
BQ_LOCKED_MUTANT(past_deadline_waits, TimedCallsWithAPastDeadlineAreTryCalls)
BQ_LOCKED_MUTANT(counts_before_moving, ThrowingMoveChangesNothing)
BQ_LOCKED_MUTANT(throws_its_wake_up_away, ThrowingMovePassesItsWakeUpOn)
BQ_LOCKED_MUTANT(adds_to_positions, PositionsWrap)
BQ_LOCKED_MUTANT(misaligned, TakesMoveOnlyAndOverAlignedTypesWithoutDefault)
BQ_LOCKED_MUTANT(lies_about_stalls, AStalledThreadHoldsUpWhomTheLabelSays)
BQ_RACY_MUTANT(unlocked_size, StressManyToMany)

BQ_MUTANT(TakesSignalsForPermits, SignalsGoUnnoticed)
BQ_MUTANT(TakesBusyForEmpty, AStalledPushHidesNothing)
BQ_MUTANT(TakesBusyForFull, AStalledPopHidesNoRoom)
BQ_MUTANT(ClosesBesideTheTail, CloseDecidesForAStalledPush)
BQ_MUTANT(LosesTheSecondWakeUp, AStalledPushLosesNoWakeUp)
BQ_MUTANT(LooksBeforeItEnlists, AStalledWaiterMissesNothing)
BQ_FENCE_MUTANT(ClosesWithoutAFence, CloseDecidesForPushesInFullFlight)
BQ_MUTANT(EndsBesideAPush, CloseDecidesForAStalledPush)
BQ_MUTANT(RemembersEmptiness, SmallHistoriesAreLinearizable)

}  // namespace
}  // namespace bq::test
