// register_subject<Queue>(name): puts a queue under the contract suite. Call it from a translation
// unit of its own.
#pragma once

#include <concepts>
#include <type_traits>

#include "checking/queue_adapter.h"
#include "queues/handles.h"
#include "tests/contract/calls_in_progress.h"
#include "tests/contract/hooked_sync.h"
#include "tests/contract/subject.h"

namespace bq::test {

namespace detail {

template <class Q>
class ProducerAdapter final : public AnyProducer {
 public:
  explicit ProducerAdapter(Producer<Q> end) : end_(std::move(end)) {}
  std::unique_ptr<AnyProducer> copy() const override {
    if constexpr (std::is_copy_constructible_v<Producer<Q>>) {
      return std::make_unique<ProducerAdapter>(end_);
    } else {
      return nullptr;
    }
  }
  bool push(int value) override {
    const CallInProgress call("push() of a handle", end_.capacity());
    return end_.push(std::move(value));
  }
  Status try_push(int value) override {
    if constexpr (TryingBoundedQueue<Q>) {
      return end_.try_push(std::move(value));
    } else {
      checking::lacks("try_push");
    }
  }
  std::size_t undelivered() const override { return end_.undelivered(); }

 private:
  Producer<Q> end_;
};

template <class Q>
class ConsumerAdapter final : public AnyConsumer {
 public:
  explicit ConsumerAdapter(Consumer<Q> end) : end_(std::move(end)) {}
  std::unique_ptr<AnyConsumer> copy() const override {
    if constexpr (std::is_copy_constructible_v<Consumer<Q>>) {
      return std::make_unique<ConsumerAdapter>(end_);
    } else {
      return nullptr;
    }
  }
  std::optional<int> pop() override {
    const CallInProgress call("pop() of a handle", end_.capacity());
    return end_.pop();
  }
  bool is_closed() const override { return end_.is_closed(); }

 private:
  Consumer<Q> end_;
};

/// push() and pop() through handles, the other calls on the queue itself.
template <class Q>
class QueueWithHandles final : public AnyQueue<typename Q::value_type> {
  using T = typename Q::value_type;

 public:
  explicit QueueWithHandles(std::size_t capacity) : ends_(make_handles<Q>(capacity)) {}
  bool has_tries() const override { return TryingBoundedQueue<Q>; }
  std::size_t push_batch(std::span<T> /*messages*/) override { checking::lacks("push_batch"); }
  std::size_t pop_batch(std::span<std::optional<T>> /*out*/) override {
    checking::lacks("pop_batch");
  }
  bool push(T&& value) override { return producer().push(std::move(value)); }
  Status try_push(T&& value) override {
    if constexpr (TryingBoundedQueue<Q>) {
      return queue().try_push(std::move(value));
    } else {
      checking::lacks("try_push");
    }
  }
  Status try_push_until(T&& value, Deadline deadline) override {
    if constexpr (TimedBoundedQueue<Q>) {
      return queue().try_push_until(std::move(value), deadline);
    } else {
      checking::lacks("try_push_until");
    }
  }
  std::optional<T> pop() override { return consumer().pop(); }
  bool pop_into(std::optional<T>& out) override { return bq::pop_into(queue(), out); }
  Status try_pop(std::optional<T>& out) override {
    if constexpr (TryingBoundedQueue<Q>) {
      return queue().try_pop(out);
    } else {
      checking::lacks("try_pop");
    }
  }
  Status try_pop_until(std::optional<T>& out, Deadline deadline) override {
    if constexpr (TimedBoundedQueue<Q>) {
      return queue().try_pop_until(out, deadline);
    } else {
      checking::lacks("try_pop_until");
    }
  }
  void close() override { queue().close(); }
  bool is_closed() const override { return queue().is_closed(); }
  std::size_t capacity() const override { return queue().capacity(); }
  std::size_t size_approx() const override { return queue().size_approx(); }

 private:
  Producer<Q>& producer() { return ends_.first; }
  Consumer<Q>& consumer() { return ends_.second; }
  Q& queue() const { return ends_.first.queue(); }

