// Three checkers that decide whether a history of calls is one of a bounded FIFO queue.
//
// A history is linearizable (Herlihy, Wing 1990) if every call can be given one instant between its
// beginning and its end such that the calls, in the order of their instants, are those of a queue
// used by one thread:
//
//   push(m)   only while fewer than `capacity` messages are inside
//   pop = m   only if m is the oldest message inside
//   full      a try_push answered full: only while `capacity` messages are inside
//   empty     a try_pop answered empty: only while no message is inside
//
// A call that has not returned (`never`) may or may not have had its instant. Each checker returns
// nothing if it finds no violation, and otherwise describes the violation:
//
//   not_linearizable   exact, for at most 64 calls
//   does_not_fit       exact for push and pop, if only one thread pushes or only one pops; of any
//                      length
//   violated_pattern   finds only true violations, but not all; of any length
//
// All throw std::invalid_argument for capacity 0, and for what is not a history: a call that ends
// before it begins, two equal times, a message pushed twice.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "checking/history.h"
#include "checking/linearizability_search.h"
#include "queues/bounded_queue.h"

namespace bq::checking {

namespace detail {

inline constexpr std::int64_t always = std::numeric_limits<std::int64_t>::min();

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

/// The push and the pop of a message. The operations belong to the history.
struct Life {
  const Operation* push;
  const Operation* pop = nullptr;  ///< null: the message stayed inside, or a pending pop took it
};

/// A history, by message.
struct Lives {
  std::vector<Life> all;                       ///< by message
  std::vector<const Operation*> pending_pops;  ///< by call
  std::vector<const Operation*> refusals;      ///< full and empty
  std::optional<std::string> violation;        ///< a pop without a matching push; it is in no Life

