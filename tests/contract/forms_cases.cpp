// Every form of call beside every other: who waits in one is freed by each form of the other side.
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/contract/forms.h"

namespace bq::test {
namespace {

template <class Form>
std::string names_of(const std::vector<Form>& forms) {
  std::string names;
  for (const Form form : forms) names += (names.empty() ? "" : ", ") + name_of(form);
  return names;
}

/// Numbers of threads that wait at once.
std::vector<int> crowds(const Subject& subject, int most) {
  if (most == 1 || crowd(subject, most) == 1) return {1};
  return {1, most};
}

BQ_ONE_THREAD_CASE(EveryFormIsTheSameCall, try_calls) {
  with_each_access(subject, [&](auto make) {
    at_one_and_three(subject, [&](std::size_t capacity) {
      for (const PushForm push : push_forms(subject)) {
        for (const PopForm pop : pop_forms(subject)) {
          SCOPED_TRACE(name_of(push) + ", " + name_of(pop));
          auto queue = make(capacity);
          using Message = typename decltype(queue)::value_type;
          const int room = subject.is_bounded() ? static_cast<int>(queue.capacity()) : 5;
          std::optional<Message> out;
          for (int round = 0; round < 3; ++round) {
            for (int i = 0; i < room; ++i)
              ASSERT_EQ(push_by(push, queue, Message(i)), Status::done);
            ASSERT_EQ(queue.size_approx(), static_cast<std::size_t>(room));
            if (subject.is_bounded() && !waits(push)) {
              Message refused(7);
              ASSERT_EQ(push_by(push, queue, std::move(refused)),
                        push == PushForm::try_push ? Status::full : Status::timeout);
              ASSERT_EQ(value_of(refused), 7);
            }
            for (int i = 0; i < room; ++i) {
              ASSERT_EQ(pop_by(pop, queue, out), Status::done);
              ASSERT_EQ(value_of(*out), i);
            }
            ASSERT_EQ(queue.size_approx(), 0U);
            if (!waits(pop)) {
              ASSERT_EQ(pop_by(pop, queue, out),
                        pop == PopForm::try_pop ? Status::empty : Status::timeout);
            }
          }
        }
      }
    });
  });
}

// Each pop lets one waiting push go on, and wakes one. All at once: from the second pop on the
// queue is not full any more, though others still sleep. One by one: it is full each time.
BQ_CASE(EveryPopFreesEveryPush, keeps_a_bound) {
  const auto test = [&](auto queue, const std::vector<PushForm>& group, PopForm pop, bool at_once) {
    using Message = typename decltype(queue)::value_type;
    SCOPED_TRACE(names_of(group) + (at_once ? " wait; at once " : " wait; one by one ") +
                 name_of(pop));
    const int inside = fill(queue);
    Callers<Status> pushes;
    for (const PushForm form : group)
      pushes.add([&queue, form] { return push_by(form, queue, Message(100)); });
    EXPECT_TRUE(pushes.block());
    for (std::size_t i = 1; i <= group.size(); ++i) {
      EXPECT_NE(value_by(pop, queue), -1);
      if (!at_once) {
        EXPECT_TRUE(pushes.return_at_least(i)) << "asleep beside a free slot";
      }
    }
    EXPECT_TRUE(pushes.return_all()) << "asleep beside a free slot";
    EXPECT_EQ(queue.size_approx(), static_cast<std::size_t>(inside));
    queue.close();
    for (std::size_t i = 0; i < pushes.size(); ++i) EXPECT_EQ(pushes[i].result(), Status::done);
  };
  with_each_access(subject, [&](auto make) {
    at_one_and_three(subject, [&](std::size_t capacity) {
      for (const int threads : crowds(subject, subject.producers())) {
        for (const auto& group : waiting_groups(that_wait(push_forms(subject)), threads)) {
          for (const PopForm pop : pop_forms(subject)) {
            test(make(capacity), group, pop, true);
            if (testing::Test::HasFailure()) return;
            if (threads > 1) test(make(capacity), group, pop, false);
            if (testing::Test::HasFailure()) return;
          }
        }
      }
    });
  });
}

BQ_CASE(EveryPushFreesEveryPop) {
  const auto test = [&](auto queue, const std::vector<PopForm>& group, PushForm push,
                        bool at_once) {
    using Message = typename decltype(queue)::value_type;
    SCOPED_TRACE(names_of(group) + (at_once ? " wait; at once " : " wait; one by one ") +
                 name_of(push));
    Callers<int> pops;
    for (const PopForm form : group) pops.add([&queue, form] { return value_by(form, queue); });
    EXPECT_TRUE(pops.block());
    for (std::size_t i = 1; i <= group.size(); ++i) {
      EXPECT_EQ(push_at_last(push, queue, Message(1 << i)), Status::done);
      if (!at_once) {
        EXPECT_TRUE(pops.return_at_least(i)) << "asleep beside a message";
      }
    }
    EXPECT_TRUE(pops.return_all()) << "asleep beside a message";
    EXPECT_EQ(queue.size_approx(), 0U);
    queue.close();
    int sum = 0;
    for (std::size_t i = 0; i < pops.size(); ++i) sum += pops[i].result();
    EXPECT_EQ(sum, (2 << group.size()) - 2) << "each exactly once";
  };
  with_each_access(subject, [&](auto make) {
    at_one_and_three(subject, [&](std::size_t capacity) {
      for (const int threads : crowds(subject, subject.consumers())) {
        for (const auto& group : waiting_groups(that_wait(pop_forms(subject)), threads)) {
          for (const PushForm push : push_forms(subject)) {
            test(make(capacity), group, push, true);
            if (testing::Test::HasFailure()) return;
            if (threads > 1) test(make(capacity), group, push, false);
            if (testing::Test::HasFailure()) return;
          }
        }
      }
    });
  });
}

// A thread is woken, and another one has been faster: it waits on, and must be woken again.
constexpr int times_in_vain = 3;

BQ_CASE(APushWokenInVainIsWokenAgain, try_calls, keeps_a_bound, many_producers) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_one_and_three(subject, [&](std::size_t capacity) {
      for (const PushForm waiting : that_wait(push_forms(subject))) {
        for (const PushForm faster : that_do_not_wait(push_forms(subject))) {
          for (const PopForm pop : pop_forms(subject)) {
            SCOPED_TRACE(name_of(waiting) + " waits; " + name_of(pop) + ", " + name_of(faster));
            Queue<Message> queue(subject, capacity);
            fill(queue);
            Caller push([&] { return push_by(waiting, queue, Message(100)); });
            for (int i = 0; i < times_in_vain && push.blocks(); ++i) {
              EXPECT_NE(value_by(pop, queue), -1);
              push_by(faster, queue, Message(200));  // or the one that waits was the faster one
            }
            push.blocks();
            EXPECT_NE(value_by(pop, queue), -1);
            EXPECT_TRUE(push.returns()) << "asleep beside a free slot";
            queue.close();
            EXPECT_EQ(push.result(), Status::done);
            if (testing::Test::HasFailure()) return;
          }
        }
      }
    });
  });
}

BQ_CASE(APopWokenInVainIsWokenAgain, try_calls, many_consumers) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    at_one_and_three(subject, [&](std::size_t capacity) {
      for (const PopForm waiting : that_wait(pop_forms(subject))) {
        for (const PopForm faster : that_do_not_wait(pop_forms(subject))) {
          for (const PushForm push : push_forms(subject)) {
            SCOPED_TRACE(name_of(waiting) + " waits; " + name_of(push) + ", " + name_of(faster));
            Queue<Message> queue(subject, capacity);
            Caller pop([&] { return value_by(waiting, queue); });
            std::optional<Message> out;
            for (int i = 0; i < times_in_vain && pop.blocks(); ++i) {
              EXPECT_EQ(push_at_last(push, queue, Message(1)), Status::done);
              pop_by(faster, queue, out);  // or the one that waits was the faster one
            }
            pop.blocks();
            EXPECT_EQ(push_at_last(push, queue, Message(1)), Status::done);
            EXPECT_TRUE(pop.returns()) << "asleep beside a message";
            queue.close();
            EXPECT_EQ(pop.result(), 1);
            if (testing::Test::HasFailure()) return;
          }
        }
      }
    });
  });
}

}  // namespace
}  // namespace bq::test
