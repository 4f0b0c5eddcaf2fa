// One run of a shape on a queue: what its threads do, what they record, and the checks of each call
// and at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "explorer/call_record.h"
#include "explorer/execution.h"
#include "explorer/explored_queue.h"
#include "explorer/model_message.h"
#include "explorer/model_sync.h"
#include "explorer/shape.h"

namespace bq::explorer {

class QueueRun {
 public:
  using MakeQueue = std::function<std::unique_ptr<ExploredQueue>(std::size_t capacity)>;

  /// `orders_messages`: as the function below says of the queue.
  QueueRun(const Traits& traits, const MakeQueue& make, bool orders_messages, const Shape& shape,
           CheckedHistories& checked);

  // The bodies of the threads.
  void produce(int self);
  void consume(int self);
  void close();
  void close_when_quiet();

  /// Nobody can go on: then nobody may wait for what is there. Returns who does, or nothing.
  std::string waiter_in_vain() const;
  /// Called by the host when all threads have ended.
  void check_at_rest();

 private:
  static Execution& run() { return Execution::current(); }

  void begin(const char* name, const std::string& arguments);
  std::int64_t end();
  std::int64_t tick();
  Deadline deadline(bool is_timed, bool is_past) const;
  Status push(Push form, int number);
  Status pop(Pop form);
  void check_timeout(Status status, Deadline deadline) const;
  void record(checking::Operation::Kind kind, int number, std::int64_t call, std::int64_t returned);

  void fill(int number);
  void check_full(int number);
  void drain();
  void check_pushes_after_close();
  void check_the_end();

  const Traits& traits_;
  const Shape& shape_;
  CheckedHistories& checked_;
  Messages messages_;  // outlives the queue
  std::unique_ptr<ExploredQueue> queue_;
  ModelSync::atomic<int> active_producers_;
  Object calls_{""};
  CallRecord record_;
};

/// Whether a queue that `make` makes has primitives of the model at all.
bool uses_the_model(const QueueRun::MakeQueue& make, std::size_t capacity);

/// Whether primitives of the model order the messages of such a queue, in the simplest run. A queue
/// around the ring of a library may have them for its waiting only.
bool orders_messages(const QueueRun::MakeQueue& make, std::size_t capacity);

}  // namespace bq::explorer
