// The forms of the calls: every way to push and to pop that a queue offers.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/contract/suite.h"

namespace bq::test {

enum class PushForm : std::uint8_t { push, try_push, timed, past_deadline };
enum class PopForm : std::uint8_t { pop, pop_into, try_pop, timed, past_deadline };

inline std::string name_of(PushForm form) {
  constexpr const char* names[] = {"push", "try_push", "try_push_until",
                                   "try_push_until(past deadline)"};
  return names[static_cast<std::size_t>(form)];
}
inline std::string name_of(PopForm form) {
  constexpr const char* names[] = {"pop()", "pop(out)", "try_pop", "try_pop_until",
                                   "try_pop_until(past deadline)"};
  return names[static_cast<std::size_t>(form)];
}

inline bool waits(PushForm form) {
  return form == PushForm::push || form == PushForm::timed;
}
inline bool waits(PopForm form) {
  return form == PopForm::pop || form == PopForm::pop_into || form == PopForm::timed;
}

inline std::vector<PushForm> push_forms(const Subject& subject) {
  if (!subject.has_tries()) return {PushForm::push};
  if (!subject.is_timed()) return {PushForm::push, PushForm::try_push};
  return {PushForm::push, PushForm::try_push, PushForm::timed, PushForm::past_deadline};
}
inline std::vector<PopForm> pop_forms(const Subject& subject) {
  if (!subject.has_tries()) return {PopForm::pop, PopForm::pop_into};
  if (!subject.is_timed()) return {PopForm::pop, PopForm::pop_into, PopForm::try_pop};
  return {PopForm::pop, PopForm::pop_into, PopForm::try_pop, PopForm::timed,
          PopForm::past_deadline};
}
template <class Form>
std::vector<Form> that_wait(std::vector<Form> forms) {
  std::erase_if(forms, [](Form form) { return !waits(form); });
  return forms;
}
template <class Form>
std::vector<Form> that_do_not_wait(std::vector<Form> forms) {
  std::erase_if(forms, [](Form form) { return waits(form); });
  return forms;
}

/// One call. A timed one has an hour.
template <class T>
Status push_by(PushForm form, Queue<T>& queue, T&& message) {
  switch (form) {
    case PushForm::push:
      return queue.push(std::move(message)) ? Status::done : Status::closed;
    case PushForm::try_push:
      return queue.try_push(std::move(message));
    case PushForm::timed:
      return queue.try_push_until(std::move(message), Deadline::clock::now() + 1h);
    case PushForm::past_deadline:
      return queue.try_push_until(std::move(message), Deadline::clock::now() - 1s);
  }
  return Status::busy;
}
template <class T>
Status pop_by(PopForm form, Queue<T>& queue, std::optional<T>& out) {
  switch (form) {
    case PopForm::pop: {
      std::optional<T> message = queue.pop();
      if (!message) return Status::closed;
      out.emplace(std::move(*message));
      return Status::done;
    }
    case PopForm::pop_into:
      return queue.pop_into(out) ? Status::done : Status::closed;
    case PopForm::try_pop:
      return queue.try_pop(out);
    case PopForm::timed:
      return queue.try_pop_until(out, Deadline::clock::now() + 1h);
    case PopForm::past_deadline:
      return queue.try_pop_until(out, Deadline::clock::now() - 1s);
  }
  return Status::busy;
}

/// Whether the call was neither done nor refused by a closed queue, and may say so.
inline bool may_be_repeated(PushForm form, Status status) {
  if (status == Status::busy) return form != PushForm::push;
  return status == (form == PushForm::past_deadline ? Status::timeout : Status::full) &&
         !waits(form);
}
inline bool may_be_repeated(PopForm form, Status status) {
  if (status == Status::busy) return form != PopForm::pop && form != PopForm::pop_into;
  return status == (form == PopForm::past_deadline ? Status::timeout : Status::empty) &&
         !waits(form);
}

/// Repeats the call until it is done, or the queue closed.
template <class T>
Status push_at_last(PushForm form, Queue<T>& queue, T&& message) {
  for (;;) {
    const Status status = push_by(form, queue, std::move(message));
    if (status == Status::done || status == Status::closed) return status;
    EXPECT_TRUE(may_be_repeated(form, status)) << name_of(form);
    if (testing::Test::HasFailure()) return status;
    std::this_thread::yield();
  }
}
template <class T>
Status pop_at_last(PopForm form, Queue<T>& queue, std::optional<T>& out) {
  for (;;) {
    const Status status = pop_by(form, queue, out);
    if (status == Status::done || status == Status::closed) return status;
    EXPECT_TRUE(may_be_repeated(form, status)) << name_of(form);
    if (testing::Test::HasFailure()) return status;
    std::this_thread::yield();
  }
}
/// The value that it takes; -1: the end.
template <class T>
int value_by(PopForm form, Queue<T>& queue) {
  std::optional<T> out;
  return pop_at_last(form, queue, out) == Status::done ? value_of(out) : -1;
}

/// Calls of one side, each on a thread of its own.
template <class Result>
class Callers {
 public:
  template <class Call>
  void add(Call call) {
    callers_.push_back(std::make_unique<Caller<Result>>(std::move(call)));
  }
  std::size_t size() const { return callers_.size(); }
  Caller<Result>& operator[](std::size_t i) { return *callers_[i]; }
  /// Whether all are seen to wait.
  bool block() {
    bool all = true;
    for (auto& caller : callers_) all = caller->blocks() && all;
    return all;
  }
  /// Whether as many return.
  bool return_at_least(std::size_t count) {
    return await([&] { return returned() >= count; });
  }
  bool return_all() { return return_at_least(size()); }
  std::size_t returned() const {
    std::size_t count = 0;
    for (const auto& caller : callers_) count += caller->has_returned() ? 1 : 0;
    return count;
  }

 private:
  std::vector<std::unique_ptr<Caller<Result>>> callers_;
};

/// How many threads to let wait at once: `most`, or one where a thread that waits is seen to spin,
/// and so needs a time slice for each look at it.
inline int crowd(const Subject& subject, int most) {
  Queue<int> queue(subject, capacity_near(subject, 1));
  Caller pop([&] { return queue.pop(); });
  pop.blocks();
  const bool sleeps = pop.is_asleep();
  queue.close();
  return sleeps ? most : 1;
}

/// The forms in which several threads wait at once: all in the same, for each, and in all of them.
template <class Form>
std::vector<std::vector<Form>> waiting_groups(const std::vector<Form>& forms, int threads) {
  std::vector<std::vector<Form>> groups;
  const auto count = static_cast<std::size_t>(threads);
  for (const Form form : forms) groups.emplace_back(count, form);
  if (forms.size() > 1 && count > 1) {
    std::vector<Form> mixed;
    for (std::size_t i = 0; i < count; ++i) mixed.push_back(forms[i % forms.size()]);
    groups.push_back(mixed);
  }
  return groups;
}

/// Calls test(make), make(capacity) being a queue of the subject: one of telling messages, and one
/// of which push() and pop() are made through handles.
template <class Test>
void with_each_access(const Subject& subject, Test test) {
  with_telling_message(subject, [&](auto type) {
    using Message = typename decltype(type)::type;
    test([&](std::size_t capacity) { return Queue<Message>(subject, capacity); });
  });
  if (testing::Test::HasFailure()) return;
  SCOPED_TRACE("push() and pop() through handles");
  test([&](std::size_t capacity) { return Queue<int>(subject.with_handles(capacity)); });
}

}  // namespace bq::test
