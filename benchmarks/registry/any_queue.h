// A queue behind virtual calls, for measurements beside which such a call is negligible. Trials do
// not use it (queue_trial.h).
#pragma once

#include <cstddef>
#include <new>
#include <optional>
#include <utility>

#include "queues/bounded_queue.h"

namespace bq::bench {

/// All its messages are equal.
class AnyQueue {
 public:
  virtual ~AnyQueue() = default;
  virtual bool push() = 0;
  virtual bool try_push() = 0;  ///< true: done; by one thread, while nothing else calls
  virtual bool pop() = 0;
  virtual void close() = 0;
  virtual std::size_t capacity() const = 0;
};

template <BoundedQueue Q>
class AnyQueueOf final : public AnyQueue {
 public:
  explicit AnyQueueOf(std::size_t capacity) : queue_(capacity) {}
  bool push() override { return queue_.push(Message{}); }
  bool try_push() override {
    if constexpr (requires { queue_.try_push(Message{}); }) {
      return queue_.try_push(Message{}) == Status::done;
    } else {
      return queue_.size_approx() < queue_.capacity() && queue_.push(Message{});
    }
  }
  bool pop() override {
    std::optional<Message> message;
    return pop_into(queue_, message);
  }
  void close() override { queue_.close(); }
  std::size_t capacity() const override { return queue_.capacity(); }

 private:
  using Message = typename Q::value_type;
  Q queue_;
};

/// How to construct one, in storage of the caller.
struct AnyQueueType {
  std::size_t queue_bytes;    ///< sizeof of the queue itself
  std::size_t message_bytes;  ///< sizeof of a message
  std::size_t storage_bytes;  ///< of the AnyQueue around it
  std::align_val_t alignment;
  /// Throws what the queue's constructor throws.
  AnyQueue* (*construct)(void* storage, std::size_t capacity);
  Traits traits;
};

template <BoundedQueue Q>
inline constexpr AnyQueueType any_queue_type{sizeof(Q),
                                             sizeof(typename Q::value_type),
                                             sizeof(AnyQueueOf<Q>),
                                             std::align_val_t{alignof(AnyQueueOf<Q>)},
                                             [](void* storage, std::size_t capacity) -> AnyQueue* {
                                               return ::new (storage) AnyQueueOf<Q>(capacity);
                                             },
                                             Q::traits};

}  // namespace bq::bench
