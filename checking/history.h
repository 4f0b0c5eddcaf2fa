// Histories of the calls of a queue, and a recorder of them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace bq::checking {

/// The end of a call that has not returned.
inline constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

/// A call and its answer. Calls refused because the queue was closed are not part of a history.
struct Operation {
  enum class Kind : std::uint8_t { push, pop, full, empty };

  Kind kind;
  int message;        ///< pushed, or popped by a call that has returned
  std::int64_t call;  ///< when it began: a count of events, not a unit of time
  std::int64_t returned;

  bool is_pending() const { return returned == never; }
};

/// Operations in any order. No two times are equal, except `never`, and no message is pushed twice.
using History = std::vector<Operation>;

/// "push 3 [4, 9]", with the times of its beginning and its end.
inline std::string to_string(const Operation& operation) {
  std::ostringstream text;
  switch (operation.kind) {
    case Operation::Kind::push:
      text << "push " << operation.message;
      break;
    case Operation::Kind::pop:
      text << "pop " << (operation.is_pending() ? "?" : std::to_string(operation.message));
      break;
    case Operation::Kind::full:
      text << "full";
      break;
    case Operation::Kind::empty:
      text << "empty";
      break;
  }
  text << " [" << operation.call << ", "
       << (operation.is_pending() ? "never" : std::to_string(operation.returned)) << ']';
  return text.str();
}

/// The part of a history about the messages of one producer, for a queue that keeps only the order
/// of each producer: the part must be linearizable at the capacity of the queue.
/// `producer_of(message)` returns the producer of a message. Pops that answered empty or are
/// pending concern every producer, and are kept; `full` depends on the messages of all producers,
/// and is dropped.
template <class ProducerOf>
History per_producer(const History& history, int producer, ProducerOf producer_of) {
  History own;
  for (const Operation& operation : history) {
    if (operation.kind == Operation::Kind::full) continue;
    const bool names_message = operation.kind == Operation::Kind::push ||
                               (operation.kind == Operation::Kind::pop && !operation.is_pending());
    if (!names_message || producer_of(operation.message) == producer) own.push_back(operation);
  }
  return own;
}

/// Records a history. Each thread writes to a log of its own, and all of them read one clock:
///
///   auto& log = recorder.log(thread); const auto call = log.begin(); if
///   (queue.try_push(int{message}) == Status::done) log.finish(Operation::Kind::push, message,
///   call);
///
/// A call without finish() is not recorded, which is right for a refused call. A push that may have
/// taken effect, or a pop that may have taken a message, and that has not returned, must be added
/// to the history as pending.
///
/// The threads also synchronise on the clock, which can hide a missing fence in the queue: check
/// for data races without a recorder.
class Recorder {
 public:
  class alignas(64) Log {  // a cache line of its own, to avoid false sharing
   public:
    explicit Log(std::atomic<std::int64_t>& clock) : clock_(&clock) {}

    /// The time. To be called immediately before the call.
    std::int64_t begin() { return tick(); }
    /// To be called immediately after the call; `call` is the result of begin().
    void finish(Operation::Kind kind, int message, std::int64_t call) {
      operations_.push_back({kind, message, call, tick()});
    }

   private:
    friend Recorder;
    // Sequentially consistent: neither compiler nor CPU moves the call out of its interval.
    std::int64_t tick() { return clock_->fetch_add(1, std::memory_order_seq_cst); }

    std::atomic<std::int64_t>* clock_;
    std::vector<Operation> operations_;
  };

  /// Allocates room for `operations` in each log now, and not between the calls.
  explicit Recorder(std::size_t threads, std::size_t operations = 0) : logs_(threads, Log(clock_)) {
    for (Log& log : logs_) log.operations_.reserve(operations);
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// The log of a thread, counted from 0. To be used by one thread only.
  Log& log(std::size_t thread) { return logs_.at(thread); }

  /// The operations of all logs. The threads must have been joined.
  History history() const {
    History history;
    for (const Log& log : logs_)
      history.insert(history.end(), log.operations_.begin(), log.operations_.end());
    return history;
  }

 private:
  std::atomic<std::int64_t> clock_{0};
  std::vector<Log> logs_;
};

}  // namespace bq::checking
