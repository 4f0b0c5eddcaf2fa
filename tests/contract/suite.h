// How a test of the contract is written: BQ_CASE, and what its body needs.
//
//   BQ_CASE(PushWaitsWhileFull, keeps_a_bound) { ... `subject` is the queue under test ... }
//
// main.cpp runs each case on each registered queue, as a test of its own
// ("two_condvar.PushWaitsWhileFull"). A queue that does not meet a requirement is skipped, by name
// and with the reason. Threads are never awaited by sleeping for a time that should be enough: each
// test is right whatever the timing, and watches calls until they wait (Caller::blocks).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "benchmarks/trial/capacities.h"
#include "checking/sanitizers.h"
#include "tests/contract/caller.h"
#include "tests/contract/subject.h"

namespace bq {

/// How GoogleTest prints one.
inline void PrintTo(Status status, std::ostream* out) {
  constexpr const char* names[] = {"done", "full", "empty", "closed", "busy", "timeout"};
  *out << names[static_cast<std::size_t>(status)];
}

}  // namespace bq

namespace bq::test {

struct Requirement {
  bool (*is_met)(const Subject&);
  const char* otherwise;  ///< the reason of the skip: "<queue>: <otherwise>"
};

struct Case {
  const char* name;
  std::vector<Requirement> requirements;
  void (*body)(const Subject&);
};

/// All cases of the suite.
const std::vector<Case>& cases();
bool add_case(Case added);

#define BQ_CASE(name, ...)                                                                     \
  static void case_##name(const ::bq::test::Subject& subject);                                 \
  static const bool added_##name = ::bq::test::add_case({#name, {__VA_ARGS__}, &case_##name}); \
  static void case_##name([[maybe_unused]] const ::bq::test::Subject& subject)

// Cases that builds with a sanitizer leave to `test --deep`; cmake/ContractTests.cmake finds them
// by these names. A case that judges histories: it makes the calls of StressAllCallsAtOnce,
// StressWithRandomDelays and StressOneToOne, where a sanitizer finds what it can find in them, and
// judges the answers in the release build.
#define BQ_HISTORY_CASE BQ_CASE
// A case of one thread, in which ThreadSanitizer has nothing to find.
#define BQ_ONE_THREAD_CASE BQ_CASE
// A case of two threads that must run at the same instant: CTest runs it alone. A sanitizer slows
// them down, and finds what it can find in the cases named above.
#define BQ_RACE_CASE BQ_CASE

// What a case may ask of a queue.
inline constexpr Requirement keeps_a_bound{[](const Subject& s) { return s.is_bounded(); },
                                           "keeps no bound"};
inline constexpr Requirement many_producers{[](const Subject& s) { return s.producers() > 1; },
                                            "takes one producer"};
inline constexpr Requirement many_consumers{[](const Subject& s) { return s.consumers() > 1; },
                                            "takes one consumer"};
inline constexpr Requirement global_fifo{
    [](const Subject& s) { return s.traits.fifo == Fifo::global; },
    "keeps the order of each producer only"};
inline constexpr Requirement exact_close{
    [](const Subject& s) { return s.traits.close == Close::exact; },
    "close is exact only while no push runs"};
// Where pushes hear of a close, too.
inline constexpr Requirement closes{
    [](const Subject& s) { return s.traits.close != Close::end_of_stream; },
    "cannot be closed: pops see the end of a stream, and pushes do not"};
inline constexpr Requirement try_calls{[](const Subject& s) { return s.has_tries(); },
                                       "has no try calls"};
inline constexpr Requirement batch_calls{[](const Subject& s) { return s.has_batches; },
                                         "has no calls for batches"};
inline constexpr Requirement timed_calls{[](const Subject& s) { return s.is_timed(); },
                                         "has no timed calls"};
inline constexpr Requirement message_with_identity{
    [](const Subject& s) { return s.traits.element != Element::trivial; },
    "takes trivially copyable messages only"};
inline constexpr Requirement any_message{
    [](const Subject& s) { return s.takes_nontrivial(); },
    "takes no messages that can only be moved and have no default constructor"};
inline constexpr Requirement throwing_message{[](const Subject& s) { return s.takes_throwing(); },
                                              "wants messages whose move does not throw"};
inline constexpr Requirement uses_sync{[](const Subject& s) { return s.uses_sync; },
                                       "does not synchronise through Sync, so nobody can step in"};
// Within the move of a message, if not at its primitives.
inline constexpr Requirement can_be_stopped{
    [](const Subject& s) { return s.uses_sync || message_with_identity.is_met(s); },
    "uses no Sync and copies messages as bytes, so nobody can step in"};
inline constexpr Requirement others_get_on{
    [](const Subject& s) { return s.traits.stall != Stall::everyone; },
    "a thread stopped in mid-call holds up everyone"};
inline constexpr Requirement has_positions{
    [](const Subject& s) { return static_cast<bool>(s.advanced); },
    "takes no start position, so positions of more than 16 bits do not wrap"};
inline constexpr Requirement room_for_two{
    [](const Subject& s) { return s.traits.max_capacity > 1; }, "holds one message at most"};
inline constexpr Requirement never_forgets{[](const Subject& s) { return s.traits.defect.empty(); },
                                           "has a known defect: it may sleep for ever"};

/// A queue of the subject's class, for the time of a test.
template <class T>
class Queue {
 public:
  using value_type = T;

