// Queues that cannot have the capacities that most tests take; faults that begin at some capacity.
#include "tests/contract/mutants/register_mutant.h"

namespace bq::test {
namespace {

BQ_CONFINED_MUTANT(none_but_large, nothing, none, 100, unbounded_capacity, Capacities::any)
BQ_CONFINED_MUTANT(none_but_large_powers_of_two, nothing, none, 100, 5000, Capacities::power_of_two)
BQ_CONFINED_MUTANT(none_but_one, nothing, none, 1, 1, Capacities::any)
BQ_CONFINED_MUTANT(stack_of_many, FirstInFirstOut, last_in_first_out, 1000, unbounded_capacity,
                   Capacities::any)
BQ_CONFINED_MUTANT(stack_of_no_capacity, FirstInFirstOut, last_in_first_out, 5, 7,
                   Capacities::power_of_two)

BQ_LOCKED_MUTANT(frees_in_batches, EverySlotAndEveryMessageCanBeUsed)
BQ_LOCKED_MUTANT(counts_in_few_bits, PositionsOfFewBitsWrap)

}  // namespace
}  // namespace bq::test
