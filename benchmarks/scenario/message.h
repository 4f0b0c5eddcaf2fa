// What travels through the queues: a number that says who sent it and which of that producer's
// messages it is, in several types of message.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

// The regression gate compiles this with the queues/ of earlier commits, too.
#if __has_include("queues/end_mark.h")
#include "queues/end_mark.h"
#define BQ_HAS_END_MARK
#endif

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

/// `bytes` that travel inside the queue. Each word is the number, so that a torn message is
/// noticed wherever it is torn.
template <std::size_t bytes>
struct InlineMessage {
  static_assert(bytes >= 16 && bytes % sizeof(std::uint64_t) == 0);

  std::array<std::uint64_t, bytes / sizeof(std::uint64_t)> words;
};

/// A pointer travels; the bytes lie on the heap, allocated by the producer and freed by the
/// consumer. Each word is the number.
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
    HeapMessage message{std::make_unique_for_overwrite<std::uint64_t[]>(count), count};
    std::fill_n(message.words.get(), count, number.id);
    return message;
  } else {
    M message;
    message.words.fill(number.id);
    return message;
  }
}

/// The number that all words are. It reads each word, as a consumer of the data would: the body
/// must come from the producer's core, and a word that lies in a line which is there costs little
/// more.
inline std::uint64_t number_in(std::span<const std::uint64_t> words) {
  std::uint64_t differences = 0;
  for (const std::uint64_t word : words) differences |= word ^ words.front();
  return differences == 0 ? words.front() : garbled_id;
}

/// Reads the whole message.
inline std::uint64_t id_of(const Message& message) {
  return message.id;
}
template <std::size_t bytes>
std::uint64_t id_of(const InlineMessage<bytes>& message) {
  return number_in(message.words);
}
inline std::uint64_t id_of(const HeapMessage& message) {
  return message.words ? number_in({message.words.get(), message.count}) : garbled_id;
}

}  // namespace bq::bench

#ifdef BQ_HAS_END_MARK

template <>
struct bq::EndMark<bq::bench::Message> {
  static bench::Message make() { return {bench::garbled_id}; }
  static bool is(const bench::Message& message) { return message.id == bench::garbled_id; }
};

template <std::size_t bytes>
struct bq::EndMark<bq::bench::InlineMessage<bytes>> {
  static bench::InlineMessage<bytes> make() {
    bench::InlineMessage<bytes> mark;
    mark.words.fill(bench::garbled_id);
    return mark;
  }
  static bool is(const bench::InlineMessage<bytes>& message) {
    return message.words.front() == bench::garbled_id;
  }
};

template <>
struct bq::EndMark<bq::bench::HeapMessage> {
  static bench::HeapMessage make() { return {nullptr, 0}; }
  static bool is(const bench::HeapMessage& message) { return !message.words; }
};

#endif
