// Faults that only ThreadSanitizer finds.
#include "tests/contract/mutants/register_mutant.h"

namespace bq::test {
namespace {

BQ_RACY_MUTANT(unlocked_size, StressManyToMany)

}  // namespace
}  // namespace bq::test
