// A line for each mutant: it makes the mutant a subject of the contract suite, and tells
// CMakeLists.txt which case must fail on it.
#pragma once

#include "tests/contract/mutants/mutants.h"
#include "tests/contract/register_subject.h"

#define BQ_MUTANT(Class, test) \
  [[maybe_unused]] const bool registered_##Class = register_subject<Class>(#Class);
#define BQ_LOCKED_MUTANT(fault, test)                     \
  template <class T, class Sync = StdSync>                \
  using fault = FaultyLockedQueue<T, Sync, Fault::fault>; \
  BQ_MUTANT(fault, test)
// Found by ThreadSanitizer only.
#define BQ_RACY_MUTANT(fault, test) BQ_LOCKED_MUTANT(fault, test)
// Found by two cores that nothing slows down.
#define BQ_FENCE_MUTANT(Class, test) BQ_MUTANT(Class, test)
#define BQ_CONFINED_MUTANT(Class, test, fault, ...) /* least capacity, largest, which of them */ \
  template <class T, class Sync = StdSync>                                                       \
  using Class = ConfinedQueue<T, Sync, Fault::fault, __VA_ARGS__>;                               \
  BQ_MUTANT(Class, test)
