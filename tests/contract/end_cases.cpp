// The end of the stream in every order: who waits in each form, who drains in each, who closes.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/contract/forms.h"
#include "tests/contract/stalled_call.h"

namespace bq::test {
namespace {

BQ_CASE(CloseEndsEveryFormOfPop) {
  with_each_access(subject, [&](auto make) {
    at_one_and_three(subject, [&](std::size_t capacity) {
      for (const auto& group :
           waiting_groups(that_wait(pop_forms(subject)), crowd(subject, subject.consumers()))) {
        auto queue = make(capacity);
        Callers<int> pops;
        for (const PopForm form : group) pops.add([&queue, form] { return value_by(form, queue); });
        EXPECT_TRUE(pops.block());
        queue.close();
        EXPECT_TRUE(pops.return_all()) << name_of(group.front()) << " sleeps on";
        queue.close();
        for (std::size_t i = 0; i < pops.size(); ++i) EXPECT_EQ(pops[i].result(), -1);
        if (testing::Test::HasFailure()) return;
      }
    });
  });
}

// They keep their messages, and what is inside can be taken.
BQ_CASE(CloseEndsEveryFormOfPush, closes, keeps_a_bound) {
  struct Outcome {
    Status status;
    int left;
  };
  with_each_access(subject, [&](auto make) {
    at_one_and_three(subject, [&](std::size_t capacity) {
      const auto groups =
          waiting_groups(that_wait(push_forms(subject)), crowd(subject, subject.producers()));
      for (const auto& group : groups) {
        for (const PopForm drain : pop_forms(subject)) {
          SCOPED_TRACE(name_of(group.front()) + " waits; drained by " + name_of(drain));
          auto queue = make(capacity);
          using Message = typename decltype(queue)::value_type;
          const int inside = fill(queue);
          Callers<Outcome> pushes;
          for (const PushForm form : group) {
            pushes.add([&queue, form] {
              Message message(7);
              const Status status = push_by(form, queue, std::move(message));
              return Outcome{status, value_of(message)};
            });
          }
          EXPECT_TRUE(pushes.block());
          queue.close();
          EXPECT_TRUE(pushes.return_all()) << "asleep beside a close";
          for (int i = 0; i < inside; ++i) EXPECT_EQ(value_by(drain, queue), i);
          EXPECT_EQ(value_by(drain, queue), -1);
          queue.close();
          for (std::size_t i = 0; i < pushes.size(); ++i) {
            EXPECT_EQ(pushes[i].result().status, Status::closed);
            EXPECT_EQ(pushes[i].result().left, 7);
          }
          if (testing::Test::HasFailure()) return;
        }
      }
    });
  });
}

// Messages come, and somebody closes, and somebody else is faster than those who wait: whoever
// takes the last message, and in whatever form, all others learn of the end.
BQ_CASE(TheEndReachesAllWhoWait, try_calls, many_consumers, never_forgets) {
  const auto test = [](auto queue, const std::vector<PopForm>& group, PopForm drain, int left,
                       bool closes_first) {
    using Message = typename decltype(queue)::value_type;
    SCOPED_TRACE(name_of(group.front()) + " waits; " + std::to_string(left) + " messages, " +
                 (closes_first ? "closed, then drained by " : "closed while drained by ") +
                 name_of(drain));
    Callers<int> pops;
    for (const PopForm form : group) pops.add([&queue, form] { return value_by(form, queue); });
    EXPECT_TRUE(pops.block());
    int received = 0;
    std::optional<Message> out;
    for (int i = 0; i < left; ++i) {
      EXPECT_EQ(push_at_last(PushForm::try_push, queue, Message(i)), Status::done);
      if (!closes_first && !waits(drain))
        received += pop_by(drain, queue, out) == Status::done ? 1 : 0;
    }
    queue.close();
    while (value_by(drain, queue) != -1) ++received;
    EXPECT_TRUE(pops.return_all()) << "asleep, though the stream has ended";
    queue.close();
    for (std::size_t i = 0; i < pops.size(); ++i) received += pops[i].result() != -1 ? 1 : 0;
    EXPECT_EQ(received, left);
  };
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_one_and_three(subject, [&](std::size_t capacity) {
      for (const auto& group :
           waiting_groups(that_wait(pop_forms(subject)), crowd(subject, subject.consumers()))) {
        for (const PopForm drain : pop_forms(subject)) {
          for (const int left : {1, 3}) {
            if (static_cast<std::size_t>(left) > group.size() + capacity) continue;
            for (const bool closes_first : {true, false}) {
              test(Queue<Message>(subject, capacity), group, drain, left, closes_first);
              if (testing::Test::HasFailure()) return;
            }
          }
        }
      }
    });
  });
}

