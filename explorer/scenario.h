// The programs that the explorer runs on a queue, and the checks of each run.
//
// A shape says how many threads make how many calls. The following is checked on every run:
//   - every thread that should end does: no deadlock, and no lost wake-up when no thread can go on
//     (a close would hide those, so there are shapes without one)
//   - each delivered message is taken exactly once, and is what was sent; a refused one is
//     unchanged
//   - the calls are those of a bounded FIFO queue: linearizable, or in the order of each producer
//     where the queue promises no more (checking/linearizability.h). That includes the bound, and
//     answers such as full and empty
//   - each push is delivered or refused by a close, never both; the end is reported after the last
//     message and is permanent
//   - timed calls are never early, and do not wait if the deadline is in the past
//   - no message is leaked or destroyed twice; and the failures of model_sync.h: data races,
//     misused slots
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "checking/messages.h"
#include "checking/queue_adapter.h"
#include "explorer/execution.h"
#include "explorer/model_sync.h"
#include "queues/bounded_queue.h"

namespace bq::explorer {

struct Shape {
  enum class Ending {
    none,       ///< consumers take an equal share each; nobody closes
    producers,  ///< the last producer closes; consumers pop until the end
    /// A thread of its own closes at any time; producers stop when refused, consumers pop until the
    /// end.
    race,
  };
  enum class Calls {
    blocking,
    trying,  ///< one call for each message, whatever it answers
    /// Likewise, with deadlines in the future; the last call of each thread with one in the past.
    timed,
  };

  int producers = 1;  ///< 0 producers or 0 consumers: only with a close, or without messages
  int consumers = 1;
  std::size_t capacity = 1;
  int messages = 1;  ///< of all producers together
  Ending ending = Ending::none;
  Calls calls = Calls::blocking;

  /// The share of thread `self` of `threads` in `all`.
  static int share(int all, int self, int threads) {
    return all / threads + (self < all % threads ? 1 : 0);
  }
  int threads() const { return producers + consumers + (ending == Ending::race ? 1 : 0); }
};

/// "2P1C capacity 1 x2, closed by producers": two producers, one consumer, two messages in total.
std::string to_string(const Shape& shape);

using Message = checking::Tracked;

/// A queue over ModelSync.
struct Subject {
  std::string name;
  Traits traits;
  /// Empty if the queue does not use Sync.
  std::function<std::unique_ptr<checking::AnyQueue<Message>>(std::size_t capacity)> make;
  bool only_by_name = false;  ///< not in a run of all queues: it is wrong, or has no bound
};

/// The reason why the queue does not support this shape; empty if it does.
std::string why_unsupported(const Subject& subject, const Shape& shape);

/// The program for explore() that runs this shape on the queue.
std::function<void(Execution&)> program(const Subject& subject, const Shape& shape);

/// All queues that registered themselves, by name.
const std::vector<Subject>& subjects();
bool add_subject(Subject subject);

namespace detail {
template <template <class...> class Queue, class Sync>
concept UsesSync = requires {
  typename Queue<Message, Sync>;
};
}  // namespace detail

/// `Queue` is a class template over the message type, and over the synchronisation policy if it
/// uses one.
template <template <class...> class Queue, class Sync = ModelSync>
Subject describe(const char* name) {
  Subject subject{name, Queue<int>::traits, nullptr};
  if constexpr (detail::UsesSync<Queue, Sync>) {
    subject.traits = Queue<Message, Sync>::traits;
    subject.make = [](std::size_t capacity) -> std::unique_ptr<checking::AnyQueue<Message>> {
      return std::make_unique<checking::QueueAdapter<Queue<Message, Sync>>>(capacity);
    };
  }
  return subject;
}

/// As in queues/queues.list.
enum class LineUp { by_default, extra, named };

/// Registers a queue. Call it from a translation unit of its own.
template <template <class...> class Queue>
bool register_explored(const char* name, LineUp line_up = LineUp::by_default) {
  Subject subject = describe<Queue>(name);
  subject.only_by_name = line_up == LineUp::named;
  return add_subject(std::move(subject));
}

}  // namespace bq::explorer
