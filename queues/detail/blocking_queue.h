// Makes a blocking queue of two parts: storage that cannot wait, and a policy that can.
//
// Storage (mpmc_ring.h, spsc_ring.h, and the third-party libraries that come without waiting) offers
//   try_push(T& value)  done (then moved from), full, busy or closed     can_push()  hint, cheap: is a try worth while?
//   try_pop(out)        done, empty, busy or closed                      can_pop()   (also once it is closed)
//   close(), is_closed(), capacity(), size_approx(), traits
// and none of it waits for another thread, unless a library does so by itself. What our own rings answer is final:
// full, empty and closed are linearizable, busy says that another thread is in the middle of the slot in question.
// Libraries promise less: their label `close` is quiescent (peers/closing.h), and each header says whether its full and
// its empty can be spurious. A hint may be wrong while calls are in progress; waiting_policies.h says how far. Waiting
// is one of the policies there, an object for each side.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>

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

  /// `arguments` are the storage's own.
  template <class... Arguments>
  requires std::constructible_from<Storage, std::size_t, Arguments...>
  explicit BlockingQueue(std::size_t capacity, Arguments... arguments) : storage_(capacity, arguments...) {}

  void close() {
    storage_.close();
    not_full_.wake_all();
    not_empty_.wake_all();
  }
  bool is_closed() const { return storage_.is_closed(); }
  std::size_t capacity() const { return storage_.capacity(); }
  std::size_t size_approx() const { return storage_.size_approx(); }

 private:
  template <class Patience>
  Status push_with(T&& value, const Patience& patience) {
    Status status = storage_.try_push(value);
    if constexpr (Patience::waits) {
      if (!detail::is_decided(status)) [[unlikely]]
        status = await_room(value, patience);
    }
    if (status != Status::done) [[unlikely]]
      return refused(status);
    not_empty_.wake_one();
    if constexpr (traits.producers == Endpoints::many) not_full_.wake_another([this] { return storage_.can_push(); });
    return Status::done;
  }

  template <class Patience>
  Status pop_with(std::optional<T>& out, const Patience& patience) {
    Status status = storage_.try_pop(out);
    if constexpr (Patience::waits) {
      if (!detail::is_decided(status)) [[unlikely]]
        status = await_message(out, patience);
    }
    if (status != Status::done) [[unlikely]]
      return refused(status);
    not_full_.wake_one();
    if constexpr (traits.consumers == Endpoints::many) not_empty_.wake_another([this] { return storage_.can_pop(); });
    return Status::done;
  }

  // Out of line, so that the call that need not wait is small enough to be inlined.
  [[gnu::noinline, gnu::cold]] Status await_room(T& value, const auto& patience) {
    return not_full_.await([this] { return storage_.can_push(); }, [&] { return storage_.try_push(value); }, patience);
  }
  [[gnu::noinline, gnu::cold]] Status await_message(std::optional<T>& out, const auto& patience) {
    return not_empty_.await([this] { return storage_.can_pop(); }, [&] { return storage_.try_pop(out); }, patience);
  }

  Status refused(Status status) {
    // Beside a close, a consumer may sleep until it is known what becomes of a push in progress: it is now, or it was
    // for the consumer that calls. One after the other they learn of the end.
    if (status == Status::closed) not_empty_.wake_one();
    return status == Status::full || status == Status::empty ? Status::timeout : status;
  }

  Storage storage_;
  Waiting not_full_{"not_full"};
  Waiting not_empty_{"not_empty"};
};

}  // namespace bq
