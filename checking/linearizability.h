// Was what a queue did that of a bounded FIFO queue? Histories of calls, a recorder of them, and three checkers.
//
// A history is linearizable (Herlihy, Wing 1990) if every call can be given one instant between its beginning and its
// end such that the calls, taken in the order of their instants, are those of a queue used by one thread:
//
//   push(m)   only while fewer than `capacity` messages are inside
//   pop = m   only if m is the oldest message inside
//   full      a try_push answered full: only while `capacity` messages are inside
//   empty     a try_pop answered empty: only while none is
//
// A call which has not returned (`never`) may have had its instant already, or not. Each checker answers nothing if it
// finds no fault, and otherwise says what is wrong:
//
//   not_linearizable   exact, for at most 64 calls
//   does_not_fit       exact for push and pop, where only one thread pushes or only one pops; of any length
//   violated_pattern   whatever it finds is a fault, but it does not find all; of any length
//
// All throw std::invalid_argument for capacity 0, and for what is no history: a call that ends before it begins, two
// equal times, a message pushed twice.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <limits>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "queues/bounded_queue.h"

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

/// In any order. No two times are equal, `never` apart, and no message is pushed twice.
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
  text << " [" << operation.call << ", " << (operation.is_pending() ? "never" : std::to_string(operation.returned))
       << ']';
  return text.str();
}

namespace detail {

inline constexpr std::int64_t always = std::numeric_limits<std::int64_t>::min();

inline std::vector<std::int64_t> sorted_times(const History& history) {
  std::vector<std::int64_t> times;
  for (const Operation& operation : history) {
    times.push_back(operation.call);
    if (!operation.is_pending()) times.push_back(operation.returned);
  }
  std::sort(times.begin(), times.end());
  return times;
}

inline void check_times(const History& history) {
  for (const Operation& operation : history) {
    if (operation.call >= operation.returned) {
      throw std::invalid_argument(to_string(operation) + ": ends before it begins");
    }
  }
  const auto times = sorted_times(history);
  const auto equal = std::adjacent_find(times.begin(), times.end());
  if (equal != times.end()) throw std::invalid_argument("two events at " + std::to_string(*equal));
}

/// What became of a message. The operations belong to the history.
struct Life {
  const Operation* push;
  const Operation* pop = nullptr;  ///< none known: it stayed inside, or a pending pop took it
};

/// A history seen message by message.
struct Lives {
  std::vector<Life> all;                       ///< by message
  std::vector<const Operation*> pending_pops;  ///< by call
  std::vector<const Operation*> refusals;      ///< full and empty
  std::optional<std::string> violation;        ///< a pop that no push explains; it is in no life

