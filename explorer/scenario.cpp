#include "explorer/scenario.h"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "checking/by_name.h"
#include "checking/linearizability.h"

namespace bq::explorer {

namespace {

constexpr int messages_per_producer = 100;  // numbers: producer * this + sequence
constexpr std::int64_t timeout_ns = 1'000;
constexpr std::int64_t long_ago = -1;

/// Hashes of histories that have passed the check. Most runs have one of a few histories.
using CheckedHistories = std::unordered_set<std::uint64_t>;

/// The queue of one run, its threads' bodies, and what they record.
class QueueRun {
 public:
  QueueRun(const Subject& subject, const Shape& shape, CheckedHistories& checked)
      : traits_(subject.traits),
        shape_(shape),
        checked_(checked),
        instances_before_(Message::instances()),
        queue_(subject.make(shape.capacity)),
        active_producers_(shape.producers, "producers") {}

  void produce(int self) {
    const int share = Shape::share(shape_.messages, self, shape_.producers);
    for (int i = 0; i < share; ++i) {
      const bool is_last = i + 1 == share;
      if (push(self * messages_per_producer + i, is_last) == Status::closed) break;
    }
    if (shape_.ending == Shape::Ending::producers &&
        active_producers_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      close();
    }
  }

  void consume(int self) {
    const int share = Shape::share(shape_.messages, self, shape_.consumers);
    const bool until_end =
        shape_.ending != Shape::Ending::none && shape_.calls == Shape::Calls::blocking;
    for (int i = 0; until_end || i < share; ++i) {
      if (pop(i + 1 == share) == Status::closed) break;
    }
    if (until_end) check_that_the_end_is_permanent();
  }

  void close() {
    begin("close()");
    const std::int64_t call = tick();
    queue_->close();
    close_ = {call, tick()};
  }

  /// Called by the host when all threads have ended.
  void check_all() {
    drain();
    check_messages();
    check_close();
    check_history();
    if (!close_)
      run().check(queue_->try_push(Message(0)) == Status::done, "an empty queue takes no message");
    queue_.reset();  // with a message inside, if it is open
    run().check(Message::instances() == instances_before_,
                "messages are leaked, or destroyed twice");
  }

 private:
  static Execution& run() { return Execution::current(); }

  /// The beginning of a call is a step, since its time decides what the call may answer.
  void begin(const std::string& call) {
    run().step(call.c_str(), calls_);
    run().note_write(calls_);
  }
  std::int64_t tick() {
    run().note_write(calls_);
    return ++ticks_;
  }

  Deadline deadline(bool is_past) {
    const std::int64_t instant = is_past ? long_ago : run().now + timeout_ns;
    if (!is_past) run().announce_deadline(instant);
    return Deadline(std::chrono::nanoseconds(instant));
  }
  void check_timeout(Status status, Deadline deadline, int sleeps_before) {
    const bool is_past = deadline.time_since_epoch().count() < 0;
    run().check(!is_past || run().sleeps() == sleeps_before,
                "a timed call sleeps although its deadline has passed");
    run().check(status != Status::timeout || run().now >= deadline.time_since_epoch().count(),
                "a timed call gives up before its deadline");
  }

  Status push(int number, bool is_last) {
    Message message(number);
    begin(run().is_traced()
              ? std::string(verb("push", is_last)) + "(" + std::to_string(number) + ")"
              : "");
    const std::int64_t call = tick();
    Status status{};
    if (shape_.calls == Shape::Calls::blocking) {
      status = queue_->push(std::move(message)) ? Status::done : Status::closed;
    } else if (shape_.calls == Shape::Calls::trying) {
      status = queue_->try_push(std::move(message));
    } else {
      const int sleeps = run().sleeps();
      const Deadline until = deadline(is_last);
      status = queue_->try_push_until(std::move(message), until);
      check_timeout(status, until, sleeps);
    }
    const std::int64_t returned = tick();
    answer(status, "delivered", number);
    if (status == Status::done) {
      record(checking::Operation::Kind::push, number, call, returned);
      delivered_.push_back(number);
    } else {
      // NOLINTNEXTLINE(bugprone-use-after-move): a try that fails leaves it as it was
      run().check(message.value() == number, "a push that was not done has taken the message away");
      if (status == Status::full || status == Status::timeout) {
        record(checking::Operation::Kind::full, number, call, returned);
      }
      if (status == Status::closed) refused_.push_back({call, returned});
    }
    return status;
  }