  std::pair<Producer<Q>, Consumer<Q>> ends_;
};

template <class Q>
std::unique_ptr<AnyQueue<typename Q::value_type>> make(std::size_t capacity) {
  return std::make_unique<QueueAdapter<Q>>(capacity);
}

template <class Q>
AnyEnds make_ends(std::size_t capacity) {
  static_assert(std::is_copy_constructible_v<Producer<Q>> ==
                (Q::traits.producers == Endpoints::many));
  static_assert(std::is_copy_constructible_v<Consumer<Q>> ==
                (Q::traits.consumers == Endpoints::many));
  auto [producer, consumer] = make_handles<Q>(capacity);
  return {std::make_unique<ProducerAdapter<Q>>(std::move(producer)),
          std::make_unique<ConsumerAdapter<Q>>(std::move(consumer))};
}

/// The message by which a case sees how a queue of this label treats it.
template <Element element>
using TellingMessage = std::conditional_t<
    element == Element::any || element == Element::nothrow_movable, Tracked,
    std::conditional_t<
        element == Element::copyable, TrackedCopy,
        std::conditional_t<element == Element::default_constructible, TrackedWithDefault, Plain>>>;

template <class Q>
concept CanBeAdvanced = std::constructible_from<Q, std::size_t, std::uint64_t>;

}  // namespace detail

/// `Queue` is a class template over the message type, and over the synchronisation policy if it
/// uses one.
template <template <class...> class Queue>
Subject describe_subject(const char* name) {
  using Q = Queue<int>;
  static_assert(BoundedQueue<Q>, "see queues/bounded_queue.h for what a queue must offer");
  static_assert((Q::traits.timed == Timed::yes) == TimedBoundedQueue<Q>,
                "the label `timed` must tell the truth");
  static_assert((Q::traits.tries == Tries::yes) == TryingBoundedQueue<Q>,
                "the label `tries` must tell the truth: see queues/bounded_queue.h for try_push "
                "and try_pop");
  static_assert(!std::is_move_constructible_v<Q>, "threads hold on to it");
  static_assert(!Q::traits.waiting.empty(), "tables print it");
  constexpr Element element = Q::traits.element;

  Subject subject;
  subject.name = name;
  subject.traits = Q::traits;
  subject.has_batches = BatchedBoundedQueue<Q>;
  std::get<Factory<int>>(subject.factories) = &detail::make<Q>;
  std::get<Factory<int*>>(subject.factories) = &detail::make<Queue<int*>>;
  subject.ends = &detail::make_ends<Q>;
  subject.with_handles = [](std::size_t capacity) -> std::unique_ptr<AnyQueue<int>> {
    return std::make_unique<detail::QueueWithHandles<Q>>(capacity);
  };
  using Message = detail::TellingMessage<element>;
  std::get<Factory<Message>>(subject.factories) = &detail::make<Queue<Message>>;
  if constexpr (element == Element::any || element == Element::nothrow_movable) {
    std::get<Factory<std::unique_ptr<int>>>(subject.factories) =
        &detail::make<Queue<std::unique_ptr<int>>>;
    std::get<Factory<Overaligned>>(subject.factories) = &detail::make<Queue<Overaligned>>;
  }
  if constexpr (element == Element::any)
    std::get<Factory<Fragile>>(subject.factories) = &detail::make<Queue<Fragile>>;
  if constexpr (requires { typename Queue<int, HookedSync>; }) {
    subject.uses_sync = true;
    std::get<Factory<Message>>(subject.hooked_factories) =
        &detail::make<Queue<Message, HookedSync>>;
  }
  if constexpr (detail::CanBeAdvanced<Q>) {
    subject.advanced = [](std::size_t capacity,
                          std::uint64_t first_turn) -> std::unique_ptr<AnyQueue<int>> {
      return std::make_unique<QueueAdapter<Q>>(capacity, first_turn);
    };
  }
  return subject;
}

/// Every call of the contract, compiled and never run: what .ci/lint shows to another compiler.
template <template <class...> class Queue>
bool use_every_call() {
  return detail::make<Queue<int>>(1) != nullptr &&
         detail::make_ends<Queue<int>>(1).producer != nullptr;
}

template <template <class...> class Queue>
bool register_subject(const char* name) {
  return add_subject(describe_subject<Queue>(name));
}

}  // namespace bq::test
