// Faults of queues without a lock. CMakeLists.txt reads the list: a mutant is a test that passes when the named case of the
// contract suite fails on it.
#include "tests/contract/mutants/mutants.h"
#include "tests/contract/register_subject.h"

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