  Status pop(bool is_last) {
    begin(run().is_traced() ? std::string(verb("pop", is_last)) + "()" : "");
    const std::int64_t call = tick();
    std::optional<Message> out;
    Status status{};
    if (shape_.calls == Shape::Calls::blocking) {
      if (std::optional<Message> message = queue_->pop()) out.emplace(std::move(*message));
      status = out ? Status::done : Status::closed;
    } else if (shape_.calls == Shape::Calls::trying) {
      status = queue_->try_pop(out);
    } else {
      const int sleeps = run().sleeps();
      const Deadline until = deadline(is_last);
      status = queue_->try_pop_until(out, until);
      check_timeout(status, until, sleeps);
    }
    const std::int64_t returned = tick();
    answer(status, "took", out ? out->value() : 0);
    run().check(out.has_value() == (status == Status::done),
                "a pop brings a message, and says that it does not");
    if (status == Status::done) {
      record(checking::Operation::Kind::pop, out->value(), call, returned);
    } else if (status == Status::empty || status == Status::timeout) {
      record(checking::Operation::Kind::empty, 0, call, returned);
    } else if (status == Status::closed) {
      ends_.push_back({call, returned});
    }
    return status;
  }

  const char* verb(const char* blocking, bool is_last) {
    const bool is_push = blocking[1] == 'u';
    if (shape_.calls == Shape::Calls::trying) return is_push ? "try_push" : "try_pop";
    if (shape_.calls == Shape::Calls::timed) {
      if (is_last)
        return is_push ? "try_push_until (deadline past)" : "try_pop_until (deadline past)";
      return is_push ? "try_push_until" : "try_pop_until";
    }
    return blocking;
  }

  static void answer(Status status, const char* done, int number) {
    run().remark([&] {
      switch (status) {
        case Status::done:
          return done + (" " + std::to_string(number));
        case Status::full:
          return std::string("full");
        case Status::empty:
          return std::string("empty");
        case Status::closed:
          return std::string("closed");
        case Status::busy:
          return std::string("busy");
        case Status::timeout:
          return std::string("timeout");
      }
      return std::string();
    });
  }

  void record(checking::Operation::Kind kind, int number, std::int64_t call,
              std::int64_t returned) {
    history_.push_back({kind, number, call, returned});
  }

  void check_that_the_end_is_permanent() {
    std::optional<Message> out;
    run().check(queue_->try_pop(out) == Status::closed,
                "after a pop has reported the end, try_pop does not");
  }

  /// Takes what the threads have left in the queue.
  void drain() {
    std::optional<Message> out;
    Status status{};
    while ((status = queue_->try_pop(out)) == Status::done) {
      const std::int64_t call = ++ticks_;
      record(checking::Operation::Kind::pop, out->value(), call, ++ticks_);
      if (history_.size() > checking::detail::Search::max_operations) return;
    }
    const Status at_the_end = close_ ? Status::closed : Status::empty;
    run().check(status == at_the_end,
                close_ ? "a closed and drained queue does not say closed"
                       : "all is quiet, all messages are taken, and try_pop does not say empty");
    run().check(queue_->size_approx() == 0, "all messages are taken, and size_approx() is not 0");
    run().check(queue_->is_closed() == close_.has_value(),
                "is_closed() does not say whether the queue is closed");
  }

  void check_messages() {
    std::vector<int> taken;
    for (const checking::Operation& operation : history_) {
      if (operation.kind != checking::Operation::Kind::pop) continue;
      const int number = operation.message;
      if (!contains(delivered_, number)) {
        run().fail("message " + std::to_string(number) + " is taken; no push returned true");
      }
      if (contains(taken, number))
        run().fail("message " + std::to_string(number) + " is taken twice");
      taken.push_back(number);
    }
    for (const int number : delivered_) {
      if (!contains(taken, number))
        run().fail("message " + std::to_string(number) + " is lost: its push returned true");
    }
  }

  static bool contains(const std::vector<int>& numbers, int number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
  }

  struct Interval {
    std::int64_t call;
    std::int64_t returned;
  };

  void check_close() {
    const std::int64_t close_call = close_ ? close_->call : checking::never;
    for (const Interval& refusal : refused_) {
      run().check(refusal.returned > close_call, "a push is refused before close() is called");
    }
    for (const Interval& end : ends_) {
      run().check(end.returned > close_call, "a pop reports the end before close() is called");
    }
    for (const checking::Operation& operation : history_) {
      if (operation.kind == checking::Operation::Kind::push) {
        run().check(!close_ || operation.call < close_->returned,
                    "a push is delivered after close() has returned");
      }
      if (operation.kind != checking::Operation::Kind::pop) continue;
      for (const Interval& end : ends_) {
        run().check(operation.call < end.returned,
                    "a message is taken after another pop has reported the end");
      }
    }
  }

