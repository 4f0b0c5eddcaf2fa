#include "explorer/queue_run.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "checking/linearizability_search.h"

namespace bq::explorer {

namespace {

using Kind = checking::Operation::Kind;

constexpr std::int64_t timeout_ns = 1'000;
constexpr std::int64_t long_ago = -1;
constexpr Deadline past{std::chrono::nanoseconds(long_ago)};
// The messages that the host pushes: before the threads begin, and when they have ended.
constexpr int first_number = 8 * messages_per_producer;
constexpr int last_number = 9 * messages_per_producer;
constexpr std::size_t most_filled = 8;
constexpr const char* close_name = "close()";

std::string answer_text(Status status, const char* done, int number) {
  switch (status) {
    case Status::done:
      return done + (" " + std::to_string(number));
    case Status::full:
      return "full";
    case Status::empty:
      return "empty";
    case Status::closed:
      return "closed";
    case Status::busy:
      return "busy";
    case Status::timeout:
      return "timeout";
  }
  return "?";
}

const char* call_name(Push form) {
  constexpr std::array names{"push()", "try_push()", "try_push_until()",
                             "try_push_until() with a deadline in the past"};
  return names[static_cast<std::size_t>(form)];
}
const char* call_name(Pop form) {
  constexpr std::array names{"pop()", "pop(out)", "try_pop()", "try_pop_until()",
                             "try_pop_until() with a deadline in the past"};
  return names[static_cast<std::size_t>(form)];
}

bool is_past(Push form) {
  return form == Push::try_push_past;
}
bool is_past(Pop form) {
  return form == Pop::try_pop_past;
}

CallPromise promise_of(auto form, Deadline deadline, const Traits& traits) {
  if (waits_for_ever(form)) return {call_name(form)};
  const bool waits = is_timed(form) && !is_past(form);
  return {call_name(form), waits ? deadline.time_since_epoch().count() : long_ago,
          !waits && traits.stall != Stall::everyone};
}

/// The form of a thread's call: threads begin at different places of the cycle.
template <class Form>
Form form_of(const std::vector<Form>& cycle, int thread, int call) {
  return cycle[static_cast<std::size_t>(thread + call) % cycle.size()];
}

}  // namespace

QueueRun::QueueRun(const Traits& traits, const MakeQueue& make, bool orders_messages,
                   const Shape& shape, CheckedHistories& checked)
    : traits_(traits),
      shape_(shape),
      checked_(checked),
      messages_(orders_messages),
      queue_(make(shape.capacity)),
      active_producers_(shape.producers, "producers") {
  if (shape.is_full) fill(first_number);
}

void QueueRun::produce(int self) {
  const int share = Shape::share(shape_.messages, self, shape_.producers);
  for (int i = 0; i < share; ++i) {
    if (push(form_of(shape_.pushes, self, i), self * messages_per_producer + i) == Status::closed)
      break;
  }
  if (shape_.ending == Shape::Ending::producers &&
      active_producers_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    close();
  }
}

void QueueRun::consume(int self) {
  const int share = Shape::share(shape_.messages, self, shape_.consumers);
  std::vector<Pop> until_end;  // the calls after its share
  if (shape_.ending == Shape::Ending::producers || shape_.ending == Shape::Ending::race) {
    std::copy_if(shape_.pops.begin(), shape_.pops.end(), std::back_inserter(until_end),
                 [](Pop form) { return waits_for_ever(form); });
  }
  bool has_ended = false;
  for (int i = 0; !has_ended && (i < share || !until_end.empty()); ++i)
    has_ended = pop(form_of(i < share ? shape_.pops : until_end, self, i)) == Status::closed;
  if (has_ended && shape_.ending != Shape::Ending::none && traits_.tries == Tries::yes)
    run().check(queue_->pop(Pop::try_pop, {}).status == Status::closed,
                "after a pop has reported the end, try_pop does not");
}

void QueueRun::close() {
  begin(close_name, "");
  run().begin_call({close_name});
  const std::int64_t call = tick();
  queue_->close();
  record_.close = {call, end()};
}

void QueueRun::close_when_quiet() {
  run().wait_until_quiet();
  if (const std::string waiter = waiter_in_vain(); !waiter.empty()) return run().fail(waiter);
  close();
}

std::string QueueRun::waiter_in_vain() const {
  for (int thread = 0; thread < shape_.producers + shape_.consumers; ++thread) {
    if (!run().waits_for_others(thread)) continue;
    const std::string name = run().call_of(thread).name;
    const bool is_push = name.find("push") != std::string::npos;
    if (name == close_name ||
        (is_push ? record_.inside() >= queue_->capacity() : record_.inside() == 0)) {
      continue;
    }
    return run().where_threads_are() + "; " + name + " of " + run().thread_names().at(thread) +
           " waits although " + (is_push ? "there is room" : "there is a message");
  }
  return {};
}

/// The begin of a call is a step, since its time decides what the call may answer.
void QueueRun::begin(const char* name, const std::string& arguments) {
  std::string text;
  if (run().is_traced()) {
    text = name;
    if (!arguments.empty()) text.insert(text.find('(') + 1, arguments);
  }
  run().step(text.c_str(), calls_);
  run().note_write(calls_);
}
std::int64_t QueueRun::end() {
  run().end_call();
  return tick();
}
std::int64_t QueueRun::tick() {
  run().note_write(calls_);
  return ++record_.ticks;
}

Deadline QueueRun::deadline(bool is_timed, bool is_past) const {
  if (!is_timed) return {};
  return Deadline(std::chrono::nanoseconds(is_past ? long_ago : run().now + timeout_ns));
}

void QueueRun::check_timeout(Status status, Deadline deadline) const {
  run().check(status != Status::timeout || run().now >= deadline.time_since_epoch().count(),
              "a timed call gives up before its deadline");
}

Status QueueRun::push(Push form, int number) {
  begin(call_name(form), run().is_traced() ? std::to_string(number) : "");
  const Deadline until = deadline(is_timed(form), is_past(form));
  run().begin_call(promise_of(form, until, traits_));
  const std::int64_t call = tick();
  const Answer answer = queue_->push(form, number, until);
  const Status status = answer.status;
  if (is_timed(form)) check_timeout(status, until);
  const std::int64_t returned = end();
  run().remark([&] { return answer_text(status, "delivered", number); });
  if (status == Status::done) {
    record(Kind::push, number, call, returned);
    record_.delivered.push_back(number);
    return status;
  }
  run().check(answer.number == number, "a push that was not done has taken the message away");
  if (status == Status::full || status == Status::timeout)
    record(Kind::full, number, call, returned);
  if (status == Status::closed) record_.refused.push_back({call, returned});
  return status;
}

Status QueueRun::pop(Pop form) {
  begin(call_name(form), "");
  const Deadline until = deadline(is_timed(form), is_past(form));
  run().begin_call(promise_of(form, until, traits_));
  const std::int64_t call = tick();
  const Answer answer = queue_->pop(form, until);
  const Status status = answer.status;
  if (is_timed(form)) check_timeout(status, until);
  const std::int64_t returned = end();
  run().remark([&] { return answer_text(status, "took", answer.number); });
  run().check(answer.has_message == (status == Status::done),
              status == Status::done ? "a pop says that it brings a message, and does not"
                                     : "a pop brings a message, and says that it does not");
  if (status == Status::done) {
    run().check(answer.number != Messages::none,
                "a pop brings an object whose message was moved away before");
    record(Kind::pop, answer.number, call, returned);
    ++record_.taken;
  } else if (status == Status::empty || status == Status::timeout) {
    record(Kind::empty, 0, call, returned);
  } else if (status == Status::closed) {
    record_.ends.push_back({call, returned});
  }
  return status;
}

void QueueRun::record(Kind kind, int number, std::int64_t call, std::int64_t returned) {
  record_.history.push_back({kind, number, call, returned});
}

void QueueRun::check_at_rest() {
  run().check(queue_->size_approx() == record_.inside(),
              "nobody uses the queue, and size_approx() is not the number of its messages");
  run().check(queue_->is_closed() == record_.close.has_value(),
              "is_closed() does not say whether the queue is closed");
  if (!record_.close) {
    fill(last_number);
    check_full(last_number + most_filled);
  } else {
    check_pushes_after_close();
  }
  drain();
  if (run().has_failed()) return;
  if (const auto fault =
          fault_in(record_, traits_, queue_->capacity(), shape_.producers, checked_)) {
    return run().fail(*fault);
  }
  if (record_.close) {
    check_the_end();
  } else {
    const Push form = traits_.tries == Tries::yes ? Push::try_push : Push::push;
    const Status status = queue_->push(form, 0, {}).status;
    run().check(status == Status::done, "an empty queue takes no message");
  }
  queue_.reset();  // with a message inside, if it is open
  run().check(messages_.alive() == 0, "messages are leaked: the queue is gone, and they are not");
}

/// try_push takes as many messages as there are free slots; where it does not exist, push does.
void QueueRun::fill(int number) {
  const Push form = traits_.tries == Tries::yes ? Push::try_push : Push::push;
  while (!run().has_failed() && record_.inside() < std::min(queue_->capacity(), most_filled)) {
    run().check(push(form, number++) == Status::done,
                "nobody uses the queue, a slot is free, and try_push takes no message");
  }
}
void QueueRun::check_full(int number) {
  if (traits_.tries == Tries::none) return;
  if (run().has_failed() || record_.inside() < queue_->capacity()) return;
  run().check(push(Push::try_push, number) == Status::full,
              "nobody uses the queue, no slot is free, and try_push does not say full");
  if (traits_.timed == Timed::yes && !run().has_failed())
    run().check(push(Push::try_push_past, number + 1) == Status::timeout,
                "nobody uses the queue, no slot is free, and try_push_until does not time out");
}

/// Takes what is in the queue.
void QueueRun::drain() {
  const bool has_tries = traits_.tries == Tries::yes;
  const Status at_the_end = record_.close ? Status::closed : Status::empty;
  Status status = Status::done;
  while (status == Status::done && !run().has_failed()) {
    if (record_.history.size() >= checking::detail::Search::max_operations) return;
    if (has_tries || record_.close) {
      status = pop(has_tries ? Pop::try_pop : Pop::pop);
    } else {  // a pop would wait
      status = record_.inside() > 0 ? pop(Pop::pop) : at_the_end;
    }
  }
  if (run().has_failed()) return;
  run().check(status == at_the_end,
              record_.close
                  ? "a closed and drained queue does not say closed"
                  : "all is quiet, all messages are taken, and try_pop does not say empty");
  run().check(queue_->size_approx() == 0, "all messages are taken, and size_approx() is not 0");
  run().check(!messages_.any_message(), "all messages are taken, and the queue still holds one");
}

/// Neither a full nor an empty queue hides that it is closed, in no form of a push.
void QueueRun::check_pushes_after_close() {
  if (shape_.ending == Shape::Ending::producers) return;  // nobody is left who would push
  const Deadline later(std::chrono::nanoseconds(run().now + timeout_ns));
  for (const Push form : {Push::push, Push::try_push, Push::try_push_until, Push::try_push_past}) {
    if (is_timed(form) && traits_.timed == Timed::none) continue;
    const Answer answer = queue_->push(form, 0, is_past(form) ? past : later);
    run().check(answer.status == Status::closed, "a push to a closed queue does not say closed");
    run().check(answer.number == 0, "a push that was not done has taken the message away");
  }
}

/// Nothing waits at the end of the stream, and nothing comes after it.
void QueueRun::check_the_end() {
  check_pushes_after_close();
  const Deadline later(std::chrono::nanoseconds(run().now + timeout_ns));
  for (const Pop form :
       {Pop::pop, Pop::pop_into, Pop::try_pop, Pop::try_pop_until, Pop::try_pop_past}) {
    if (is_timed(form) ? traits_.timed == Timed::none
                       : traits_.tries == Tries::none && !waits_for_ever(form)) {
      continue;
    }
    const Answer answer = queue_->pop(form, is_past(form) ? past : later);
    run().check(answer.status == Status::closed, "the end is not permanent");
    run().check(!answer.has_message, "a pop reports the end, and brings a message");
  }
}

bool uses_the_model(const QueueRun::MakeQueue& make, std::size_t capacity) {
  std::uint64_t objects = 0;
  Execution execution;
  DepthFirst chooser(Cost::preemption, 0);
  execution.run(
      [&](Execution& run) {
        const Messages messages(false);
        const std::uint64_t before = run.objects_of_host();
        const std::unique_ptr<ExploredQueue> queue = make(capacity);
        objects = run.objects_of_host() - before;
      },
      chooser, {});
  return objects > 0;
}

bool orders_messages(const QueueRun::MakeQueue& make, std::size_t capacity) {
  struct Probe {
    Messages messages{false};
    std::unique_ptr<ExploredQueue> queue;
  };
  bool is_ordered = true;
  Execution execution;
  DepthFirst chooser(Cost::preemption, 0);
  execution.run(
      [&](Execution& run) {
        auto probe = std::make_shared<Probe>();
        probe->queue = make(capacity);
        run.spawn("producer", [probe] {
          for (int i = 0; i < 2; ++i) probe->queue->push(Push::push, i, {});
        });
        run.spawn("consumer", [probe] {
          for (int i = 0; i < 2; ++i) probe->queue->pop(Pop::pop, {});
        });
        run.at_end([probe, &is_ordered] { is_ordered = !probe->messages.has_raced(); });
      },
      chooser, {});
  return is_ordered;
}

}  // namespace bq::explorer
