// Faults in what becomes of the messages, and in what is said of them.
#include "tests/contract/mutants/register_mutant.h"

namespace bq::test {
namespace {

BQ_LOCKED_MUTANT(one_too_many, BoundIsExact)
BQ_LOCKED_MUTANT(ends_before_drained, ClosedDrainsAndThenEndsForEver)
BQ_LOCKED_MUTANT(moves_before_it_looks, ClosedRefusesAndLeavesTheValue)
BQ_LOCKED_MUTANT(last_in_first_out, FirstInFirstOut)
BQ_LOCKED_MUTANT(leaks, DestroysWhatIsLeftExactlyOnce)
BQ_LOCKED_MUTANT(moves_before_timeout, TimeoutsAreNeverEarlyAndLoseNothing)
BQ_LOCKED_MUTANT(counts_before_moving, ThrowingMoveChangesNothing)
BQ_LOCKED_MUTANT(adds_to_positions, PositionsWrap)
BQ_LOCKED_MUTANT(misaligned, TakesMoveOnlyAndOverAlignedTypesWithoutDefault)
BQ_LOCKED_MUTANT(lies_about_stalls, AStalledThreadHoldsUpWhomTheLabelSays)

}  // namespace
}  // namespace bq::test
