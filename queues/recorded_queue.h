// A wrapper that records what passes through a queue with the interface of bounded_queue.h. It
// stands wherever the queue stood:
//
// ```cpp
// #include <cstdio>
// #include <optional>
//
// #include "queues/handles.h"
// #include "queues/recorded_queue.h"
// #include "queues/two_condvar.h"
//
// int main() {
//   using Queue = bq::RecordedQueue<bq::TwoCondvarQueue<int>>;  // was bq::TwoCondvarQueue<int>
//   auto [worker, producer] = bq::start_consumer<Queue>(/*capacity*/ 16, [](auto consumer) {
//     while (std::optional<int> message = consumer.pop()) std::printf("%d\n", *message);
//   });
//   for (int i = 1; i <= 100; ++i) producer.push(i);
// }  // the file is written when the queue is destroyed
// ```
//
// The environment variable BQ_RECORDING names the file, and without it nothing is recorded. The
// second queue of a program writes to that name with .2, and so on, in the order of their
// construction. For other names, limits and notes, give the queue a recorder:
//
// ```cpp
// #include "queues/record.h"
// #include "queues/recorded_queue.h"
// #include "queues/two_condvar.h"
//
// int main() {
//   bq::RecorderOptions options;
//   options.capacity = 16;
//   options.note = "from the parser to the index";
//   bq::Recorder recorder("/tmp/parser.bqrec", options);
//   bq::RecordedQueue<bq::TwoCondvarQueue<int>> queue(16, recorder);
//   queue.push(1);
//   queue.pop();
// }
// ```
//
// try_push may fail because the queue is full. The recorder takes such a message as dropped, unless
// RecorderOptions::when_refused says that the program tries again. BQ_RECORDING_RETRIES=1 says it
// for the recorder that the wrapper makes.
// Thread-safety and progress: those of the queue, and of record.h. No thread may be inside a call
// when the queue is destroyed, as for every queue.
#pragma once

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "queues/bounded_queue.h"
#include "queues/record.h"

namespace bq {

namespace detail {

/// Between a begin and its end, also where the queue throws.
template <class AnyRecorder, Role role>
class RecordedCall {
 public:
  explicit RecordedCall(AnyRecorder* recorder) : recorder_(recorder) {
    if (!recorder_) return;
    if constexpr (role == Role::producer) {
      recorder_->push_begins();
    } else {
      recorder_->pop_begins();
    }
  }
  RecordedCall(const RecordedCall&) = delete;
  RecordedCall& operator=(const RecordedCall&) = delete;
  ~RecordedCall() {
    if (!recorder_) return;
    if constexpr (role == Role::producer) {
      recorder_->push_ends(done_);
    } else {
      recorder_->pop_ends(done_);
    }
  }
  bool with(bool done) { return done_ = done; }
  Status with(Status status) {
    done_ = status == Status::done;
    return status;
  }

 private:
  AnyRecorder* const recorder_;
  bool done_ = false;
};

/// What BQ_RECORDING names for the next queue of this program; empty: nothing is recorded.
inline std::string next_recording_name() {
  static std::atomic<int> queues{0};
  const char* const name = std::getenv("BQ_RECORDING");
  if (name == nullptr || *name == '\0') return {};
  const int queue = queues.fetch_add(1, std::memory_order_relaxed) + 1;
  return queue == 1 ? name : std::string(name) + "." + std::to_string(queue);
}

inline RecorderOptions recorder_options(std::size_t capacity) {
  RecorderOptions options;
  if (capacity != unbounded_capacity) options.capacity = capacity;
  const char* const retries = std::getenv("BQ_RECORDING_RETRIES");
  if (retries != nullptr && *retries == '1') options.when_refused = WhenRefused::retry;
  return options;
}

}  // namespace detail

/// See the top of this file. `AnyRecorder` is a BasicRecorder.
template <BoundedQueue Q, class AnyRecorder = Recorder>
class RecordedQueue {
  using Push = detail::RecordedCall<AnyRecorder, detail::Role::producer>;
  using Pop = detail::RecordedCall<AnyRecorder, detail::Role::consumer>;

 public:
  using queue_type = Q;
  using value_type = typename Q::value_type;
  static constexpr Traits traits = Q::traits;

  /// Records into the file that BQ_RECORDING names. Throws what Q and AnyRecorder throw.
  explicit RecordedQueue(std::size_t capacity) : queue_(capacity) {
    const std::string name = detail::next_recording_name();
    if (name.empty()) return;
    own_.emplace(name, detail::recorder_options(queue_.capacity()));
    recorder_ = &*own_;
  }
  /// Records with `recorder`, which outlives the queue. Throws what Q throws.
  RecordedQueue(std::size_t capacity, AnyRecorder& recorder)
      : recorder_(&recorder), queue_(capacity) {}

  bool push(value_type&& value) {
    Push call(recorder_);
    return call.with(queue_.push(std::move(value)));
  }
  Status try_push(value_type&& value) {
    Push call(recorder_);
    return call.with(queue_.try_push(std::move(value)));
  }
  Status try_push_until(value_type&& value, Deadline deadline) requires TimedBoundedQueue<Q> {
    Push call(recorder_);
    return call.with(queue_.try_push_until(std::move(value), deadline));
  }

  std::optional<value_type> pop() {
    Pop call(recorder_);
    std::optional<value_type> out = queue_.pop();
    call.with(out.has_value());
    return out;
  }
  Status pop(std::optional<value_type>& out) {
    Pop call(recorder_);
    return call.with(pop_into(queue_, out)) ? Status::done : Status::closed;
  }
  Status try_pop(std::optional<value_type>& out) {
    Pop call(recorder_);
    return call.with(queue_.try_pop(out));
  }
  Status try_pop_until(std::optional<value_type>& out,
                       Deadline deadline) requires TimedBoundedQueue<Q> {
    Pop call(recorder_);
    return call.with(queue_.try_pop_until(out, deadline));
  }

  void close() { queue_.close(); }
  bool is_closed() const { return queue_.is_closed(); }
  std::size_t capacity() const { return queue_.capacity(); }
  std::size_t size_approx() const { return queue_.size_approx(); }
  /// The queue itself. What is called there is not recorded.
  Q& queue() { return queue_; }

 private:
  std::optional<AnyRecorder> own_;
  AnyRecorder* recorder_ = nullptr;
  // Not in a cache line with what every call reads before it takes its time. Destroyed first.
  alignas(64) Q queue_;
};

}  // namespace bq
