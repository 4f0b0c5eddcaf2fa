// What travels through the queues: a number that says who sent it and which of that producer's
// messages it is, in several types of message.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace bq::bench {

/// 8 bytes: nothing but the number.
struct Message {
  std::uint64_t id = 0;

  static Message of(std::uint64_t producer, std::uint64_t sequence) {
    return {producer << 48 | sequence};
  }
  std::uint64_t producer() const { return id >> 48; }
  std::uint64_t sequence() const { return id & ((std::uint64_t{1} << 48) - 1); }
};

/// `bytes` that travel inside the queue, the number at both ends, so that a torn message is
/// noticed.
template <std::size_t bytes>
struct InlineMessage {
  static_assert(bytes >= 24 && bytes % sizeof(std::uint64_t) == 0);

  std::uint64_t id;
  std::array<std::uint64_t, bytes / sizeof(std::uint64_t) - 2> body;
  std::uint64_t id_again;
};

/// A pointer travels; the bytes lie on the heap, allocated by the producer and freed by the
/// consumer.
struct HeapMessage {
  std::unique_ptr<std::uint64_t[]> words;
  std::size_t count;
};

/// A list of message types.
template <class... Ms>
struct MessageTypes {
  static constexpr std::size_t count = sizeof...(Ms);
  static constexpr std::array<std::size_t, count> bytes{sizeof(Ms)...};  ///< of each
};

/// The messages that travel inside the queue: each listed queue is compiled for each of them. A new
/// size is one entry here.
using InQueueMessages = MessageTypes<Message, InlineMessage<64>, InlineMessage<1024>>;

/// An id that no producer sends: marks a message that arrived altered.
inline constexpr std::uint64_t garbled_id = ~std::uint64_t{0};

/// Makes a message of type M. `bytes`: of a heap message's block, at least 16.
template <class M>
M make_message(std::uint64_t producer, std::uint64_t sequence, std::size_t bytes) {
  const Message number = Message::of(producer, sequence);
  if constexpr (std::is_same_v<M, Message>) {
    return number;
  } else if constexpr (std::is_same_v<M, HeapMessage>) {
    const std::size_t count = bytes / sizeof(std::uint64_t);
    HeapMessage message{std::make_unique<std::uint64_t[]>(count), count};
    message.words[0] = message.words[count - 1] = number.id;
    return message;
  } else {
    return {number.id, {}, number.id};
  }
}

inline std::uint64_t id_of(const Message& message) {
  return message.id;
}
template <std::size_t bytes>
std::uint64_t id_of(const InlineMessage<bytes>& message) {
  return message.id == message.id_again ? message.id : garbled_id;
}
inline std::uint64_t id_of(const HeapMessage& message) {
  if (!message.words) return garbled_id;
  return message.words[0] == message.words[message.count - 1] ? message.words[0] : garbled_id;
}

}  // namespace bq::bench
