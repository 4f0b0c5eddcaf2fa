// Faults of queues without a lock.
#include "tests/contract/mutants/register_mutant.h"

namespace bq::test {
namespace {

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
