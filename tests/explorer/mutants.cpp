// What the explorer is worth: queues with a fault each, the reason that it must find, and how long
// that took. The faulty queues are those of the contract suite (tests/contract/mutants/mutants.h),
// and queues of this project with one memory order taken away, which changes nothing on the
// machines that most people have.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "explorer/explorer.h"
#include "explorer/plan.h"
#include "explorer/scenario.h"
#include "queues/mpmc_ring.h"
#include "queues/spsc_ring.h"
#include "queues/two_lock.h"
#include "tests/contract/mutants/mutants.h"
#include "tests/explorer/slips.h"

namespace bq::explorer {
namespace {

enum class Access { load, store, change };

/// A text as a template's argument.
template <std::size_t size>
struct Text {
  // NOLINTNEXTLINE: to be written as "text"
  constexpr Text(const char (&letters)[size]) { std::copy_n(letters, size, text); }
  char text[size];
};

/// ModelSync, but that one kind of access to the atomics of one name is relaxed.
template <Text object, Access weakened>
struct Weakened : ModelSync {
  template <class T>
  class atomic : public ModelSync::atomic<T> {
    using Base = ModelSync::atomic<T>;

   public:
    explicit atomic(T value = T{}, const char* name = "atomic") : Base(value, name) {}
    T load(std::memory_order order = std::memory_order_seq_cst) const {
      return Base::load(weak(Access::load, order));
    }
    void store(T value, std::memory_order order = std::memory_order_seq_cst) {
      Base::store(value, weak(Access::store, order));
    }
    T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst) {
      return Base::fetch_add(value, weak(Access::change, order));
    }
    T fetch_sub(T value, std::memory_order order = std::memory_order_seq_cst) {
      return Base::fetch_sub(value, weak(Access::change, order));
    }

