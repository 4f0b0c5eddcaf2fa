// BlockingQueue makes a blocking queue of two parts: storage that cannot wait, and a waiting
// policy.
//
// Storage (mpmc_ring.h, spsc_ring.h, and third-party queues that cannot wait) offers
//   try_push(T& value)   done (then moved from), full, busy or closed
//   try_pop(out)         done, empty, busy or closed
//   can_push(), can_pop()  cheap hints: is a try worth while? Both are true once the queue is
//                          closed.
//   try_push_batch(), try_pop_batch()  optional: see blocking_adapter.h
//   close(), is_closed(), capacity(), size_approx(), traits
// None of these calls waits for another thread, unless a library does so by itself.
//
// What our own rings answer is final: full, empty and closed are linearizable, and busy means that
// another thread is using the slot in question. Libraries promise less: their label `close` is
// quiescent (blocking_adapter.h), and each header says whether its full and its empty can be
// spurious. A hint may be wrong while calls are in progress; waiting_policies.h says which errors
// are allowed. Each side of the queue has a waiting policy object of its own.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "queues/detail/part_calls.h"
#include "queues/detail/waiting_policies.h"

namespace bq {

template <class T, class Storage, class Waiting, class Sync = StdSync>
class BlockingQueue : public detail::Calls<BlockingQueue<T, Storage, Waiting, Sync>, T, Sync> {
  friend detail::Calls<BlockingQueue, T, Sync>;

 public:
  static constexpr Traits traits = [] {
    Traits labels = Storage::traits;
    labels.timed = Waiting::timed;
    labels.waiting = Waiting::label;
    return labels;
  }();

  /// `arguments` go to the storage's constructor.
  template <class... Arguments>
  requires std::constructible_from<Storage, std::size_t, Arguments...>
  explicit BlockingQueue(std::size_t capacity, Arguments... arguments)
      : storage_(capacity, arguments...) {}

  /// Where the storage can deliver (take) several messages at once.
  std::size_t push_batch(std::span<T> messages) requires detail::TriesBatches<Storage, T> {
    std::size_t done = 0;
    while (done < messages.size()) {
      const std::size_t more = storage_.try_push_batch(messages.subspan(done));
      for (std::size_t i = 0; i < more; ++i) not_empty_.wake_one();
      done += more;
      if (more > 0) continue;
      if (push_with(std::move(messages[done]), detail::WaitForever{}) != Status::done) break;
      ++done;
    }
    if constexpr (traits.producers == Endpoints::many)
      not_full_.wake_another([this] { return storage_.can_push(); });
    return done;
  }
  std::size_t pop_batch(std::span<std::optional<T>> out) requires detail::TriesBatches<Storage, T> {
    if (out.empty()) return 0;
    std::size_t done = storage_.try_pop_batch(out);
    if (done == 0) return pop_with(out.front(), detail::WaitForever{}) == Status::done ? 1 : 0;
    for (std::size_t i = 0; i < done; ++i) not_full_.wake_one();
    if constexpr (traits.consumers == Endpoints::many)
      not_empty_.wake_another([this] { return storage_.can_pop(); });
    return done;
  }

  void close() {
    storage_.close();
    not_full_.wake_all();
    not_empty_.wake_all();
  }
  bool is_closed() const { return storage_.is_closed(); }
  std::size_t capacity() const { return storage_.capacity(); }
  std::size_t size_approx() const { return storage_.size_approx(); }

 private:
  template <class Timeout>
  Status push_with(T&& value, const Timeout& timeout) {
    Status status = storage_.try_push(value);
    if constexpr (Timeout::waits) {
      if (!detail::is_decided(status)) [[unlikely]]
        status = await_room(value, timeout);
    }
    if (status != Status::done) [[unlikely]]
      return refused(status);
    not_empty_.wake_one();
    if constexpr (traits.producers == Endpoints::many)
      not_full_.wake_another([this] { return storage_.can_push(); });
    return Status::done;
  }

  template <class Timeout>
  Status pop_with(std::optional<T>& out, const Timeout& timeout) {
    Status status = storage_.try_pop(out);
    if constexpr (Timeout::waits) {
      if (!detail::is_decided(status)) [[unlikely]]
        status = await_message(out, timeout);
    }
    if (status != Status::done) [[unlikely]]
      return refused(status);
    not_full_.wake_one();
    if constexpr (traits.consumers == Endpoints::many)
      not_empty_.wake_another([this] { return storage_.can_pop(); });
    return Status::done;
  }

  // Out of line, so that a call that does not wait is small enough to be inlined.
  [[gnu::noinline, gnu::cold]] Status await_room(T& value, const auto& timeout) {
    return not_full_.await([this] { return storage_.can_push(); },
                           [&] { return storage_.try_push(value); }, timeout);
  }
  [[gnu::noinline, gnu::cold]] Status await_message(std::optional<T>& out, const auto& timeout) {
    return not_empty_.await([this] { return storage_.can_pop(); },
                            [&] { return storage_.try_pop(out); }, timeout);
  }

  Status refused(Status status) {
    // While close() runs, a consumer may be asleep because the outcome of a concurrent push is not
    // known yet. Now it is. Wake one consumer; each passes the wake-up on.
    if (status == Status::closed) not_empty_.wake_one();
    return status == Status::full || status == Status::empty ? Status::timeout : status;
  }

  Storage storage_;
  Waiting not_full_{"not_full"};
  Waiting not_empty_{"not_empty"};
};

}  // namespace bq