  void check_history() {
    if (run().has_failed()) return;
    // The result depends only on the order of the calls' beginnings and ends.
    std::vector<std::uint64_t> events(static_cast<std::size_t>(ticks_) + 1);
    for (const checking::Operation& operation : history_) {
      const std::uint64_t what = static_cast<std::uint64_t>(operation.kind) << 32 |
                                 static_cast<unsigned>(operation.message);
      events[operation.call] = 2 * what + 1;
      events[operation.returned] = 2 * what + 2;
    }
    std::uint64_t key = 0;
    for (const std::uint64_t event : events) key = (key ^ event) * 0x9e3779b97f4a7c15 + (key >> 31);
    if (checked_.contains(key)) return;
    const auto fault = traits_.fifo == Fifo::global
                           ? checking::not_linearizable(history_, queue_->capacity())
                           : out_of_order_for_a_producer();
    if (fault) return run().fail(*fault);
    checked_.insert(key);
  }

  std::optional<std::string> out_of_order_for_a_producer() const {
    for (int producer = 0; producer < shape_.producers; ++producer) {
      checking::History own;
      for (const checking::Operation& operation : history_) {
        if (operation.kind != checking::Operation::Kind::empty &&
            operation.message / messages_per_producer == producer) {
          own.push_back(operation);
        }
      }
      if (auto fault = checking::not_linearizable(own, queue_->capacity())) return fault;
    }
    return std::nullopt;
  }

  const Traits& traits_;
  const Shape& shape_;
  CheckedHistories& checked_;
  const std::int64_t instances_before_;
  std::unique_ptr<checking::AnyQueue<Message>> queue_;
  ModelSync::atomic<int> active_producers_;
  Object calls_{""};
  std::int64_t ticks_ = 0;
  checking::History history_;
  std::vector<int> delivered_;
  std::vector<Interval> refused_;
  std::vector<Interval> ends_;
  std::optional<Interval> close_;
};

std::string numbered(const char* role, int number, int count) {
  return count == 1 ? role : role + (" " + std::to_string(number + 1));
}

std::vector<Subject>& all_subjects() {
  static std::vector<Subject> all;
  return all;
}

}  // namespace

std::string to_string(const Shape& shape) {
  std::string text = std::to_string(shape.producers) + "P" + std::to_string(shape.consumers) +
                     "C capacity " + std::to_string(shape.capacity) + " x" +
                     std::to_string(shape.messages);
  if (shape.ending == Shape::Ending::producers) text += ", closed by producers";
  if (shape.ending == Shape::Ending::race) text += ", closed at any time";
  if (shape.calls == Shape::Calls::trying) text += ", try_";
  if (shape.calls == Shape::Calls::timed) text += ", timed";
  return text;
}

std::string why_unsupported(const Subject& subject, const Shape& shape) {
  const Traits& traits = subject.traits;
  if (!subject.make) return "does not synchronise through Sync";
  if (shape.producers > 1 && traits.producers == Endpoints::one) return "takes one producer";
  if (shape.consumers > 1 && traits.consumers == Endpoints::one) return "takes one consumer";
  if (shape.calls == Shape::Calls::timed && traits.timed == Timed::none)
    return "has no timed calls";
  if (shape.ending == Shape::Ending::race && traits.close == Close::quiescent) {
    return "close is exact only while no push runs";
  }
  if (shape.capacity < traits.min_capacity || shape.capacity > traits.max_capacity)
    return "cannot have this capacity";
  return "";
}

std::function<void(Execution&)> program(const Subject& subject, const Shape& shape) {
  return [subject, shape, checked = std::make_shared<CheckedHistories>()](Execution& run) {
    auto queue_run = std::make_shared<QueueRun>(subject, shape, *checked);
    for (int i = 0; i < shape.producers; ++i) {
      run.spawn(numbered("producer", i, shape.producers),
                [queue_run, i] { queue_run->produce(i); });
    }
    for (int i = 0; i < shape.consumers; ++i) {
      run.spawn(numbered("consumer", i, shape.consumers),
                [queue_run, i] { queue_run->consume(i); });
    }
    if (shape.ending == Shape::Ending::race)
      run.spawn("closer", [queue_run] { queue_run->close(); });
    run.at_end([queue_run] { queue_run->check_all(); });
  };
}

const std::vector<Subject>& subjects() {
  return all_subjects();
}

bool add_subject(Subject subject) {
  checking::insert_by_name(all_subjects(), std::move(subject));
  return true;
}

}  // namespace bq::explorer
