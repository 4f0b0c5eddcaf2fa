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
BQ_LOCKED_MUTANT(leaves_the_lock_too_early, AMessageThatLeavesIsNotOverwritten)
BQ_LOCKED_MUTANT(shows_it_too_early, AMessageThatArrivesIsNotTaken)
BQ_LOCKED_MUTANT(destroys_refused, ARefusedMessageStaysAsItWas)
BQ_LOCKED_MUTANT(keeps_what_was_taken, ATakenSlotKeepsNothing)
BQ_LOCKED_MUTANT(takes_minus_one_for_empty, EveryValueIsAMessage)
BQ_LOCKED_MUTANT(counts_room_in_few_bits, CapacityIsAsAskedForOrRefused)
BQ_LOCKED_MUTANT(lies_about_stalls, AStalledPushHoldsUpNoPop)

}  // namespace
}  // namespace bq::test
