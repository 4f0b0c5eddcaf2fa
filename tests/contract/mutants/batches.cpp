// Faults of the calls for several messages.
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "tests/contract/mutants/register_mutant.h"

namespace bq::test {
namespace {

enum class BatchFault {
  reverses,
  push_does_not_wait,
  pop_does_not_wait,
  takes_what_it_refuses,
  loses_the_last,
  push_wakes_one,
  pop_wakes_one,
};
/// The fault of the single calls that a batch is made of. The first message of a batch passes
/// through a call that waits, and that call wakes a sleeper.
constexpr Fault fault_of_base(BatchFault fault) {
  return fault == BatchFault::push_wakes_one  ? Fault::try_push_wakes_nobody
         : fault == BatchFault::pop_wakes_one ? Fault::try_pop_wakes_nobody
                                              : Fault::none;
}

template <class T, class Sync, BatchFault fault>
class FaultyBatches : public FaultyLockedQueue<T, Sync, fault_of_base(fault)> {
  using Base = FaultyLockedQueue<T, Sync, fault_of_base(fault)>;

 public:
  using Base::Base;

  std::size_t push_batch(std::span<T> messages) {
    std::size_t done = 0;
    for (; done < messages.size(); ++done) {
      T& next = messages[fault == BatchFault::reverses ? messages.size() - 1 - done : done];
      const bool tries = fault == BatchFault::push_does_not_wait ||
                         (fault == BatchFault::push_wakes_one && done > 0 && !is_full());
      const bool is_in =
          tries ? this->try_push(std::move(next)) == Status::done : this->push(std::move(next));
      if (is_in) continue;
      if (fault == BatchFault::takes_what_it_refuses) {
        [[maybe_unused]] const T taken(std::move(next));
      }
      break;
    }
    return done;
  }
  std::size_t pop_batch(std::span<std::optional<T>> out) {
    std::size_t done = 0;
    if (fault != BatchFault::pop_does_not_wait) {
      if (this->pop(out.front()) != Status::done) return 0;
      ++done;
    }
    while (done < out.size() && this->try_pop(out[done]) == Status::done) ++done;
    if (fault == BatchFault::loses_the_last && done > 1) out[--done].reset();
    return done;
  }

 private:
  bool is_full() const { return this->size_approx() == this->capacity(); }
};

#define BQ_BATCH_MUTANT(name, test)                      \
  template <class T, class Sync = StdSync>               \
  using name = FaultyBatches<T, Sync, BatchFault::name>; \
  BQ_MUTANT(name, test)

BQ_BATCH_MUTANT(reverses, ABatchIsTakenInItsOrder)
BQ_BATCH_MUTANT(push_does_not_wait, APushBatchWaitsForRoom)
BQ_BATCH_MUTANT(pop_does_not_wait, APopBatchWaitsForOneMessage)
BQ_BATCH_MUTANT(takes_what_it_refuses, CloseEndsBatches)
BQ_BATCH_MUTANT(loses_the_last, StressBatches)
BQ_BATCH_MUTANT(push_wakes_one, APushBatchFreesAllWhoWait)
BQ_BATCH_MUTANT(pop_wakes_one, APopBatchFreesAllWhoWait)

}  // namespace
}  // namespace bq::test