  Life* find(int message) {
    const auto life = std::lower_bound(all.begin(), all.end(), message,
                                       [](const Life& a, int wanted) { return a.push->message < wanted; });
    return life != all.end() && life->push->message == message ? &*life : nullptr;
  }
};

inline void add_pushes(const History& history, Lives& lives) {
  for (const Operation& operation : history) {
    if (operation.kind == Operation::Kind::push) lives.all.push_back({&operation});
  }
  auto& all = lives.all;
  std::sort(all.begin(), all.end(), [](const Life& a, const Life& b) { return a.push->message < b.push->message; });
  const auto twice = std::adjacent_find(
      all.begin(), all.end(), [](const Life& a, const Life& b) { return a.push->message == b.push->message; });
  if (twice != all.end()) throw std::invalid_argument(to_string(*twice->push) + ": pushed twice");
}

inline void add_pop(const Operation& pop, Lives& lives) {
  Life* const life = lives.find(pop.message);
  if (life == nullptr) {
    lives.violation = "fresh: " + to_string(pop) + " returned a message that was never pushed";
  } else if (life->pop != nullptr) {
    lives.violation = "twice: " + to_string(pop) + " returned what " + to_string(*life->pop) + " had taken";
  } else if (pop.returned < life->push->call) {
    lives.violation = "fresh: " + to_string(pop) + " returned a message before " + to_string(*life->push) + " began";
  } else {
    life->pop = &pop;
  }
}

/// O(n log n).
inline Lives lives_of(const History& history) {
  check_times(history);
  Lives lives;
  add_pushes(history, lives);
  for (const Operation& operation : history) {
    if (operation.kind == Operation::Kind::push) continue;
    if (operation.kind != Operation::Kind::pop) {
      if (!operation.is_pending()) lives.refusals.push_back(&operation);  // else it said nothing
    } else if (operation.is_pending()) {
      lives.pending_pops.push_back(&operation);
    } else {
      add_pop(operation, lives);
    }
  }
  std::sort(lives.pending_pops.begin(), lives.pending_pops.end(),
            [](const Operation* a, const Operation* b) { return a->call < b->call; });
  return lives;
}

/// The lives in the order of a time: `time_of(life)`.
template <class TimeOf>
std::vector<const Life*> sorted_by(TimeOf time_of, const Lives& lives) {
  std::vector<const Life*> sorted;
  for (const Life& life : lives.all) sorted.push_back(&life);
  std::sort(sorted.begin(), sorted.end(), [&](const Life* a, const Life* b) { return time_of(*a) < time_of(*b); });
  return sorted;
}

inline std::vector<int> messages_of(const std::vector<const Life*>& lives) {
  std::vector<int> messages;
  messages.reserve(lives.size());
  for (const Life* life : lives) messages.push_back(life->push->message);
  return messages;
}

/// Whether a message left before an earlier one could. O(n log n).
inline std::optional<std::string> out_of_order(const Lives& lives) {
  // A message that nobody is known to have popped left with a pending pop, if at all.
  const std::int64_t first_pending_pop = lives.pending_pops.empty() ? never : lives.pending_pops.front()->call;
  const auto leaves_after = [&](const Life& life) { return life.pop != nullptr ? life.pop->call : first_pending_pop; };
  const auto by_return = sorted_by([](const Life& life) { return life.push->returned; }, lives);
  auto next = by_return.begin();
  const Life* last_to_leave = nullptr;  // of those whose push ended before that of `life` began
  for (const Life* life : sorted_by([](const Life& a) { return a.push->call; }, lives)) {
    for (; (*next)->push->returned < life->push->call; ++next) {  // ends at the latest at `life` itself
      if (last_to_leave == nullptr || leaves_after(**next) > leaves_after(*last_to_leave)) last_to_leave = *next;
    }
    if (last_to_leave == nullptr || life->pop == nullptr) continue;
    if (life->pop->returned < leaves_after(*last_to_leave)) {
      const Life& earlier = *last_to_leave;
      return "order: " + to_string(*earlier.push) + " came before " + to_string(*life->push) + ", but " +
             to_string(*life->pop) + " before " +
             (earlier.pop != nullptr ? to_string(*earlier.pop)
                                     : "any pop of message " + std::to_string(earlier.push->message));
    }
  }
  return std::nullopt;
}

/// A time from which on more or fewer messages are certainly inside, or possibly.
struct Change {
  std::int64_t time;
  int certainly;
  int possibly;
  const Operation* cause;
};

inline std::vector<Change> changes_of(const Lives& lives) {
  std::vector<Change> changes;
  for (const Life& life : lives.all) {
    const bool is_popped = life.pop != nullptr;
    changes.push_back({life.push->call, 0, +1, life.push});
    if (is_popped) changes.push_back({life.pop->returned, 0, -1, life.pop});
    if (life.push->is_pending() || (is_popped && life.pop->call < life.push->returned)) continue;  // never certain
    changes.push_back({life.push->returned, +1, 0, life.push});
    if (is_popped) changes.push_back({life.pop->call, -1, 0, life.pop});
  }
  for (const Operation* pop : lives.pending_pops) changes.push_back({pop->call, -1, 0, pop});  // it takes one at most
  for (const Operation* refusal : lives.refusals) changes.push_back({refusal->returned, 0, 0, refusal});
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.time < b.time; });
  return changes;
}

