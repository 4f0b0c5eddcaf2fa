// Faults of one form of a call, beside others; and of the end, where somebody drains by another.
#include "tests/contract/mutants/register_mutant.h"

namespace bq::test {
namespace {

BQ_LOCKED_MUTANT(pop_into_wakes_if_full, EveryPopFreesEveryPush)
BQ_LOCKED_MUTANT(try_pop_wakes_nobody, EveryPopFreesEveryPush)
BQ_LOCKED_MUTANT(try_push_wakes_nobody, EveryPushFreesEveryPop)
BQ_LOCKED_MUTANT(counts_a_sleeper_once, APopWokenInVainIsWokenAgain)
BQ_LOCKED_MUTANT(closes_without_the_lock, AStalledWaiterMissesNoClose)
BQ_LOCKED_MUTANT(end_is_for_waiting_pops, TheEndReachesAllWhoWait)

}  // namespace
}  // namespace bq::test