  Queue(const Subject& subject, std::size_t capacity) : Queue(subject.factory<T>()(capacity)) {}
  explicit Queue(std::unique_ptr<AnyQueue<T>> queue)
      : queue_(std::move(queue)), capacity_(queue_->capacity()) {}

  bool has_tries() const { return queue_->has_tries(); }
  bool push(T&& value) {
    const CallInProgress call("push()", capacity_);
    return queue_->push(std::move(value));
  }
  Status try_push(T&& value) {
    const CallInProgress call("try_push()", capacity_);
    return queue_->try_push(std::move(value));
  }
  Status try_push_until(T&& value, Deadline deadline) {
    const CallInProgress call("try_push_until()", capacity_, deadline);
    return queue_->try_push_until(std::move(value), deadline);
  }
  std::size_t push_batch(std::span<T> messages) {
    const CallInProgress call("push_batch()", capacity_);
    return queue_->push_batch(messages);
  }
  std::size_t pop_batch(std::span<std::optional<T>> out) {
    const CallInProgress call("pop_batch()", capacity_);
    return queue_->pop_batch(out);
  }
  std::optional<T> pop() {
    const CallInProgress call("pop()", capacity_);
    return queue_->pop();
  }
  bool pop_into(std::optional<T>& out) {
    const CallInProgress call("pop(out)", capacity_);
    return queue_->pop_into(out);
  }
  Status try_pop(std::optional<T>& out) {
    const CallInProgress call("try_pop()", capacity_);
    return queue_->try_pop(out);
  }
  Status try_pop_until(std::optional<T>& out, Deadline deadline) {
    const CallInProgress call("try_pop_until()", capacity_, deadline);
    return queue_->try_pop_until(out, deadline);
  }
  void close() {
    const CallInProgress call("close()", capacity_);
    queue_->close();
  }
  bool is_closed() const {
    const CallInProgress call("is_closed()", capacity_, CallInProgress::no_deadline,
                              CallInProgress::Is::a_look);
    return queue_->is_closed();
  }
  std::size_t capacity() const { return queue_->capacity(); }
  std::size_t size_approx() const {
    const CallInProgress call("size_approx()", capacity_, CallInProgress::no_deadline,
                              CallInProgress::Is::a_look);
    return queue_->size_approx();
  }