/// Whether too many messages were inside, or a call answered full or empty without cause. O(n log n).
inline std::optional<std::string> wrong_size(const Lives& lives, std::size_t capacity) {
  const auto bound = static_cast<std::int64_t>(std::min(capacity, static_cast<std::size_t>(never)));
  std::int64_t certainly = 0;
  std::int64_t possibly = 0;
  std::int64_t last_empty = always;  // the last time at which the queue may have been empty, or full
  std::int64_t last_full = always;
  for (const Change& change : changes_of(lives)) {
    if (certainly <= 0) last_empty = change.time;
    if (possibly >= bound) last_full = change.time;
    certainly += change.certainly;
    possibly += change.possibly;
    const Operation& cause = *change.cause;
    if (certainly > bound && change.certainly > 0) {
      return "bound: " + std::to_string(certainly) + " messages were certainly inside at " +
             std::to_string(change.time) + ", at the end of " + to_string(cause) + "; the capacity is " +
             std::to_string(capacity);
    }
    if (cause.kind == Operation::Kind::empty && last_empty < cause.call) {
      return "empty: a message was certainly inside throughout " + to_string(cause);
    }
    if (cause.kind == Operation::Kind::full && last_full < cause.call) {
      return "full: fewer than " + std::to_string(capacity) + " messages were inside throughout " + to_string(cause);
    }
  }
  return std::nullopt;
}

/// One line for each operation, in the order of their beginnings.
inline std::string timeline(History history) {
  std::sort(history.begin(), history.end(), [](const Operation& a, const Operation& b) { return a.call < b.call; });
  const auto times = sorted_times(history);  // a column for each
  const auto column = [&](std::int64_t time) {
    return static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), time) - times.begin());
  };
  std::size_t width = 0;
  for (const Operation& operation : history) width = std::max(width, to_string(operation).size());

  std::ostringstream lines;
  for (const Operation& operation : history) {
    std::string bar(column(operation.returned) + 1, '-');
    std::fill_n(bar.begin(), column(operation.call), ' ');
    bar[column(operation.call)] = '|';
    bar.back() = operation.is_pending() ? '>' : '|';
    lines << "  " << std::left << std::setw(static_cast<int>(width)) << to_string(operation) << "  " << bar << '\n';
  }
  return lines.str();
}

/// Looks for an order of the operations that a queue used by one thread could have had, depth first.
class Search {
 public:
  static constexpr std::size_t max_operations = 64;  // bits of the set of those that are done

  Search(const History& history, std::size_t capacity) : operations_(history), capacity_(capacity) {
    if (operations_.size() > max_operations) {
      throw std::invalid_argument("a history of " + std::to_string(operations_.size()) +
                                  " operations: the search ends at " + std::to_string(max_operations));
    }
    std::sort(operations_.begin(), operations_.end(),
              [](const Operation& a, const Operation& b) { return a.call < b.call; });
  }

  /// Whether what has been done can be completed.
  bool succeeds() {
    if (order_.size() > furthest_.size()) furthest_ = order_;
    const std::int64_t first_return = this->first_return();
    if (first_return == never) return true;
    // The same operations done, and the same messages inside: what follows is the same, and has failed.
    if (!visited_.insert({done_, inside_}).second) return false;
    const auto inside = inside_;
    for (std::size_t i = 0; i < operations_.size() && operations_[i].call < first_return; ++i) {
      if (is_done(i) || !apply(operations_[i])) continue;
      done_ ^= bit(i);
      order_.push_back(i);
      if (succeeds()) return true;
      order_.pop_back();
      done_ ^= bit(i);
      inside_ = inside;
    }
    return false;
  }

  /// The longest order that was found.
  std::string furthest() const {
    std::string text;
    for (const std::size_t i : furthest_) text += (text.empty() ? "" : ", ") + to_string(operations_[i]);
    return text.empty() ? "nothing" : text;
  }

 private:
  static std::uint64_t bit(std::size_t i) { return std::uint64_t{1} << i; }
  bool is_done(std::size_t i) const { return (done_ & bit(i)) != 0; }

