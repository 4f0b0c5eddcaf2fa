// The checkers of linearizability.h, tested on histories made by hand, and against each other on
// random ones.
#include "checking/linearizability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <mutex>
#include <numeric>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace bq::test {
namespace {

using namespace checking;

using Kind = Operation::Kind;

Operation push(int message, std::int64_t call, std::int64_t returned) {
  return {Kind::push, message, call, returned};
}
Operation pop(int message, std::int64_t call, std::int64_t returned) {
  return {Kind::pop, message, call, returned};
}
Operation pending_pop(std::int64_t call) {
  return {Kind::pop, 0, call, never};
}
Operation full(std::int64_t call, std::int64_t returned) {
  return {Kind::full, 0, call, returned};
}
Operation empty(std::int64_t call, std::int64_t returned) {
  return {Kind::empty, 0, call, returned};
}

// The oracle: every order of every choice of operations, as the definition says. Nothing is shared
// with the checkers.

bool keeps_real_time(const History& order) {
  for (std::size_t late = 0; late < order.size(); ++late) {
    for (std::size_t early = 0; early < late; ++early) {
      if (order[late].returned < order[early].call) return false;
    }
  }
  return true;
}

bool is_what_a_queue_does(const History& order, std::size_t capacity) {
  std::deque<int> queue;
  for (const Operation& operation : order) {
    if (operation.kind == Kind::full && queue.size() != capacity) return false;
    if (operation.kind == Kind::empty && !queue.empty()) return false;
    if (operation.kind == Kind::push) {
      queue.push_back(operation.message);
      if (queue.size() > capacity) return false;
    }
    if (operation.kind == Kind::pop) {
      if (queue.empty()) return false;
      if (operation.returned != never && queue.front() != operation.message) return false;
      queue.pop_front();
    }
  }
  return true;
}

bool has_a_good_order(const History& history, std::size_t capacity) {
  std::vector<std::size_t> places(history.size());
  std::iota(places.begin(), places.end(), 0U);
  do {
    History order;
    for (const std::size_t place : places) order.push_back(history[place]);
    if (keeps_real_time(order) && is_what_a_queue_does(order, capacity)) return true;
  } while (std::next_permutation(places.begin(), places.end()));
  return false;
}

/// Whether the history is linearizable if some of its pending operations have taken effect.
bool oracle_accepts(const History& history, std::size_t capacity) {
  History completed;
  History pending;
  for (const Operation& operation : history)
    (operation.is_pending() ? pending : completed).push_back(operation);
  for (std::uint32_t choice = 0; choice < (1U << pending.size()); ++choice) {
    History chosen = completed;
    for (std::size_t i = 0; i < pending.size(); ++i) {
      if ((choice >> i & 1U) != 0) chosen.push_back(pending[i]);
    }
    if (has_a_good_order(chosen, capacity)) return true;
  }
  return false;
}

void expect_good(const History& history, std::size_t capacity) {
  EXPECT_TRUE(oracle_accepts(history, capacity)) << detail::timeline(history);
  EXPECT_EQ(not_linearizable(history, capacity), std::nullopt);
  EXPECT_EQ(violated_pattern(history, capacity), std::nullopt);
}

/// The pattern ends at the colon of the message; none: only the exact checker finds it.
void expect_bad(const History& history, std::size_t capacity, const std::string& pattern) {
  EXPECT_FALSE(oracle_accepts(history, capacity)) << detail::timeline(history);
  EXPECT_TRUE(not_linearizable(history, capacity)) << detail::timeline(history);
  const std::string violation = violated_pattern(history, capacity).value_or(":");
  EXPECT_EQ(violation.substr(0, violation.find(':')), pattern) << violation << '\n'
                                                               << detail::timeline(history);
}

TEST(Linearizability, OfNothing) {
  expect_good({}, 1);
  expect_good({empty(0, 1)}, 1);
  expect_bad({full(0, 1)}, 1, "full");
}

TEST(Linearizability, OfCallsOneAfterTheOther) {
  expect_good({empty(0, 1), push(1, 2, 3), push(2, 4, 5), full(6, 7), pop(1, 8, 9), push(3, 10, 11),
               pop(2, 12, 13)},
              2);
}

TEST(Linearizability, OfCallsThatOverlap) {
  expect_good({push(1, 0, 5), pop(1, 1, 4)}, 1);
  expect_good({push(1, 0, 3), push(2, 1, 2), pop(2, 4, 5), pop(1, 6, 7)}, 2);
  expect_good({push(1, 0, 1), push(2, 2, 3), pop(2, 4, 7), pop(1, 5, 6)}, 2);
  expect_good({push(1, 0, 1), push(2, 2, 5), pop(1, 3, 6), empty(4, 7)}, 1);
  expect_good({push(1, 0, 1), push(2, 2, 4), full(3, 5)}, 2);
}

TEST(Linearizability, Fresh) {
  expect_bad({pop(1, 0, 1)}, 1, "fresh");
  expect_bad({pop(1, 0, 1), push(1, 2, 3)}, 1, "fresh");
  expect_good({pop(1, 0, 2), push(1, 1, 3)}, 1);
}

TEST(Linearizability, Twice) {
  expect_bad({push(1, 0, 1), pop(1, 2, 3), pop(1, 4, 5)}, 1, "twice");
}

TEST(Linearizability, Order) {
  expect_bad({push(1, 0, 1), push(2, 2, 3), pop(2, 4, 5), pop(1, 6, 7)}, 2, "order");
  expect_bad({push(1, 0, 1), push(2, 2, 3), pop(2, 4, 5)}, 2, "order");
  expect_good({push(1, 0, 2), push(2, 1, 3), pop(2, 4, 5), pop(1, 6, 7)}, 2);
  expect_good({push(1, 0, 1), push(2, 2, 3), pop(2, 4, 6), pop(1, 5, 7)}, 2);
}

TEST(Linearizability, Bound) {
  expect_bad({push(1, 0, 1), push(2, 2, 3)}, 1, "bound");
  expect_bad({push(1, 0, 1), push(2, 2, 3), pop(1, 4, 5)}, 1, "bound");
  expect_bad({push(1, 0, 3), push(2, 1, 2)}, 1, "bound");
  expect_good({push(1, 0, 1), push(2, 2, 4), pop(1, 3, 5)}, 1);
}

TEST(Linearizability, EmptyWithAMessageInside) {
  expect_bad({push(1, 0, 1), empty(2, 3)}, 1, "empty");
  expect_bad({push(1, 0, 1), empty(2, 3), pop(1, 4, 5)}, 1, "empty");
  expect_bad({push(1, 0, 1), push(2, 2, 5), pop(1, 6, 7), empty(4, 8)}, 2, "empty");
  expect_good({push(1, 0, 2), empty(1, 3)}, 1);
  expect_good({push(1, 0, 1), empty(2, 4), pop(1, 3, 5)}, 1);
}

TEST(Linearizability, FullWithRoom) {
  expect_bad({push(1, 0, 1), full(2, 3)}, 2, "full");
  expect_bad({push(1, 0, 1), pop(1, 2, 3), full(4, 5)}, 1, "full");
  expect_bad({full(0, 1), push(1, 2, 3)}, 1, "full");
  expect_good({push(1, 0, 2), full(1, 3)}, 1);
  expect_good({push(1, 0, 1), pop(1, 2, 4), full(3, 5)}, 1);
}

TEST(Linearizability, PendingCallsThatMustHaveTakenEffect) {
  expect_good({push(1, 0, never), pop(1, 1, 2)}, 1);
  expect_good({push(1, 0, never), full(1, 2)}, 1);
  expect_good({pending_pop(0), push(1, 1, 2), push(2, 3, 4)}, 1);
  expect_good({pending_pop(0), push(1, 1, 2), empty(3, 4)}, 1);
  expect_good({pending_pop(0), push(1, 1, 2), push(2, 3, 4), pop(2, 5, 6)}, 2);
  expect_bad({push(1, 1, never), pop(1, 0, 2), full(3, 4)}, 1, "full");
  expect_bad({pending_pop(0), push(1, 1, 2), push(2, 3, 4), push(3, 5, 6)}, 1, "bound");
  expect_bad({push(1, 0, 1), push(2, 2, 3), pop(2, 4, 5), pending_pop(6)}, 2, "order");
}

TEST(Linearizability, PendingCallsThatMustNotHaveTakenEffect) {
  expect_good({push(1, 0, never), empty(1, 2)}, 1);
  expect_good({push(1, 0, never), push(2, 1, 2)}, 1);
  expect_good({push(1, 0, 1), pending_pop(2), pop(1, 3, 4)}, 1);
  expect_good({push(1, 0, 1), pending_pop(2), full(3, 4)}, 1);
  expect_bad({push(1, 0, never), pop(1, 1, 2), pop(1, 3, 4)}, 1, "twice");
  expect_bad({push(1, 2, never), pop(1, 0, 1)}, 1, "fresh");
  expect_good({{Kind::full, 0, 0, never}, {Kind::empty, 0, 1, never}}, 1);
}

TEST(Linearizability, NotAllFaultsHaveAPattern) {
  // Order and bound together: 1 must leave before 2 comes, or the other way about.
  expect_bad({push(1, 0, 2), push(2, 1, 5), pop(2, 3, 4)}, 1, "");
  // It cannot become empty again: nobody pops.
  expect_bad({full(0, 2), push(1, 1, 4), empty(3, 5)}, 1, "");
  // One pending pop cannot have taken both 1 and 2.
  expect_bad({push(1, 0, 1), push(2, 2, 3), push(3, 4, 5), pending_pop(6), pop(3, 7, 8)}, 3, "");
}

TEST(Linearizability, ExplainsItself) {
  const History history{push(1, 10, 20), pop(2, 40, 50), push(2, 30, never), pending_pop(60)};
  EXPECT_EQ(not_linearizable(history, 2),
            "not linearizable as a queue of capacity 2; at best this, and then nothing can follow: "
            "push 1 [10, 20], "
            "push 2 [30, never]\n"
            "  push 1 [10, 20]     ||\n"
            "  push 2 [30, never]    |--->\n"
            "  pop 2 [40, 50]         ||\n"
            "  pop ? [60, never]        |>\n");
}

TEST(Linearizability, RefusesWhatIsNoHistory) {
  const History backwards{push(1, 1, 0)};
  const History at_once{push(1, 0, 1), pop(1, 1, 2)};
  const History repeated{push(1, 0, 1), push(1, 2, 3)};
  for (const History& history : {backwards, at_once, repeated}) {
    EXPECT_THROW(not_linearizable(history, 1), std::invalid_argument);
    EXPECT_THROW(violated_pattern(history, 1), std::invalid_argument);
    EXPECT_THROW(does_not_fit(history, {1}, 1), std::invalid_argument);
  }
  const History good{push(1, 0, 1), push(2, 2, 3)};
  EXPECT_THROW(not_linearizable(good, 0), std::invalid_argument);
  EXPECT_THROW(violated_pattern(good, 0), std::invalid_argument);
  EXPECT_THROW(does_not_fit(good, {1, 2}, 0), std::invalid_argument);
  for (const std::vector<int>& order : {std::vector<int>{1}, {1, 1}, {1, 3}, {1, 2, 3}}) {
    EXPECT_THROW(does_not_fit(good, order, 2), std::invalid_argument);
  }
}

TEST(Linearizability, ExactUpTo64Operations) {
  History history;
  std::int64_t now = 0;
  for (int i = 0; i < 32; ++i, now += 4) {
    history.push_back(push(i, now, now + 1));
    history.push_back(pop(i, now + 2, now + 3));
  }
  EXPECT_EQ(not_linearizable(history, 1), std::nullopt);
  std::swap(history[61].message, history[63].message);
  EXPECT_TRUE(not_linearizable(history, 1));
  history.push_back(empty(1000, 1001));
  EXPECT_THROW(not_linearizable(history, 1), std::invalid_argument);
}

TEST(Linearizability, FitsTheKnownOrder) {
  const History one_producer{push(1, 0, 1), push(2, 2, 6), pop(2, 3, 7), pop(1, 4, 5)};
  EXPECT_EQ(does_not_fit(one_producer, push_order(one_producer), 1), std::nullopt);
  const History one_consumer{push(2, 0, 2), push(1, 1, 6), push(3, 7, 8), pop(1, 3, 4),
                             pop(2, 5, 9)};
  EXPECT_TRUE(does_not_fit(one_consumer, push_order(one_consumer), 2));
  EXPECT_EQ(pop_order(one_consumer), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(does_not_fit(one_consumer, pop_order(one_consumer), 2), std::nullopt);
  EXPECT_TRUE(does_not_fit(one_consumer, pop_order(one_consumer), 1));
  EXPECT_TRUE(does_not_fit({pop(1, 0, 1)}, {}, 1));
  EXPECT_TRUE(does_not_fit({push(1, 0, 1), pop(1, 2, 3), pop(1, 4, 5)}, {1}, 1));
}

TEST(Linearizability, FitsTheOrderItIsGiven) {
  const History history{push(1, 0, 7), pop(1, 1, 4), push(2, 5, 6), pop(2, 2, 8)};
  EXPECT_EQ(does_not_fit(history, {1, 2}, 2), std::nullopt);
  EXPECT_EQ(does_not_fit(history, {2, 1}, 2),
            "order and capacity allow pop 1 [1, 4] only after its end");
}

TEST(Linearizability, FitsWhatIsLeftByTheEndsOfThePushes) {
  // The pop makes room after 5: the push of 2 has ended by then and must have come first.
  const History history{push(1, 0, 9), push(2, 1, 3), push(3, 2, 4), pop(3, 5, 6)};
  EXPECT_EQ(pop_order(history), (std::vector<int>{3, 2, 1}));
  EXPECT_EQ(does_not_fit(history, pop_order(history), 2), std::nullopt);
  EXPECT_EQ(not_linearizable(history, 2), std::nullopt);
}

TEST(Linearizability, PerProducer) {
  const auto producer_of = [](int message) { return message / 10; };
  const History history{push(10, 0, 1),  push(20, 2, 3), full(4, 5),
                        push(21, 6, 7),  pop(20, 8, 9),  pop(10, 10, 11),
                        pop(21, 12, 13), empty(14, 15),  pending_pop(16)};
  EXPECT_TRUE(not_linearizable(history, 3));
  EXPECT_EQ(per_producer(history, 1, producer_of).size(), 4U);
  EXPECT_EQ(per_producer(history, 2, producer_of).size(), 6U);
  expect_good(per_producer(history, 1, producer_of), 3);
  expect_good(per_producer(history, 2, producer_of), 3);

  const History mixed_up{push(10, 0, 1), push(11, 2, 3), pop(11, 4, 5)};
  expect_bad(per_producer(mixed_up, 1, producer_of), 3, "order");
  expect_bad(per_producer({push(10, 0, 1), empty(2, 3)}, 1, producer_of), 3, "empty");
}

// Random histories.

using Random = std::mt19937;

template <class Int>
Int below(Int end, Random& random) {
  return std::uniform_int_distribution<Int>(0, end - 1)(random);
}
bool one_in(int n, Random& random) {
  return below(n, random) == 0;
}

/// Threads that use a queue, stopped at random between the beginning of a call, its instant, and
/// its end.
class Simulation {
 public:
  struct Setup {
    std::size_t producers;
    std::size_t consumers;
    std::size_t capacity;
    int operations;
    bool tries;         ///< also calls that answer full or empty
    int faults_one_in;  ///< of the instants; 0: none
  };

  Simulation(const Setup& setup, Random& random)
      : setup_(setup), random_(random), threads_(setup.producers + setup.consumers) {}

  /// Ends with calls pending, or without (then the threads that wait stay out of the history).
  History run(bool with_pending) {
    for (int steps = 0; steps < 20 * setup_.operations; ++steps) {
      step(threads_[below(threads_.size(), random_)]);
    }
    for (Thread& thread : threads_) {
      if (with_pending && thread.at != At::rest) history_.push_back(thread.operation);
      if (!with_pending && thread.at == At::end) step(thread);
    }
    return history_;
  }

 private:
  enum class At { rest, instant, end };
  struct Thread {
    At at = At::rest;
    Operation operation{};
  };

  bool is_producer(const Thread& thread) const {
    return &thread < threads_.data() + setup_.producers;
  }

  void step(Thread& thread) {
    switch (thread.at) {
      case At::rest:
        if (begun_++ >= setup_.operations) return;
        thread.operation =
            is_producer(thread) ? push(next_message_++, now_++, never) : pending_pop(now_++);
        thread.at = At::instant;
        break;
      case At::instant:
        if (is_producer(thread) ? take_in(thread.operation) : hand_out(thread.operation))
          thread.at = At::end;
        break;
      case At::end:
        thread.operation.returned = now_++;
        history_.push_back(thread.operation);
        thread.at = At::rest;
        break;
    }
  }

  bool fault() { return setup_.faults_one_in != 0 && one_in(setup_.faults_one_in, random_); }

  bool take_in(Operation& operation) {
    const bool is_full = (queue_.size() >= setup_.capacity) != fault();
    if (is_full) {
      if (setup_.tries) operation.kind = Kind::full;
      return setup_.tries;
    }
    if (!fault()) queue_.push_back(operation.message);
    return true;
  }

  bool hand_out(Operation& operation) {
    const bool is_empty = queue_.empty() || fault();
    if (is_empty) {
      if (setup_.tries) operation.kind = Kind::empty;
      return setup_.tries;
    }
    const auto taken = fault() ? queue_.end() - 1 : queue_.begin();
    operation.message = *taken;
    if (!fault()) queue_.erase(taken);
    return true;
  }

  Setup setup_;
  Random& random_;
  std::vector<Thread> threads_;
  std::deque<int> queue_;
  History history_;
  std::int64_t now_ = 0;
  int next_message_ = 0;
  int begun_ = 0;
};

Simulation::Setup random_setup(int operations, Random& random) {
  return {.producers = 1 + below<std::size_t>(3, random),
          .consumers = 1 + below<std::size_t>(3, random),
          .capacity = 1 + below<std::size_t>(3, random),
          .operations = operations,
          .tries = one_in(2, random),
          .faults_one_in = 0};
}

/// Any operations at any times, which no threads need to have made.
History noise(int operations, Random& random) {
  std::vector<std::int64_t> times(2 * static_cast<std::size_t>(operations));
  std::iota(times.begin(), times.end(), 0);
  std::shuffle(times.begin(), times.end(), random);
  constexpr Kind kinds[] = {Kind::push, Kind::push, Kind::push, Kind::pop,
                            Kind::pop,  Kind::pop,  Kind::full, Kind::empty};
  History history;
  int pushed = 0;
  for (int i = 0; i < operations; ++i) {
    const auto [call, returned] = std::minmax(times[2 * static_cast<std::size_t>(i)],
                                              times[2 * static_cast<std::size_t>(i) + 1]);
    const Kind kind = kinds[below(std::size(kinds), random)];
    const int message = kind == Kind::push ? pushed++ : below(1 + operations / 2, random);
    history.push_back({kind, message, call, one_in(8, random) ? never : returned});
  }
  return history;
}

/// How often the exact checker accepted: a comparison of checkers which all reject everything shows
/// nothing.
struct Tally {
  int accepted = 0;
  int rejected = 0;
  int without_pattern = 0;  ///< rejected, but not by violated_pattern

  void add(const History& history, std::size_t capacity) {
    const auto verdict = not_linearizable(history, capacity);
    const auto violation = violated_pattern(history, capacity);
    ++(verdict ? rejected : accepted);
    if (violation) {
      EXPECT_TRUE(verdict) << *violation << '\n'
                           << detail::timeline(history) << "capacity " << capacity;
    }
    if (verdict && !violation) ++without_pattern;
  }
};

TEST(Linearizability, OfASimulatedQueue) {
  Random random(1);
  for (int i = 0; i < 3000; ++i) {
    const auto setup = random_setup(20, random);
    const History history = Simulation(setup, random).run(one_in(2, random));
    EXPECT_EQ(not_linearizable(history, setup.capacity), std::nullopt);
    EXPECT_EQ(violated_pattern(history, setup.capacity), std::nullopt);
  }
}

TEST(Linearizability, OfALongHistory) {
  Random random(2);
  const auto producer_of = [](int message) { return message % 3; };
  const History history = Simulation({.producers = 3,
                                      .consumers = 3,
                                      .capacity = 4,
                                      .operations = 20'000,
                                      .tries = true,
                                      .faults_one_in = 0},
                                     random)
                              .run(true);
  EXPECT_GT(history.size(), 15'000U);
  EXPECT_EQ(violated_pattern(history, 4), std::nullopt);
  EXPECT_EQ(violated_pattern(per_producer(history, 1, producer_of), 4), std::nullopt);
  EXPECT_TRUE(violated_pattern(history, 3));
}

TEST(Linearizability, ExactAgreesWithTheOracle) {
  Random random(3);
  Tally tally;
  for (int i = 0; i < 6000; ++i) {
    const int operations = 1 + below(7, random);
    const auto capacity = 1 + below<std::size_t>(3, random);
    auto setup = random_setup(operations, random);
    setup.faults_one_in = 5;
    const History history =
        one_in(2, random) ? noise(operations, random) : Simulation(setup, random).run(true);
    tally.add(history, capacity);
    ASSERT_EQ(!not_linearizable(history, capacity), oracle_accepts(history, capacity))
        << detail::timeline(history);
  }
  EXPECT_GT(tally.accepted, 1000);
  EXPECT_GT(tally.rejected, 1000);
}

TEST(Linearizability, PatternsRejectNothingGood) {
  Random random(4);
  Tally tally;
  for (int i = 0; i < 6000; ++i) {
    auto setup = random_setup(14, random);
    setup.faults_one_in = 20;
    tally.add(Simulation(setup, random).run(one_in(2, random)), setup.capacity);
  }
  EXPECT_GT(tally.accepted, 1000);
  EXPECT_GT(tally.rejected, 1000);
  EXPECT_GT(tally.without_pattern, 0);
}

TEST(Linearizability, PatternsFindAllInAnUnboundedQueue) {
  Random random(5);
  Tally tally;
  for (int i = 0; i < 6000; ++i) {
    auto setup = random_setup(12, random);
    setup.capacity = 12;
    setup.faults_one_in = 10;
    History history = one_in(2, random) ? noise(7, random) : Simulation(setup, random).run(false);
    history.erase(
        std::remove_if(history.begin(), history.end(),
                       [](const Operation& a) { return a.kind == Kind::full || a.is_pending(); }),
        history.end());
    tally.add(history, setup.capacity);
  }
  EXPECT_GT(tally.accepted, 1000);
  EXPECT_GT(tally.rejected, 1000);
  EXPECT_EQ(tally.without_pattern, 0);
}

TEST(Linearizability, FitIsExact) {
  Random random(6);
  Tally tally;
  for (int i = 0; i < 12'000; ++i) {
    auto setup = random_setup(14, random);
    setup.tries = false;
    setup.faults_one_in = one_in(3, random) ? 0 : 20;
    const bool one_producer = one_in(2, random);
    (one_producer ? setup.producers : setup.consumers) = 1;
    const History history = Simulation(setup, random).run(one_in(2, random));
    tally.add(history, setup.capacity);
    const bool is_good = !not_linearizable(history, setup.capacity);
    if (setup.producers == 1) {
      ASSERT_EQ(!does_not_fit(history, push_order(history), setup.capacity), is_good)
          << detail::timeline(history);
    }
    if (setup.consumers == 1) {
      ASSERT_EQ(!does_not_fit(history, pop_order(history), setup.capacity), is_good)
          << detail::timeline(history);
    }
  }
  EXPECT_GT(tally.accepted, 1000);
  EXPECT_GT(tally.rejected, 1000);
  EXPECT_GT(tally.without_pattern, 0);
}

TEST(Linearizability, RecordsInTheOrderOfTheClock) {
  Recorder recorder(2);
  auto& producer = recorder.log(0);
  auto& consumer = recorder.log(1);
  const auto pushing = producer.begin();
  const auto popping = consumer.begin();
  consumer.finish(Kind::pop, 7, popping);
  producer.finish(Kind::push, 7, pushing);
  consumer.begin();  // and refused
  const History history = recorder.history();
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(to_string(history[0]), "push 7 [0, 3]");
  EXPECT_EQ(to_string(history[1]), "pop 7 [1, 2]");
  EXPECT_THROW(recorder.log(2), std::out_of_range);
}

/// The plainest queue: one lock, and nobody waits.
class LockedQueue {
 public:
  explicit LockedQueue(std::size_t capacity) : capacity_(capacity) {}

  bool try_push(int message) {
    const std::scoped_lock lock(mutex_);
    if (messages_.size() == capacity_) return false;
    messages_.push_back(message);
    return true;
  }
  std::optional<int> try_pop() {
    const std::scoped_lock lock(mutex_);
    if (messages_.empty()) return std::nullopt;
    const int message = messages_.front();
    messages_.pop_front();
    return message;
  }

 private:
  std::mutex mutex_;
  std::deque<int> messages_;
  std::size_t capacity_;
};

TEST(Linearizability, OfARecordedQueue) {
  constexpr std::size_t threads = 3;  // a side
  constexpr int calls = 3000;
  LockedQueue queue(2);
  Recorder recorder(2 * threads, calls);
  std::vector<std::thread> workers;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    workers.emplace_back([&, thread] {
      auto& log = recorder.log(thread);
      for (int i = 0; i < calls; ++i) {
        const int message = static_cast<int>(thread) * calls + i;
        const auto call = log.begin();
        const bool done = queue.try_push(message);
        log.finish(done ? Kind::push : Kind::full, message, call);
      }
    });
    workers.emplace_back([&, thread] {
      auto& log = recorder.log(threads + thread);
      for (int i = 0; i < calls; ++i) {
        const auto call = log.begin();
        const auto message = queue.try_pop();
        log.finish(message ? Kind::pop : Kind::empty, message.value_or(0), call);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  const History history = recorder.history();
  EXPECT_EQ(history.size(), 2 * threads * calls);
  EXPECT_EQ(violated_pattern(history, 2), std::nullopt);
}

}  // namespace
}  // namespace bq::test
