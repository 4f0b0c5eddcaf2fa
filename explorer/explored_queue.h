// A queue of any class behind virtual calls, with messages of the kind that it can take: the
// program that runs on it is compiled once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "explorer/model_message.h"
#include "queues/bounded_queue.h"

namespace bq::explorer {

/// The forms of a push.
enum class Push : std::uint8_t {
  push,
  try_push,
  try_push_until,  ///< with a deadline in the future
  try_push_past,   ///< try_push_until with a deadline in the past
};
/// The forms of a pop.
enum class Pop : std::uint8_t {
  pop,       ///< returns an optional
  pop_into,  ///< into an optional of the caller, which holds an earlier message
  try_pop,
  try_pop_until,
  try_pop_past,
};

inline bool is_timed(Push form) {
  return form == Push::try_push_until || form == Push::try_push_past;
}
inline bool is_timed(Pop form) {
  return form == Pop::try_pop_until || form == Pop::try_pop_past;
}
/// Whether the call may wait for ever.
inline bool waits_for_ever(Push form) {
  return form == Push::push;
}
inline bool waits_for_ever(Pop form) {
  return form == Pop::pop || form == Pop::pop_into;
}

/// What a call has answered, and the message that the caller has then: the one taken by a pop, or
/// not delivered by a push.
struct Answer {
  Status status;
  bool has_message;
  int number;  ///< Messages::none: the object holds none
};

class ExploredQueue {
 public:
  virtual ~ExploredQueue() = default;
  virtual Answer push(Push form, int number, Deadline deadline) = 0;
  virtual Answer pop(Pop form, Deadline deadline) = 0;
  virtual void close() = 0;
  virtual bool is_closed() const = 0;
  virtual std::size_t capacity() const = 0;
  virtual std::size_t size_approx() const = 0;
};

template <class Q>
class ExploredQueueOf final : public ExploredQueue {
  using T = typename Q::value_type;

 public:
  explicit ExploredQueueOf(std::size_t capacity) : queue_(capacity) {}

  Answer push(Push form, int number, Deadline deadline) override {
    T message(number);
    const Status status = push_as(form, message, deadline);
    // NOLINTNEXTLINE(bugprone-use-after-move): a push that is not done leaves it as it was
    return {status, true, status == Status::done ? Messages::none : message.number()};
  }
  Answer pop(Pop form, Deadline deadline) override {
    std::optional<T> out;
    if (form == Pop::pop_into) out.emplace(earlier);
    const Status status = pop_as(form, out, deadline);
    return {status, out.has_value(), out ? out->number() : Messages::none};
  }
  void close() override { queue_.close(); }
  bool is_closed() const override { return queue_.is_closed(); }
  std::size_t capacity() const override { return queue_.capacity(); }
  std::size_t size_approx() const override { return queue_.size_approx(); }

 private:
  static constexpr int earlier = 1'000'000;  // the number of a message of no call

  Status push_as(Push form, T& message, Deadline deadline) {
    switch (form) {
      case Push::push:
        return queue_.push(std::move(message)) ? Status::done : Status::closed;
      case Push::try_push:
        if constexpr (TryingBoundedQueue<Q>) return queue_.try_push(std::move(message));
        break;
      case Push::try_push_until:
      case Push::try_push_past:
        if constexpr (TimedBoundedQueue<Q>)
          return queue_.try_push_until(std::move(message), deadline);
    }
    std::abort();
  }
  Status pop_as(Pop form, std::optional<T>& out, Deadline deadline) {
    switch (form) {
      case Pop::pop:
        if (std::optional<T> message = queue_.pop()) out.emplace(std::move(*message));
        return out ? Status::done : Status::closed;
      case Pop::pop_into:
        return pop_into(queue_, out) ? Status::done : Status::closed;
      case Pop::try_pop:
        if constexpr (TryingBoundedQueue<Q>) return queue_.try_pop(out);
        break;
      case Pop::try_pop_until:
      case Pop::try_pop_past:
        if constexpr (TimedBoundedQueue<Q>) return queue_.try_pop_until(out, deadline);
    }
    std::abort();
  }

  Q queue_;
};

}  // namespace bq::explorer