  /// Of the operations that are not done: what begins later cannot come next.
  std::int64_t first_return() const {
    std::int64_t first = never;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      if (!is_done(i)) first = std::min(first, operations_[i].returned);
    }
    return first;
  }

  /// Does the operation, if a queue can.
  bool apply(const Operation& operation) {
    switch (operation.kind) {
      case Operation::Kind::push:
        if (inside_.size() >= capacity_) return false;
        inside_.push_back(operation.message);
        return true;
      case Operation::Kind::pop:
        if (inside_.empty() || (!operation.is_pending() && inside_.front() != operation.message)) return false;
        inside_.erase(inside_.begin());
        return true;
      case Operation::Kind::full:
        return inside_.size() == capacity_;
      case Operation::Kind::empty:
        return inside_.empty();
    }
    return false;
  }

  std::vector<Operation> operations_;  // by call
  std::size_t capacity_;
  std::vector<int> inside_;  // oldest first
  std::uint64_t done_ = 0;   // a bit for each operation
  std::vector<std::size_t> order_;
  std::vector<std::size_t> furthest_;
  std::set<std::pair<std::uint64_t, std::vector<int>>> visited_;
};

}  // namespace detail

/// Exact: the search of Wing and Gong ("Testing and verifying concurrent objects", 1993), which visits no state twice
/// (Lowe, "Testing for linearizability", 2017). At most 64 operations, else std::invalid_argument. The explanation
/// shows the history as a timeline, and the longest order that a queue could have had.
///
/// Complexity: exponential in the number of operations that overlap, not in the length. 60 operations of 3 threads a
/// side take less than a millisecond, those of 8 a side some 20 ms; 9 pushes that all overlap and cannot succeed, a
/// second.
inline std::optional<std::string> not_linearizable(const History& history, std::size_t capacity) {
  static_cast<void>(detail::lives_of(history));  // throws if it is no history
  detail::Search search(history, checked_capacity(capacity));
  if (search.succeeds()) return std::nullopt;
  return "not linearizable as a queue of capacity " + std::to_string(capacity) +
         "; at best this, and then nothing can follow: " + search.furthest() + "\n" + detail::timeline(history);
}

/// Conditions that every linearizable history meets, in O(n log n). The answer begins with the name of the violated
/// one:
///
///   fresh   a message popped that was never pushed, or before its push began
///   twice   a message popped twice
///   order   a pushed before b (one call ended before the other began), but b popped before a, or a never
///   bound   more than `capacity` messages inside: push ended, pop not begun
///   empty   a pop that answered empty, though some message was inside at every instant of it
///   full    a push that answered full, though at no instant of it `capacity` messages can have been inside
///
/// Without bound and full these are those of Henzinger, Sezgin, Vafeiadis, "Aspect-oriented linearizability proofs"
/// (CONCUR 2013), and complete for an unbounded queue: if no call is pending and the capacity is at least the number of
/// messages, a history without `full` is linearizable if and only if it passes (the tests compare). Otherwise a history
/// can pass and yet not be linearizable: order and bound are each looked at alone, and pending pops are given the
/// benefit of the doubt.
inline std::optional<std::string> violated_pattern(const History& history, std::size_t capacity) {
  checked_capacity(capacity);
  const detail::Lives lives = detail::lives_of(history);
  if (lives.violation) return lives.violation;
  if (auto violation = detail::out_of_order(lives)) return violation;
  return detail::wrong_size(lives, capacity);
}

/// The order of the messages in the queue, if one thread made all the pushes.
inline std::vector<int> push_order(const History& history) {
  return detail::messages_of(
      detail::sorted_by([](const detail::Life& life) { return life.push->call; }, detail::lives_of(history)));
}

/// An order of the messages in the queue, if one thread made all the pops: as popped, and then those left. Among these
/// the order is unknown; if any fits, then that of the ends of their pushes does, since nobody waits for them.
inline std::vector<int> pop_order(const History& history) {
  const auto time = [](const detail::Life& life) {
    return life.pop != nullptr ? std::pair(0, life.pop->call) : std::pair(1, life.push->returned);
  };
  return detail::messages_of(detail::sorted_by(time, detail::lives_of(history)));
}

