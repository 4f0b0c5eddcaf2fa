// The programs that the explorer runs on a queue, and the checks of each run.
//
// A shape says how many threads make how many calls. The following is checked on every run:
//   - every thread that should end does: no deadlock, and no lost wake-up when no thread can go on
//     (a close would hide those: there are shapes without one, and shapes that close when all is
//     quiet, after this check)
//   - each delivered message is taken exactly once, and is what was sent; a refused one is
//     unchanged
//   - the calls are those of a bounded FIFO queue: linearizable, or in the order of each producer
//     where the queue promises no more (checking/linearizability.h). That includes the bound, and
//     answers such as full and empty
//   - each push is delivered or refused by a close, never both; the end is reported after the last
//     message and is permanent, in every form of the calls
//   - timed calls are never early and never late; try calls, and timed ones whose deadline is in
//     the past, never wait for a thread that waits (CallPromise in execution.h)
//   - at rest size_approx() is exact, and try_push takes as many messages as there are free slots
//   - no message object is used before its construction, after its destruction or by two threads at
//     once; none is leaked, or destroyed twice (model_message.h); and the failures of model_sync.h:
//     data races, misused slots
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "explorer/execution.h"
#include "explorer/explored_queue.h"
#include "explorer/model_message.h"
#include "explorer/model_sync.h"
#include "explorer/queue_run.h"
#include "explorer/shape.h"
#include "queues/bounded_queue.h"

namespace bq::explorer {

/// A queue over ModelSync.
struct Subject {
  std::string name;
  Traits traits;
  /// Empty if the queue does not use Sync.
  std::function<std::unique_ptr<ExploredQueue>(std::size_t capacity)> make;
  /// False: by something else than Sync. Of its messages only their lives are checked then.
  bool orders_messages = true;
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
/// The messages that a queue can take: as much is checked of them as it allows.
template <Element element>
using MessageFor = std::conditional_t<
    element == Element::trivial, TrivialMessage,
    std::conditional_t<element == Element::default_constructible || element == Element::copyable,
                       CopyableModelMessage, ModelMessage>>;

template <template <class...> class Queue, class Message, class Sync>
concept UsesSync = requires {
  typename Queue<Message, Sync>;
};
}  // namespace detail

/// `Queue` is a class template over the message type, and over the synchronisation policy if it
/// uses one.
template <template <class...> class Queue, class Sync = ModelSync>
Subject describe(const char* name) {
  using Message = detail::MessageFor<Queue<int>::traits.element>;
  Subject subject{name, Queue<int>::traits, nullptr};
  if constexpr (detail::UsesSync<Queue, Message, Sync>) {
    subject.traits = Queue<Message, Sync>::traits;
    subject.make = [](std::size_t capacity) -> std::unique_ptr<ExploredQueue> {
      return std::make_unique<ExploredQueueOf<Queue<Message, Sync>>>(capacity);
    };
    // It may have the parameter, and not use it.
    const std::size_t capacity = subject.traits.min_capacity;
    if (!uses_the_model(subject.make, capacity)) {
      subject.make = nullptr;
    } else {
      subject.orders_messages = orders_messages(subject.make, capacity);
    }
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