  Life* find(int message) {
    const auto life =
        std::lower_bound(all.begin(), all.end(), message,
                         [](const Life& a, int wanted) { return a.push->message < wanted; });
    return life != all.end() && life->push->message == message ? &*life : nullptr;
  }
};

inline void add_pushes(const History& history, Lives& lives) {
  for (const Operation& operation : history) {
    if (operation.kind == Operation::Kind::push) lives.all.push_back({&operation});
  }
  auto& all = lives.all;
  std::sort(all.begin(), all.end(),
            [](const Life& a, const Life& b) { return a.push->message < b.push->message; });
  const auto twice = std::adjacent_find(all.begin(), all.end(), [](const Life& a, const Life& b) {
    return a.push->message == b.push->message;
  });
  if (twice != all.end()) throw std::invalid_argument(to_string(*twice->push) + ": pushed twice");
}

inline void add_pop(const Operation& pop, Lives& lives) {
  Life* const life = lives.find(pop.message);
  if (life == nullptr) {
    lives.violation = "fresh: " + to_string(pop) + " returned a message that was never pushed";
  } else if (life->pop != nullptr) {
    lives.violation =
        "twice: " + to_string(pop) + " returned what " + to_string(*life->pop) + " had taken";
  } else if (pop.returned < life->push->call) {
    lives.violation = "fresh: " + to_string(pop) + " returned a message before " +
                      to_string(*life->push) + " began";
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
      // A pending one has no answer.
      if (!operation.is_pending()) lives.refusals.push_back(&operation);
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

/// The lives sorted by `time_of(life)`.
template <class TimeOf>
std::vector<const Life*> sorted_by(TimeOf time_of, const Lives& lives) {
  std::vector<const Life*> sorted;
  for (const Life& life : lives.all) sorted.push_back(&life);
  std::sort(sorted.begin(), sorted.end(),
            [&](const Life* a, const Life* b) { return time_of(*a) < time_of(*b); });
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
  // A message without a pop may have been taken by a pending pop.
  const std::int64_t first_pending_pop =
      lives.pending_pops.empty() ? never : lives.pending_pops.front()->call;
  const auto leaves_after = [&](const Life& life) {
    return life.pop != nullptr ? life.pop->call : first_pending_pop;
  };
  const auto by_return = sorted_by([](const Life& life) { return life.push->returned; }, lives);
  auto next = by_return.begin();
  const Life* last_to_leave = nullptr;  // of those whose push ended before that of `life` began
  for (const Life* life : sorted_by([](const Life& a) { return a.push->call; }, lives)) {
    // Ends at the latest at `life` itself.
    for (; (*next)->push->returned < life->push->call; ++next) {
      if (last_to_leave == nullptr || leaves_after(**next) > leaves_after(*last_to_leave))
        last_to_leave = *next;
    }
    if (last_to_leave == nullptr || life->pop == nullptr) continue;
    if (life->pop->returned < leaves_after(*last_to_leave)) {
      const Life& earlier = *last_to_leave;
      return "order: " + to_string(*earlier.push) + " came before " + to_string(*life->push) +
             ", but " + to_string(*life->pop) + " before " +
             (earlier.pop != nullptr
                  ? to_string(*earlier.pop)
                  : "any pop of message " + std::to_string(earlier.push->message));
    }
  }
  return std::nullopt;
}

/// A change of the number of messages that are certainly inside, or possibly inside.
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
    // Never certain.
    if (life.push->is_pending() || (is_popped && life.pop->call < life.push->returned)) continue;
    changes.push_back({life.push->returned, +1, 0, life.push});
    if (is_popped) changes.push_back({life.pop->call, -1, 0, life.pop});
  }
  // It takes one at most.
  for (const Operation* pop : lives.pending_pops) changes.push_back({pop->call, -1, 0, pop});
  for (const Operation* refusal : lives.refusals)
    changes.push_back({refusal->returned, 0, 0, refusal});
  std::sort(changes.begin(), changes.end(),
            [](const Change& a, const Change& b) { return a.time < b.time; });
  return changes;
}

/// Whether too many messages were inside, or a call answered full or empty wrongly. O(n log n).
inline std::optional<std::string> wrong_size(const Lives& lives, std::size_t capacity) {
  const auto bound = static_cast<std::int64_t>(std::min(capacity, static_cast<std::size_t>(never)));
  std::int64_t certainly = 0;
  std::int64_t possibly = 0;
  // The last time at which the queue may have been empty, or full.
  std::int64_t last_empty = always;
  std::int64_t last_full = always;
  for (const Change& change : changes_of(lives)) {
    if (certainly <= 0) last_empty = change.time;
    if (possibly >= bound) last_full = change.time;
    certainly += change.certainly;
    possibly += change.possibly;
    const Operation& cause = *change.cause;
    if (certainly > bound && change.certainly > 0) {
      return "bound: " + std::to_string(certainly) + " messages were certainly inside at " +
             std::to_string(change.time) + ", at the end of " + to_string(cause) +
             "; the capacity is " + std::to_string(capacity);
    }
    if (cause.kind == Operation::Kind::empty && last_empty < cause.call) {
      return "empty: a message was certainly inside throughout " + to_string(cause);
    }
    if (cause.kind == Operation::Kind::full && last_full < cause.call) {
      return "full: fewer than " + std::to_string(capacity) + " messages were inside throughout " +
             to_string(cause);
    }
  }
  return std::nullopt;
}

}  // namespace detail

/// Exact: the search of Wing and Gong ("Testing and verifying concurrent objects", 1993), which
/// visits no state twice (Lowe, "Testing for linearizability", 2017). Throws std::invalid_argument
/// for more than 64 operations. The explanation shows the history as a timeline, and the longest
/// order that a queue could have had.
///
/// Complexity: exponential in the number of operations that overlap, not in the length. 60
/// operations of 3 threads a side take less than a millisecond, those of 8 a side about 20 ms; 9
/// pushes that all overlap and cannot succeed take a second.
inline std::optional<std::string> not_linearizable(const History& history, std::size_t capacity) {
  static_cast<void>(detail::lives_of(history));  // throws if it is no history
  detail::Search search(history, checked_capacity(capacity));
  if (search.succeeds()) return std::nullopt;
  return "not linearizable as a queue of capacity " + std::to_string(capacity) +
         "; at best this, and then nothing can follow: " + search.furthest() + "\n" +
         detail::timeline(history);
}

/// Conditions that every linearizable history meets, in O(n log n). The result begins with the name
/// of the violated one:
///
///   fresh   a message popped that was never pushed, or before its push began
///   twice   a message popped twice
///   order   a pushed before b (one call ended before the other began), but b popped before a, or a
///           never
///   bound   more than `capacity` messages inside: push ended, pop not begun
///   empty   a pop that answered empty, though some message was inside at every instant of it
///   full    a push that answered full, though at no instant of it `capacity` messages can have
///           been inside
///
/// Without bound and full these are those of Henzinger, Sezgin, Vafeiadis, "Aspect-oriented
/// linearizability proofs" (CONCUR 2013), and complete for an unbounded queue: if no call is
/// pending and the capacity is at least the number of messages, a history without `full` is
/// linearizable if and only if it passes (the tests compare). Otherwise a history can pass and yet
/// not be linearizable: order and bound are checked separately, and a pending pop may have taken
/// any message.
inline std::optional<std::string> violated_pattern(const History& history, std::size_t capacity) {
  checked_capacity(capacity);
  const detail::Lives lives = detail::lives_of(history);
  if (lives.violation) return lives.violation;
  if (auto violation = detail::out_of_order(lives)) return violation;
  return detail::wrong_size(lives, capacity);
}

/// The order of the messages in the queue, if one thread made all the pushes.
inline std::vector<int> push_order(const History& history) {
  return detail::messages_of(detail::sorted_by(
      [](const detail::Life& life) { return life.push->call; }, detail::lives_of(history)));
}

/// An order of the messages in the queue, if one thread made all the pops: as popped, and then the
/// rest. The order of the rest is unknown; if any order fits, then the order of the ends of their
/// pushes does, since no pop depends on them.
inline std::vector<int> pop_order(const History& history) {
  const auto time = [](const detail::Life& life) {
    return life.pop != nullptr ? std::pair(0, life.pop->call) : std::pair(1, life.push->returned);
  };
  return detail::messages_of(detail::sorted_by(time, detail::lives_of(history)));
}

/// Exact for pushes and pops, in O(n log n), given the order of the messages in the queue
/// (push_order, pop_order): gives each operation the earliest instant that the order and the
/// capacity allow, which must not come after its end. Ignores `full` and `empty`, which
/// violated_pattern checks. Throws std::invalid_argument unless `order` contains each pushed
/// message once.
inline std::optional<std::string> does_not_fit(const History& history,
                                               const std::vector<int>& order,
                                               std::size_t capacity) {
  checked_capacity(capacity);
  detail::Lives lives = detail::lives_of(history);
  if (lives.violation) return lives.violation;
  if (std::set<int>(order.begin(), order.end()).size() != order.size() ||
      order.size() != lives.all.size()) {
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
    if (life == nullptr)
      throw std::invalid_argument("the order names a message that was not pushed");
    // Ignored: it would only take room.
    if (life->push->is_pending() && life->pop == nullptr) continue;
    const std::size_t place = popped_at.size();
    push_time = std::max(push_time, life->push->call);
    if (place >= capacity) push_time = std::max(push_time, popped_at[place - capacity]);
    if (push_time >= life->push->returned) return late(*life->push);

    const Operation* pop = life->pop;
    if (pop == nullptr && pending_pop != lives.pending_pops.end()) pop = *pending_pop++;
    // A message that stays blocks the later ones.
    pop_time = pop == nullptr ? never : std::max({pop_time, push_time, pop->call});
    if (life->pop != nullptr && pop_time >= pop->returned) return late(*pop);
    popped_at.push_back(pop_time);
  }
  return std::nullopt;
}

}  // namespace bq::checking
