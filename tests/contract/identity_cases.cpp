// Messages with an identity: each is constructed, moved and destroyed as an object should be. Every
// case of the suite checks this of the messages that it sends (see messages.h and main.cpp); here
// are those in which a message is stopped half-way.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/contract/forms.h"
#include "tests/contract/stalled_call.h"

namespace bq::test {
namespace {

// What was taken is not kept, neither the object nor, where slots always hold one, its value.
BQ_ONE_THREAD_CASE(ATakenSlotKeepsNothing, message_with_identity) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    const auto alive = [] {
      return std::is_same_v<Message, Tracked> ? Identity::objects() : Identity::values();
    };
    at_each_capacity(subject, [&](std::size_t capacity) {
      for (const PopForm form : pop_forms(subject)) {
        SCOPED_TRACE(name_of(form));
        Queue<Message> queue(subject, capacity);
        const std::int64_t before = alive();
        for (int round = 0; round < 3; ++round) {
          const int inside = stock(queue);
          for (int left = inside; left > 0; --left) {
            ASSERT_EQ(alive(), before + left);
            ASSERT_NE(value_by(form, queue), -1);
          }
          ASSERT_EQ(alive(), before);
          for (int i = 0; i <= round % inside; ++i) {  // next time from another slot
            ASSERT_TRUE(queue.push(Message(1)));
            ASSERT_NE(value_by(form, queue), -1);
          }
        }
      }
    });
  });
}

BQ_ONE_THREAD_CASE(ARefusedMessageStaysAsItWas, closes, try_calls) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_each_capacity(subject, [&](std::size_t capacity) {
      for (const PushForm form : push_forms(subject)) {
        SCOPED_TRACE(name_of(form));
        Queue<Message> queue(subject, capacity);
        Message message(7);
        if (subject.is_bounded() && form != PushForm::push) {
          fill(queue);
          for (int i = 0; i < 3; ++i) {
            const Status status =
                form == PushForm::timed
                    ? queue.try_push_until(std::move(message), Deadline::clock::now() + 100us)
                    : push_by(form, queue, std::move(message));
            ASSERT_EQ(status, form == PushForm::try_push ? Status::full : Status::timeout);
            ASSERT_EQ(value_of(message), 7);
          }
          ASSERT_EQ(value_of(queue.pop()), 0);
          ASSERT_EQ(push_by(form, queue, std::move(message)), Status::done);
        }
        queue.close();
        Message too_late(8);
        for (int i = 0; i < 3; ++i) {
          ASSERT_EQ(push_by(form, queue, std::move(too_late)), Status::closed);
          ASSERT_EQ(value_of(too_late), 8);
        }
      }
    });
  });
}

/// What others do while a message is on its way: they push and pop what they can without waiting,
/// and then take the rest. Returns what they took.
template <class T>
std::vector<int> pass_by(Queue<T>& queue, bool may_push, bool may_pop, std::vector<int>& pushed) {
  std::vector<int> taken;
  std::optional<T> out;
  const std::size_t rounds = queue.capacity() == unbounded_capacity ? 3 : queue.capacity() + 2;
  for (std::size_t i = 0; i < 2 * rounds; ++i) {
    const int value = 100 + static_cast<int>(i);
    if (may_push && queue.try_push(T(value)) == Status::done) pushed.push_back(value);
    if (may_pop && i % 2 == 1 && queue.try_pop(out) == Status::done)
      taken.push_back(value_of(*out));
  }
  while (may_pop && queue.try_pop(out) == Status::done) taken.push_back(value_of(*out));
  return taken;
}

/// Expects that what came out is what went in, each once.
void expect_the_same(std::vector<int> out, std::vector<int> in) {
  std::sort(out.begin(), out.end());
  std::sort(in.begin(), in.end());
  EXPECT_EQ(out, in);
}

/// Stops `call` within each move and each destruction of its message, while others do what they
/// can beside it. call(queue) returns the value that it took, or -1.
template <class Call>
void stop_within_a_message(const Subject& subject, std::size_t wanted, bool stops_a_pop,
                           Call call) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    for (int point = 0;; ++point) {
      SCOPED_TRACE("stopped at point " + std::to_string(point));
      Queue<Message> queue(subject, capacity_near(subject, wanted));
      std::vector<int> in;
      const int inside = stops_a_pop ? stock(queue) : 0;
      for (int i = 0; i < inside; ++i) in.push_back(i);
      if (!stops_a_pop) in.push_back(7);
      StalledCall stalled(point, [&] { return call(queue); });
      const bool was_stalled = stalled.is_stalled();
      Caller others([&] {
        return pass_by(queue, stops_a_pop || subject.producers() > 1,
                       !stops_a_pop || subject.consumers() > 1, in);
      });
      others.blocks();  // by a lock, which is its right
      stalled.let_go();
      std::vector<int> out = others.result();
      if (stops_a_pop) queue.close();  // no push runs any more
      if (const int taken = stalled.result(); taken != -1) out.push_back(taken);
      queue.close();
      while (const auto message = queue.pop()) out.push_back(value_of(*message));
      expect_the_same(out, in);
      EXPECT_STREQ(Identity::first_fault(), nullptr);
      EXPECT_TRUE(was_stalled || point > 0) << "nothing was stopped";
      if (!was_stalled || testing::Test::HasFailure()) return;
    }
  });
}

// A slot is free only when its message has left it.
BQ_CASE(AMessageThatLeavesIsNotOverwritten, try_calls, message_with_identity) {
  for (const std::size_t capacity : {1, 3}) {
    for (const PopForm form : pop_forms(subject)) {
      SCOPED_TRACE(name_of(form) + ", capacity " + std::to_string(capacity));
      stop_within_a_message(subject, capacity, true,
                            [form](auto& queue) { return value_by(form, queue); });
      if (testing::Test::HasFailure()) return;
    }
  }
}

// And a message is there only when it has arrived.
BQ_CASE(AMessageThatArrivesIsNotTaken, try_calls, message_with_identity) {
  for (const std::size_t capacity : {1, 3}) {
    for (const PushForm form : push_forms(subject)) {
      SCOPED_TRACE(name_of(form) + ", capacity " + std::to_string(capacity));
      stop_within_a_message(subject, capacity, false, [form](auto& queue) {
        using Message = typename std::remove_reference_t<decltype(queue)>::value_type;
        push_at_last(form, queue, Message(7));
        return -1;
      });
      if (testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace bq::test