/// Exact for pushes and pops, in O(n log n), given the order of the messages in the queue (push_order, pop_order):
/// gives each operation the earliest instant that the order and the capacity allow, which must not come after its end.
/// Looks at no `full` or `empty`; violated_pattern does. Throws std::invalid_argument if `order` is not one of all the
/// pushed messages.
inline std::optional<std::string> does_not_fit(const History& history, const std::vector<int>& order,
                                               std::size_t capacity) {
  checked_capacity(capacity);
  detail::Lives lives = detail::lives_of(history);
  if (lives.violation) return lives.violation;
  if (std::set<int>(order.begin(), order.end()).size() != order.size() || order.size() != lives.all.size()) {
    throw std::invalid_argument("the order must name each pushed message once");
  }
  const auto late = [](const Operation& operation) {
    return "order and capacity allow " + to_string(operation) + " only after its end";
  };
  std::vector<std::int64_t> popped_at;  // the earliest instant, by the place in the order
  std::int64_t push_time = detail::always;
  std::int64_t pop_time = detail::always;
  auto pending_pop = lives.pending_pops.begin();
  for (const int message : order) {
    const detail::Life* const life = lives.find(message);
    if (life == nullptr) throw std::invalid_argument("the order names a message that was not pushed");
    if (life->push->is_pending() && life->pop == nullptr) continue;  // as well not done: it would only take room
    const std::size_t place = popped_at.size();
    push_time = std::max(push_time, life->push->call);
    if (place >= capacity) push_time = std::max(push_time, popped_at[place - capacity]);
    if (push_time >= life->push->returned) return late(*life->push);

    const Operation* pop = life->pop;
    if (pop == nullptr && pending_pop != lives.pending_pops.end()) pop = *pending_pop++;
    pop_time = pop == nullptr ? never : std::max({pop_time, push_time, pop->call});  // what stays lets no other pass
    if (life->pop != nullptr && pop_time >= pop->returned) return late(*pop);
    popped_at.push_back(pop_time);
  }
  return std::nullopt;
}

/// What a history tells of the messages of one producer, for a queue which keeps the order of each producer only: it is
/// linearizable by itself, at the capacity of the whole. `producer_of(message)` says whose a message is. Pops which
/// answered empty or are pending concern every producer, and stay; `full` speaks of the messages of all, and goes.
template <class ProducerOf>
History per_producer(const History& history, int producer, ProducerOf producer_of) {
  History own;
  for (const Operation& operation : history) {
    if (operation.kind == Operation::Kind::full) continue;
    const bool names_message =
        operation.kind == Operation::Kind::push || (operation.kind == Operation::Kind::pop && !operation.is_pending());
    if (!names_message || producer_of(operation.message) == producer) own.push_back(operation);
  }
  return own;
}

/// Records a history. Each thread writes to a log of its own, and all of them read one clock:
///
///   auto& log = recorder.log(thread);
///   const auto call = log.begin();
///   if (queue.try_push(int{message}) == Status::done) log.finish(Operation::Kind::push, message, call);
///
/// What is begun and not finished leaves no trace, as is right for a call that was refused. But a push which may have
/// taken effect, or a pop which may have taken a message, and which never returned, must be added to the history as
/// pending.
///
/// The clock is one more thing that the threads synchronise on, so it can hide a missing fence in the queue: look for
/// data races without it.
class Recorder {
 public:
  class alignas(64) Log {  // a cache line of its own, or the threads would slow each other down
   public:
    explicit Log(std::atomic<std::int64_t>& clock) : clock_(&clock) {}

    /// The time, to be taken immediately before the call.
    std::int64_t begin() { return tick(); }
    /// To be called immediately after the call; `call` is what begin() said.
    void finish(Operation::Kind kind, int message, std::int64_t call) {
      operations_.push_back({kind, message, call, tick()});
    }

   private:
    friend Recorder;
    // Sequentially consistent: the call can leave neither its interval nor, in the eyes of others, its place in time.
    std::int64_t tick() { return clock_->fetch_add(1, std::memory_order_seq_cst); }

    std::atomic<std::int64_t>* clock_;
    std::vector<Operation> operations_;
  };

  /// Room for `operations` in each log is allocated now and not between the calls.
  explicit Recorder(std::size_t threads, std::size_t operations = 0) : logs_(threads, Log(clock_)) {
    for (Log& log : logs_) log.operations_.reserve(operations);
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// The log of a thread, from 0: to be used by one thread only.
  Log& log(std::size_t thread) { return logs_.at(thread); }

  /// What all logs hold. The threads must have been joined.
  History history() const {
    History history;
    for (const Log& log : logs_) history.insert(history.end(), log.operations_.begin(), log.operations_.end());
    return history;
  }

 private:
  std::atomic<std::int64_t> clock_{0};
  std::vector<Log> logs_;
};

}  // namespace bq::checking
