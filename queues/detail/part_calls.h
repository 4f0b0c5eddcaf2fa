// The calls of a queue from elsewhere, in whichever form it has them: for blocking_adapter.h.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "queues/bounded_queue.h"

namespace bq::detail {

template <class P, class T>
concept TriesToPush = requires(P& part, T& value) {
  part.try_push(std::move(value));
}
|| requires(P& part, T& value) {
  part.try_push(value);
};
template <class P, class T>
concept TriesToPop = requires(P& part, T& out) {
  part.try_pop(out);
}
|| requires(P& part, std::optional<T>& out) {
  part.try_pop(out);
}
|| requires(P& part) {
  { part.try_pop() } -> std::same_as<std::optional<T>>;
};
template <class P, class T>
concept WaitsToPush = requires(P& part, T& value) {
  part.push(std::move(value));
}
|| requires(P& part, T& value) {
  part.push(value);
};
template <class P, class T>
concept WaitsToPop = requires(P& part, T& out) {
  part.pop(out);
}
|| requires(P& part, std::optional<T>& out) {
  part.pop(out);
}
|| requires(P& part) {
  { part.pop() } -> std::convertible_to<std::optional<T>>;
};
template <class P, class T>
concept TriesBatches = requires(P& part, std::span<T> messages, std::span<std::optional<T>> out) {
  { part.try_push_batch(messages) } -> std::convertible_to<std::size_t>;
  { part.try_pop_batch(out) } -> std::convertible_to<std::size_t>;
};
template <class P>
concept TellsSize = requires(const P& part) {
  { part.size_approx() } -> std::convertible_to<std::size_t>;
};
template <class P>
concept TellsCapacity = requires(const P& part) {
  { part.capacity() } -> std::convertible_to<std::size_t>;
};

template <class P, class T>
concept PushTellsStatus = requires(P& part, T& value) {
  { part.try_push(std::move(value)) } -> std::same_as<Status>;
}
|| requires(P& part, T& value) {
  { part.try_push(value) } -> std::same_as<Status>;
};
template <class P, class T>
concept PopTellsStatus = requires(P& part, std::optional<T>& out) {
  { part.try_pop(out) } -> std::same_as<Status>;
}
|| requires(P& part, T& out) {
  { part.try_pop(out) } -> std::same_as<Status>;
};

/// What such a call returned: a Status, or a bool that is false for `otherwise`.
inline Status status_of(Status status, Status /*otherwise*/) {
  return status;
}
inline Status status_of(bool is_done, Status otherwise) {
  return is_done ? Status::done : otherwise;
}

/// done, or `otherwise` where the part says no more than false.
template <class T, class P>
Status try_push_to(P& part, T& value, Status otherwise) {
  if constexpr (requires { part.try_push(std::move(value)); }) {
    return status_of(part.try_push(std::move(value)), otherwise);
  } else {
    return status_of(part.try_push(value), otherwise);
  }
}
template <class T, class P>
Status try_pop_from(P& part, std::optional<T>& out, Status otherwise) {
  if constexpr (requires { part.try_pop(out); }) {
    return status_of(part.try_pop(out), otherwise);
  } else if constexpr (requires { part.try_pop(); }) {
    std::optional<T> message = part.try_pop();
    if (!message) return otherwise;
    out.emplace(std::move(*message));
    return Status::done;
  } else {
    static_assert(std::is_default_constructible_v<T>,
                  "try_pop(T&) takes messages with a default constructor only: state "
                  ".element = bq::Element::default_constructible, or take a std::optional<T>&");
    T message;
    const Status status = status_of(part.try_pop(message), otherwise);
    if (status == Status::done) out.emplace(std::move(message));
    return status;
  }
}

template <class T, class P>
void push_to(P& part, T& value) {
  if constexpr (requires { part.push(std::move(value)); }) {
    part.push(std::move(value));
  } else {
    part.push(value);
  }
}
template <class T, class P>
void pop_from(P& part, std::optional<T>& out) {
  if constexpr (requires { part.pop(out); }) {
    part.pop(out);
  } else if constexpr (requires { part.pop(); }) {
    std::optional<T> message(part.pop());
    out.reset();
    if (message) out.emplace(std::move(*message));
  } else {
    static_assert(std::is_default_constructible_v<T>,
                  "pop(T&) takes messages with a default constructor only: state "
                  ".element = bq::Element::default_constructible, or take a std::optional<T>&");
    T message;
    part.pop(message);
    out.emplace(std::move(message));
  }
}

}  // namespace bq::detail
