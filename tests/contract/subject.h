// A queue as the contract suite sees it. The suite is compiled once, for all queues: it meets them
// behind virtual calls, and a queue costs a translation unit that holds its own instantiations and
// nothing of the tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "checking/messages.h"
#include "checking/queue_adapter.h"
#include "queues/bounded_queue.h"

namespace bq::test {

using checking::AnyQueue;
using checking::Brittle;
using checking::Fragile;
using checking::Identity;
using checking::Overaligned;
using checking::Plain;
using checking::QueueAdapter;
using checking::Tracked;
using checking::TrackedCopy;
using checking::TrackedWithDefault;

/// A handle of whatever queue: one end of it (see queues/handles.h).
class AnyProducer {
 public:
  virtual ~AnyProducer() = default;
  /// Null where the queue takes one producer.
  virtual std::unique_ptr<AnyProducer> copy() const = 0;
  virtual bool push(int value) = 0;
  virtual Status try_push(int value) = 0;
  virtual std::size_t undelivered() const = 0;
};
class AnyConsumer {
 public:
  virtual ~AnyConsumer() = default;
  /// Null where the queue takes one consumer.
  virtual std::unique_ptr<AnyConsumer> copy() const = 0;
  virtual std::optional<int> pop() = 0;
  virtual bool is_closed() const = 0;
};
struct AnyEnds {
  std::unique_ptr<AnyProducer> producer;
  std::unique_ptr<AnyConsumer> consumer;
};

template <class T>
using Factory = std::function<std::unique_ptr<AnyQueue<T>>(std::size_t capacity)>;

struct Subject {
  std::string name;
  Traits traits;
  /// Empty for messages that the queue does not take.
  std::tuple<Factory<int>, Factory<int*>, Factory<Tracked>, Factory<TrackedCopy>,
             Factory<TrackedWithDefault>, Factory<Plain>, Factory<std::unique_ptr<int>>,
             Factory<Overaligned>, Factory<Fragile>>
      factories;
  /// The queue over HookedSync; empty if it does not touch other threads through a Sync policy.
  std::tuple<Factory<Tracked>, Factory<TrackedCopy>, Factory<TrackedWithDefault>, Factory<Plain>>
      hooked_factories;
  /// The queue, with push() and pop() made through its handles.
  Factory<int> with_handles;
  /// The queue with its positions advanced by that many rounds; empty if it has none that could
  /// wrap.
  std::function<std::unique_ptr<AnyQueue<int>>(std::size_t capacity, std::uint64_t first_turn)>
      advanced;
  std::function<AnyEnds(std::size_t capacity)> ends;

  template <class T>
  const Factory<T>& factory() const {
    return std::get<Factory<T>>(factories);
  }
  template <class T>
  const Factory<T>& hooked_factory() const {
    return std::get<Factory<T>>(hooked_factories);
  }
  bool uses_sync = false;
  bool has_batches = false;

  bool is_bounded() const { return traits.bound != Bound::none; }
  bool is_timed() const { return traits.timed == Timed::yes; }
  bool has_tries() const { return traits.tries == Tries::yes; }
  bool takes_throwing() const { return traits.element == Element::any; }
  bool takes_nontrivial() const {
    return takes_throwing() || traits.element == Element::nothrow_movable;
  }
  bool copies() const { return traits.element == Element::copyable; }
  bool takes_nontrivial_with_default() const {
    return traits.element == Element::default_constructible;
  }
  int producers() const { return traits.producers == Endpoints::one ? 1 : 3; }
  int consumers() const { return traits.consumers == Endpoints::one ? 1 : 3; }
};

/// All queues that registered themselves, by name.
const std::vector<Subject>& subjects();

/// Called through register_subject.h. Ends the program on a name that is taken.
bool add_subject(Subject subject);

}  // namespace bq::test