 private:
  std::unique_ptr<AnyQueue<T>> queue_;
  std::size_t capacity_;
};

/// How often to repeat, in this build, what the release build does `usual` times. Repetitions look
/// for rare interleavings. A sanitizer judges each access in whatever interleaving, and is slow.
constexpr int repetitions(int usual) {
  return checking::under_sanitizer ? std::max(1, usual / 5) : usual;
}

/// As above, for this queue. Threads that only ever spin need a whole time slice for each wait as
/// soon as they are more than the cores.
inline int repetitions(const Subject& subject, int usual) {
  const std::string_view waiting = subject.traits.waiting;
  const bool only_spins = waiting == "spin" || waiting == "spins" || waiting.ends_with(" spins");
  return repetitions(only_spins ? std::max(1, usual / 10) : usual);
}

/// For cases with several threads: the least, odd and prime ones, and one large enough for what
/// begins at some hundreds.
inline constexpr std::size_t usual_capacities[] = {1, 2, 5, 257};
/// For cases with one thread: also powers of two and their neighbours, round numbers, one of the
/// thousands.
inline constexpr std::size_t many_capacities[] = {1,   2,   3,   4,   5,   7,   8,   9,    13,
                                                  16,  31,  32,  33,  63,  64,  65,  100,  127,
                                                  128, 129, 255, 256, 257, 300, 512, 1000, 4099};
/// A greatest capacity up to this is tested, too.
inline constexpr std::size_t small_greatest_capacity = 1 << 16;

/// The capacity to make a queue of in a test that needs one of this size; see nearest_capacity. A
/// queue that can have none fails the test.
inline std::size_t capacity_near(const Subject& subject, std::size_t wanted) {
  if (const auto capacity = nearest_capacity(subject.traits, wanted)) return *capacity;
  throw std::logic_error(subject.name +
                         ": this test ran at no capacity, because the traits exclude every one");
}

/// The least capacity that the queue can have, and those of `wanted` (ascending).
inline std::vector<std::size_t> possible_capacities(const Subject& subject, const auto& wanted) {
  std::vector<std::size_t> possible{capacity_near(subject, 1)};
  for (const std::size_t capacity : wanted) {
    if (capacity > possible.back() && can_have(subject.traits, capacity))
      possible.push_back(capacity);
  }
  return possible;
}

template <class Test>
void at_capacities(const Subject& subject, const std::vector<std::size_t>& capacities, Test test) {
  std::size_t last = 0;
  for (const std::size_t capacity : capacities) {
    const std::size_t effective = subject.factory<int>()(capacity)->capacity();
    if (std::exchange(last, effective) == effective) continue;
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    test(capacity);
    if (testing::Test::HasFailure()) return;
  }
}

/// The usual capacities; in the place of one that the queue lacks, the nearest.
inline std::vector<std::size_t> usual_capacities_of(const Subject& subject) {
  std::vector<std::size_t> capacities;
  for (const std::size_t wanted : usual_capacities) {
    const std::size_t capacity = capacity_near(subject, wanted);
    if (capacities.empty() || capacity > capacities.back()) capacities.push_back(capacity);
  }
  return capacities;
}
/// Those of the many that the queue can have, the least, and the greatest one if that is small.
inline std::vector<std::size_t> many_capacities_of(const Subject& subject) {
  std::vector<std::size_t> capacities = possible_capacities(subject, many_capacities);
  if (subject.traits.max_capacity <= small_greatest_capacity) {
    const std::size_t greatest = capacity_near(subject, subject.traits.max_capacity);
    if (greatest > capacities.back()) capacities.push_back(greatest);
  }
  return capacities;
}

/// Runs the test at each of these capacities that makes a difference to the queue.
template <class Test>
void at_each_capacity(const Subject& subject, Test test) {
  at_capacities(subject, usual_capacities_of(subject), test);
}
template <class Test>
void at_many_capacities(const Subject& subject, Test test) {
  at_capacities(subject, many_capacities_of(subject), test);
}

/// For cases that combine much: at capacity 1, where every slot is the last one, and at 3.
template <class Test>
void at_one_and_three(const Subject& subject, Test test) {
  at_capacities(subject, {capacity_near(subject, 1), capacity_near(subject, 3)}, test);
}

/// Calls test(type), type::type being the message that tells most about how this queue treats it:
/// move-only, without a default constructor, or as the queue's label `element` wants it.
template <class Test>
void with_telling_message(const Subject& subject, Test test) {
  if (subject.takes_nontrivial()) {
    test(std::type_identity<Tracked>{});
  } else if (subject.copies()) {
    test(std::type_identity<TrackedCopy>{});
  } else if (subject.takes_nontrivial_with_default()) {
    test(std::type_identity<TrackedWithDefault>{});
  } else {
    test(std::type_identity<Plain>{});
  }
}
inline int value_of(const Identity& message) {
  return message.value();
}
inline int value_of(const Plain& message) {
  return message.value();
}
inline int value_of(int message) {
  return message;
}
/// The value of what a pop returned; -1: the end.
template <class T>
int value_of(const std::optional<T>& message) {
  return message ? value_of(*message) : -1;
}

/// A queue in which a call can be stopped: at its primitives where it has a Sync policy, and within
/// the moves of its messages.
template <class T>
Queue<T> stoppable(const Subject& subject, std::size_t capacity) {
  return subject.uses_sync ? Queue<T>(subject.hooked_factory<T>()(capacity))
                           : Queue<T>(subject, capacity);
}

/// Pushes 0, 1, ... until the queue is full; returns their number. One without try calls gets as
/// many as it says that it holds.
template <class T>
int fill(Queue<T>& queue) {
  int pushed = 0;
  if (queue.has_tries()) {
    while (queue.try_push(T(pushed)) == Status::done) ++pushed;
  } else {
    while (queue.size_approx() < queue.capacity() && queue.push(T(pushed))) ++pushed;
  }
  return pushed;
}

/// As fill; a queue without a bound gets some.
template <class T>
int stock(Queue<T>& queue) {
  if (queue.capacity() != unbounded_capacity) return fill(queue);
  for (int i = 0; i < 5; ++i) queue.push(T(i));
  return 5;
}

/// Expects that these are first ... last; in this order if the queue keeps the order of different
/// producers.
void expect_values(const Subject& subject, std::vector<int> found, int first, int last);

/// Expects that the messages first ... last are inside, and nothing else; in this order if the
/// queue keeps the order of different producers.
template <class T>
void expect_messages(const Subject& subject, Queue<T>& queue, int first, int last) {
  std::vector<int> found;
  std::optional<T> out;
  const auto take = [&] {
    if (queue.has_tries()) return queue.try_pop(out) == Status::done;
    return queue.size_approx() > 0 && queue.pop_into(out);
  };
  while (take()) found.push_back(value_of(*out));
  expect_values(subject, std::move(found), first, last);
}

}  // namespace bq::test
