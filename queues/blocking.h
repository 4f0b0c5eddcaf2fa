// Makes a blocking queue of two parts: storage that cannot wait, and a policy that can.
//
// Storage (mpmc_ring.h, spsc_ring.h, and the peers that come without waiting) offers
//   try_push(T& value)  done (then moved from), full, busy or closed     can_push()  hint, cheap: is a try worth while?
//   try_pop(out)        done, empty, busy or closed                      can_pop()   (also once it is closed)
//   close(), is_closed(), capacity(), size_approx(), traits
// and none of it waits for another thread. What it answers is final: full, empty and closed are linearizable, busy says
// that another thread is in the middle of the slot in question. A hint may be wrong while calls are in progress;
// waiting_policies.h says how far. Waiting is one of the policies there, an object for each side.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>

#include "queues/waiting_policies.h"

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
  Status push_with(T&& value, const auto& patience) {
    const auto can_push = [this] { return storage_.can_push(); };
    const auto try_push = [&] { return storage_.try_push(value); };
    const Status status = attempt_or_await(not_full_, can_push, try_push, patience);
    if (status != Status::done) [[unlikely]]
      return refused(status);
    not_empty_.wake_one();
    if constexpr (traits.producers == Endpoints::many) not_full_.wake_another(can_push);
    return Status::done;
  }

  Status pop_with(std::optional<T>& out, const auto& patience) {
    const auto can_pop = [this] { return storage_.can_pop(); };
    const auto try_pop = [&] { return storage_.try_pop(out); };
    const Status status = attempt_or_await(not_empty_, can_pop, try_pop, patience);
    if (status != Status::done) [[unlikely]]
      return refused(status);
    not_full_.wake_one();
    if constexpr (traits.consumers == Endpoints::many) not_empty_.wake_another(can_pop);
    return Status::done;
  }

  template <class Patience>
  static Status attempt_or_await(Waiting& waiting, auto hopeful, auto attempt, const Patience& patience) {
    const Status status = attempt();
    if constexpr (Patience::waits) {
      if (!detail::is_decided(status)) [[unlikely]]
        return await(waiting, hopeful, attempt, patience);
    }
    return status;
  }
  /// Out of line, so that the call that need not wait is small enough to be inlined.
  [[gnu::noinline, gnu::cold]] static Status await(Waiting& waiting, const auto& hopeful, const auto& attempt,
                                                   const auto& patience) {
    return waiting.await(hopeful, attempt, patience);
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