// One of those who wait closes, once it is woken: the others are left to it.
BQ_CASE(OneWhoHasWaitedCloses, closes) {
  at_one_and_three(subject, [&](std::size_t capacity) {
    for (const auto& group :
         waiting_groups(that_wait(pop_forms(subject)), crowd(subject, subject.consumers()))) {
      SCOPED_TRACE(name_of(group.front()));
      Queue<int> queue(subject, capacity);
      Callers<int> pops;
      for (const PopForm form : group) {
        pops.add([&queue, form] {
          const int value = value_by(form, queue);
          queue.close();
          return value;
        });
      }
      EXPECT_TRUE(pops.block());
      EXPECT_TRUE(queue.push(1));
      EXPECT_TRUE(pops.return_all()) << "asleep, though the stream has ended";
      int sum = 0;
      for (std::size_t i = 0; i < pops.size(); ++i) sum += pops[i].result();
      EXPECT_EQ(sum, 2 - static_cast<int>(pops.size()))
          << "one got the message, the others the end";
    }
    if (!subject.is_bounded()) return;
    for (const auto& group :
         waiting_groups(that_wait(push_forms(subject)), crowd(subject, subject.producers()))) {
      SCOPED_TRACE(name_of(group.front()));
      Queue<int> queue(subject, capacity);
      const int inside = fill(queue);
      Callers<Status> pushes;
      for (const PushForm form : group) {
        pushes.add([&queue, form, inside] {
          const Status status = push_by(form, queue, int{inside});
          queue.close();
          return status;
        });
      }
      EXPECT_TRUE(pushes.block());
      EXPECT_EQ(queue.pop(), 0);
      EXPECT_TRUE(pushes.return_all()) << "asleep beside a close";
      int delivered = 0;
      for (std::size_t i = 0; i < pushes.size(); ++i)
        delivered += pushes[i].result() == Status::done ? 1 : 0;
      EXPECT_EQ(delivered, 1);
      expect_messages(subject, queue, 1, inside);
    }
  });
}

// A close while a pop is in mid-call: all messages come out, each once, and everybody sees the end.
BQ_CASE(CloseBesideAStalledPop, can_be_stopped) {
  std::vector<PopForm> waiting;
  if (subject.consumers() > 1) waiting = {PopForm::pop};
  if (crowd(subject, subject.consumers()) > 1) waiting.push_back(PopForm::pop_into);
  for (const PopForm form : pop_forms(subject)) {
    for (const std::size_t most : {1, 2}) {
      SCOPED_TRACE(name_of(form) + " with " + std::to_string(most) + " messages");
      at_each_point(subject, 2, [&](auto& queue, int point) {
        const int inside = static_cast<int>(std::min<std::size_t>(most, queue.capacity()));
        for (int i = 0; i < inside; ++i) EXPECT_TRUE(push_value(queue, i));
        StalledCall stalled(point, [&] { return value_by(form, queue); });
        if (!stalled.is_stalled()) return false;
        Callers<int> others;
        for (const PopForm other : waiting)
          others.add([&, other] { return value_by(other, queue); });
        others.block();
        Caller closing([&] { return close(queue); });
        closing.blocks();
        stalled.let_go();
        int received = stalled.result() != -1 ? 1 : 0;
        EXPECT_TRUE(closing.result());
        EXPECT_TRUE(others.return_all()) << "asleep, though the stream has ended";
        for (std::size_t i = 0; i < others.size(); ++i)
          received += others[i].result() != -1 ? 1 : 0;
        while (value_by(form, queue) != -1) ++received;
        EXPECT_EQ(received, inside);
        return true;
      });
      if (testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace bq::test
