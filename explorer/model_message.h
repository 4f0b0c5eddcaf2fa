// Messages as model objects.
//
// What becomes of a message outside its slot (see model_slot.h) is a step: construction, move,
// assignment and destruction, unless they concern only objects on the stack of the thread itself.
// What is known of an object is kept by its address, so that memory which is no object is noticed,
// too. Failures are
//   - the use of an object before its construction or after its destruction, its destruction twice,
//     and a construction over a living object
//   - data races: two threads use an object, and nothing orders them
// An object that was moved from holds no message. It may be moved again; who delivers it has lost
// the message (see queue_run.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "explorer/execution.h"

namespace bq::explorer {

/// The message objects of a run.
class Messages {
 public:
  /// The number of an object that holds no message.
  static constexpr int none = -1;

  /// `are_seen`: false for a queue that orders its messages by something else than the model. Only
  /// their lives are checked then, without a step.
  explicit Messages(bool are_seen = true) : are_seen_(are_seen) { current_messages = this; }
  ~Messages() { current_messages = nullptr; }
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;
  static Messages& current() { return *current_messages; }

  enum class Transfer : std::uint8_t { move, copy };

  void construct(const void* at, int number);
  void construct_from(const void* source, const void* at, Transfer how);
  void assign_from(const void* source, const void* at, Transfer how);
  void destroy(const void* at);
  /// The number of the message in the object, which must be alive.
  int number_in(const void* at);
  std::size_t alive() const { return alive_.size(); }
  /// Whether nothing in the model orders two uses of an object. For messages that are not seen.
  bool has_raced() const { return has_raced_; }
  /// Whether any object holds a message.
  bool any_message() const;

 private:
  struct Entry {
    const void* at;
    int number;
    int last_writer;
    std::uint32_t last_write;
    VectorClock reads;
  };
  enum class Access : std::uint8_t { read, write };

  /// The object at `source` may be that at `at`.
  void step(const char* what, const void* at, const void* source);
  Entry* find(const void* at);
  /// Checks that the object is alive and that nobody else uses it. Null: it is not alive.
  Entry* use(const char* what, const void* at, Access access);
  void begin_life(const void* at, int number);
  int take_from(const void* source, Transfer how);

  const bool are_seen_;
  bool has_raced_ = false;
  std::vector<Entry> alive_;
  Object storage_{""};
  static inline Messages* current_messages = nullptr;
};

/// Move-only, without a default constructor.
class ModelMessage {
 public:
  explicit ModelMessage(int number) { Messages::current().construct(this, number); }
  ModelMessage(ModelMessage&& other) noexcept {
    Messages::current().construct_from(&other, this, Messages::Transfer::move);
  }
  ModelMessage& operator=(ModelMessage&& other) noexcept {
    Messages::current().assign_from(&other, this, Messages::Transfer::move);
    return *this;
  }
  ~ModelMessage() { Messages::current().destroy(this); }
  int number() const { return Messages::current().number_in(this); }

 private:
  [[maybe_unused]] int bytes_ = 0;  // a queue may copy them, which makes no object
};

/// For queues that need a default constructor. Can be copied, too.
class CopyableModelMessage {
 public:
  CopyableModelMessage() { Messages::current().construct(this, Messages::none); }
  explicit CopyableModelMessage(int number) { Messages::current().construct(this, number); }
  CopyableModelMessage(CopyableModelMessage&& other) noexcept {
    Messages::current().construct_from(&other, this, Messages::Transfer::move);
  }
  CopyableModelMessage(const CopyableModelMessage& other) {
    Messages::current().construct_from(&other, this, Messages::Transfer::copy);
  }
  CopyableModelMessage& operator=(CopyableModelMessage&& other) noexcept {
    Messages::current().assign_from(&other, this, Messages::Transfer::move);
    return *this;
  }
  CopyableModelMessage& operator=(const CopyableModelMessage& other) {
    Messages::current().assign_from(&other, this, Messages::Transfer::copy);
    return *this;
  }
  ~CopyableModelMessage() { Messages::current().destroy(this); }
  int number() const { return Messages::current().number_in(this); }

 private:
  [[maybe_unused]] int bytes_ = 0;  // a queue may copy them, which makes no object
};

/// For queues of trivial types. Nothing can be checked but its number.
class TrivialMessage {
 public:
  TrivialMessage() = default;
  explicit TrivialMessage(int number) : number_(number) {}
  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace bq::explorer
