// Faults of queues without a lock.
#include "tests/contract/mutants/register_mutant.h"

namespace bq::test {
namespace {

BQ_MUTANT(TakesSignalsForPermits, SignalsGoUnnoticed)
BQ_MUTANT(TakesBusyForEmpty, AStalledPushHidesNothing)
BQ_MUTANT(TakesBusyForFull, AStalledPopHidesNoRoom)
BQ_MUTANT(ClosesBesideTheTail, CloseDecidesForAStalledPush)
BQ_MUTANT(ClosesBesideAMessage, CloseDecidesForAStalledPush)
BQ_FENCE_MUTANT(LooksBeforeItLocks, CloseDecidesForPushesInFullFlight)
BQ_FENCE_MUTANT(LooksForMessagesFirst, TheLastMessagesComeBeforeTheEnd)
BQ_FENCE_MUTANT(TakesContentionForEmpty, RacingPopsFindEveryMessage)
BQ_MUTANT(UnderstatesStalls, AStalledPushHoldsUpNoOther)
BQ_MUTANT(WaitsForTheSlot, TryCallsWaitForNoStalledCall)
BQ_MUTANT(CountsWhatPasses, AStalledSizeStaysInRange)
BQ_MUTANT(LosesTheSecondWakeUp, AStalledPushLosesNoWakeUp)
BQ_MUTANT(LooksBeforeItEnlists, AStalledPopMissesNoPush)
BQ_MUTANT(EndsBesideAPush, CloseDecidesForAStalledPush)
BQ_MUTANT(RemembersEmptiness, SmallHistoriesAreLinearizable)

}  // namespace
}  // namespace bq::test
