// A queue behind virtual calls, with the storage that it lives in.
#pragma once

#include <cstddef>
#include <exception>
#include <new>
#include <stdexcept>
#include <utility>

#include "benchmarks/registry/any_queue.h"
#include "benchmarks/trial/capacities.h"

namespace bq::bench {

/// A queue gave a wrong answer, or broke a promise of its traits: what it did, in words.
struct QueueFault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Storage for one queue, and the queue in it while there is one. Not thread-safe; the calls
/// through operator-> are as thread-safe as the queue.
class OwnedQueue {
 public:
  explicit OwnedQueue(const AnyQueueType& type)
      : type_(type), storage_(::operator new(type.storage_bytes, type.alignment)) {}
  OwnedQueue(const AnyQueueType& type, std::size_t capacity) : OwnedQueue(type) {
    construct(capacity);
  }
  OwnedQueue(const OwnedQueue&) = delete;
  OwnedQueue& operator=(const OwnedQueue&) = delete;
  ~OwnedQueue() {
    destroy();
    ::operator delete(storage_, type_.alignment);
  }

  /// Throws QueueFault if the queue's constructor throws.
  void construct(std::size_t capacity) {
    try {
      queue_ = type_.construct(storage_, capacity);
    } catch (const std::exception& error) {
      throw QueueFault(refused_capacity(capacity, error.what()));
    } catch (...) {
      throw QueueFault(refused_capacity(capacity, "it throws what is no std::exception"));
    }
  }
  void destroy() {
    if (queue_) std::exchange(queue_, nullptr)->~AnyQueue();
  }
  AnyQueue* operator->() const { return queue_; }

 private:
  const AnyQueueType& type_;
  void* storage_;
  AnyQueue* queue_ = nullptr;
};

}  // namespace bq::bench