   private:
    std::memory_order weak(Access access, std::memory_order order) const {
      return access == weakened && std::string_view(object.text) == this->name()
                 ? std::memory_order_relaxed
                 : order;
    }
  };
};

struct NoLightFence : ModelSync {
  static void fence_light() {}
};

/// A queue over this policy, whatever the one that it is asked for.
template <template <class, class> class Queue, class Sync>
struct Over {
  template <class T, class = ModelSync>
  using type = Queue<T, Sync>;
};

template <test::Fault fault>
struct Faulty {
  template <class T, class Sync = ModelSync>
  using type = test::FaultyLockedQueue<T, Sync, fault>;
};

template <Slip slip>
struct Slipping {
  template <class T, class Sync = ModelSync>
  using type = SlippingQueue<T, Sync, slip>;
};

template <CellSlip slip>
struct SlippingInCell {
  template <class T, class Sync = ModelSync>
  using type = SlippingCell<T, Sync, slip>;
};

/// Starts with its positions just before they wrap.
template <class T, class Sync = ModelSync>
struct WrapsSoon : test::FaultyLockedQueue<T, Sync, test::Fault::adds_to_positions> {
  explicit WrapsSoon(std::size_t capacity)
      : test::FaultyLockedQueue<T, Sync, test::Fault::adds_to_positions>(capacity,
                                                                         std::uint64_t{0} - 1) {}
};

struct Mutant {
  Subject subject;
  const char* reason;  ///< what the failure must say; empty: there must be none
};

#define BQ_FAULT(fault, reason) \
  { describe<Faulty<test::Fault::fault>::type>(#fault), reason }
#define BQ_SLIP(slip, reason) \
  { describe<Slipping<Slip::slip>::type>(#slip), reason }
#define BQ_CELL_SLIP(slip, reason) \
  { describe<SlippingInCell<CellSlip::slip>::type>(#slip), reason }
#define BQ_MUTANT(Class, reason) \
  { describe<test::Class>(#Class), reason }
#define BQ_OVER(Queue, name, Sync, reason) \
  { describe<Over<Queue, Sync>::type>(#Queue "_" name), reason }
// The atomics of this name lose their order at this kind of access.
#define BQ_WEAK(Queue, object, kind, reason)                                                \
  {                                                                                         \
    describe<Over<Queue, Weakened<object, Access::kind>>::type>(#Queue "_" object "_" #kind \
                                                                       "_relaxed"),         \
        reason                                                                              \
  }

const std::vector<Mutant>& all_mutants() {
  static const std::vector<Mutant> all{
      BQ_FAULT(none, ""),
      BQ_FAULT(consumers_not_woken, "lost wake-up"),
      BQ_FAULT(producers_not_woken, "lost wake-up"),
      BQ_FAULT(wakes_on_first_only, "lost wake-up"),
      BQ_FAULT(trusts_its_wake_up, "a message is taken that is not there"),
      BQ_FAULT(sleeps_after_a_gap, "lost wake-up"),
      BQ_FAULT(one_too_many, "try_push does not say full"),
      BQ_FAULT(close_wakes_one, "lost wake-up"),
      BQ_FAULT(close_forgets_producers, "lost wake-up"),
      BQ_FAULT(ends_before_drained, "all messages are taken, and size_approx() is not 0"),
      BQ_FAULT(moves_before_it_looks, "taken the message away"),
      BQ_FAULT(last_in_first_out, "not linearizable"),
      BQ_FAULT(leaks, "leaked"),
      BQ_FAULT(early_timeout, "gives up before its deadline"),
      BQ_FAULT(moves_before_timeout, "taken the message away"),
      BQ_FAULT(past_deadline_waits, "no other thread is left, and a call waits"),
      {describe<WrapsSoon>("adds_to_positions"), "lost wake-up"},
      {describe<Slipping<Slip::none>::type>("none_in_plain_storage"), ""},
      BQ_SLIP(pop_into_wakes_if_full, "although there is room"),
      BQ_SLIP(restarts_its_deadline, "does not return at its deadline"),
      BQ_SLIP(sleeps_beyond_deadline, "does not return at its deadline"),
      BQ_SLIP(pushes_take_turns, "waits for a thread that waits"),
      BQ_SLIP(takes_after_unlock, "its place was given away too early"),
      BQ_SLIP(moves_again, "whose message was moved away"),
      BQ_SLIP(destroys_again, "destruction of a message object that is not alive"),
      BQ_SLIP(drains_silently, "lost wake-up"),
      BQ_SLIP(keeps_its_reservation, "an empty queue takes no message"),
      BQ_SLIP(counts_refused, "size_approx() is not"),
      BQ_SLIP(full_hides_closed, "a push to a closed queue does not say closed"),
      BQ_SLIP(forgets_timed_pops, "waits although there is a message"),
      {describe<SlippingInCell<CellSlip::none>::type>("none_in_a_cell"), ""},
      BQ_CELL_SLIP(needs_a_stalled_thread, "needs a step of another thread"),
      BQ_CELL_SLIP(copies_after_unlock, "data race: "),
      BQ_CELL_SLIP(keeps_what_was_taken, "the queue still holds one"),
      BQ_MUTANT(TakesBusyForEmpty, "not linearizable"),
      BQ_MUTANT(TakesBusyForFull, "not linearizable"),
      BQ_MUTANT(ClosesBesideTheTail, "after another pop has reported the end"),
      BQ_MUTANT(LosesTheSecondWakeUp, "lost wake-up"),
      BQ_MUTANT(LooksBeforeItEnlists, "lost wake-up"),
      BQ_MUTANT(ClosesWithoutAFence, "size_approx() is not 0"),
      BQ_MUTANT(EndsBesideAPush, "after another pop has reported the end"),
      BQ_MUTANT(RemembersEmptiness, "does not say closed"),
      BQ_WEAK(MpmcRingPark, "turn", store, "data race"),
      BQ_WEAK(MpmcRingPark, "turn", load, "data race"),
      BQ_WEAK(SpscRingPark, "tail", store, "data race"),
      BQ_WEAK(SpscRingPark, "tail", load, "data race"),
      BQ_WEAK(SpscRingPark, "head", store, "data race"),
      BQ_WEAK(SpscRingPark, "head", load, "data race"),
      BQ_WEAK(SpscRingPark, "phase", load, "size_approx() is not 0"),
      BQ_WEAK(SpscRingPark, "pushing", store, "size_approx() is not 0"),
      BQ_WEAK(SpscRingPark, "pushing", load, "size_approx() is not 0"),
      BQ_WEAK(TwoLockQueue, "size", change, "data race"),
      BQ_WEAK(TwoLockQueue, "size", load, "data race"),
      BQ_WEAK(MpmcRingAtomicWait, "not_empty", change, "lost wake-up"),
      BQ_OVER(MpmcRingPark, "no_light_fence", NoLightFence, "lost wake-up"),
      BQ_OVER(MpmcRingPark, "no_heavy_fence", test::NoHeavyFence<ModelSync>, "lost wake-up"),
      BQ_OVER(SpscRingPark, "no_light_fence", NoLightFence, "lost wake-up"),
      BQ_OVER(SpscRingPark, "no_heavy_fence", test::NoHeavyFence<ModelSync>, "lost wake-up"),
  };
  return all;
}

class MutantTest : public testing::Test {
 public:
  explicit MutantTest(const Mutant& mutant) : mutant_(mutant) {}

  void TestBody() override {
    // All searches a little way, then further: most faults are near.
    double seconds = 0;
    for (int bound = 1; bound <= deepest; ++bound) {
      for (Exploration what : plan_for(mutant_.subject, false)) {
        if (bound < deepest && what.limits.random_runs > 0) continue;
        if (bound < deepest) what.limits.bound = std::min(what.limits.bound, bound);
        const Outcome outcome = explore(program(mutant_.subject, what.shape), what.limits);
        seconds += outcome.seconds;
        if (outcome.failure.empty()) continue;
        std::printf("dies after %.3f s: %s, %s, cost %d, %d steps\n%s", seconds,
                    to_string(what.shape).c_str(), to_string(what.limits).c_str(), outcome.cost,
                    outcome.steps, schedule(outcome).c_str());
        EXPECT_NE(std::string_view(mutant_.reason), "") << "must pass";
        EXPECT_NE(outcome.failure.find(mutant_.reason), std::string::npos) << outcome.failure;
        return;
      }
    }
    std::printf("passes after %.3f s\n", seconds);
    EXPECT_EQ(std::string_view(mutant_.reason), "") << "survives";
  }

 private:
  static constexpr int deepest = 3;
  const Mutant& mutant_;
};

}  // namespace
}  // namespace bq::explorer

int main(int argc, char** argv) {
  using namespace bq::explorer;
  testing::InitGoogleTest(&argc, argv);
  for (const Mutant& mutant : all_mutants()) {
    testing::RegisterTest("explorer_mutants", mutant.subject.name.c_str(), nullptr, nullptr,
                          __FILE__, __LINE__,
                          [&mutant]() -> testing::Test* { return new MutantTest(mutant); });
  }
  return RUN_ALL_TESTS();
}
