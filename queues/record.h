// A recorder of what passes through a queue of a running program: when each push and each pop
// begins and ends. docs/recording.md says what the file is good for and what is in it.
//
// Four calls around those of any queue, of this project or not. C++17 is enough:
//
// ```cpp
// #include <condition_variable>
// #include <mutex>
// #include <queue>
// #include <thread>
//
// #include "queues/record.h"
//
// int main() {
//   bq::RecorderOptions options;
//   options.capacity = 64;
//   bq::Recorder recorder("/tmp/example.bqrec", options);
//
//   std::mutex mutex;  // any queue
//   std::condition_variable changed;
//   std::queue<int> queue;
//
//   std::thread consumer([&] {
//     for (int message = 1; message != 0;) {
//       recorder.pop_begins();
//       {
//         std::unique_lock lock(mutex);
//         changed.wait(lock, [&] { return !queue.empty(); });
//         message = queue.front();
//         queue.pop();
//       }
//       changed.notify_all();
//       recorder.pop_ends();
//     }
//   });
//   for (int message = 1000; message >= 0; --message) {
//     recorder.push_begins();
//     {
//       std::unique_lock lock(mutex);
//       changed.wait(lock, [&] { return queue.size() < 64; });
//       queue.push(message);
//     }
//     changed.notify_all();
//     recorder.push_ends();
//   }
//   consumer.join();
//   recorder.finish();  // writes the file; so does the destructor
// }
// ```
//
// A queue with the interface of bounded_queue.h needs no calls: queues/recorded_queue.h wraps it.
//
// Each call of the queue lies between a `begins` and its `ends`, of the same thread. What is
// outside is the service time of the thread. `begins` reads the clock first and `ends` reads it
// last. So the recorder's own time counts as time inside the call, but for the reading of one
// timestamp, which the file states (service_cost_ns) and the reader subtracts.
//
// Memory: what is asked for, and no more. When the memory of a thread is full, the thread thins its
// events: whole windows of time stay, spread evenly over the run (detail/recorded_events.h).
// The call in which this happens is marked, and readers leave out its windows.
//
// End: the file is written by finish() or the destructor, under a temporary name first. A program
// that is killed, aborts or calls _exit leaves no file. Nor does one that calls std::exit, unless
// the recorder has static storage duration.
//
// Thread-safety: all threads may call push_* and pop_* at once. finish() and the destructor must
// happen after every other call of the recorder has returned: join the threads first. A recorder
// that is finished or destroyed while a thread is inside one of its calls, or calls it later, is
// undefined behaviour. Threads may come and go; the events of a thread that ended stay.
// Progress: push_* and pop_* are wait-free and make no system call, with two exceptions. The first
// call of a thread on a side takes a lock and allocates, and thinning reads the thread's memory a
// few times.
// Memory ordering: the calls order nothing. Each thread writes to its own memory; what orders it
// before finish() is the caller's join.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "queues/detail/recorded_events.h"
#include "queues/detail/recording_clock.h"
#include "queues/detail/recording_file.h"

namespace bq {

/// What a program does with a message that a push did not deliver.
enum class WhenRefused : std::uint8_t {
  drop,   ///< it goes on with another message: each refused push is an event
  retry,  ///< it tries again: refused pushes and the push after them are one call
};

struct RecorderOptions {
  std::size_t memory_bytes = std::size_t{64} << 20;  ///< of all threads together
  /// Sides of threads that have room: a thread that pushes and pops counts twice. Each has an equal
  /// part of the memory. The calls of further threads are left out, and the file says so.
  std::size_t most_threads = 16;
  std::uint64_t capacity = 0;  ///< of the queue, in messages; 0: not known, or unbounded
  WhenRefused when_refused = WhenRefused::drop;
  std::string note;  ///< stands in the file, UTF-8: say what was recorded
};

namespace detail {

/// The events of this thread, of the recorders it called last. Constant initialization: no guard.
struct RecorderCache {
  static constexpr std::size_t size = 64;
  struct Entry {
    std::uint64_t key;
    RecordedEvents* events;
  };
  Entry entries[size];
};
inline thread_local RecorderCache recorder_cache{};

// Never 0, and no two are alike in a process, also of threads and recorders that are gone.
inline std::uint64_t next_recorder_number() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}
inline std::uint64_t number_of_this_thread() {
  thread_local const std::uint64_t number = next_recorder_number();
  return number;
}

}  // namespace detail

/// Records one queue. `Clock` has now(), in ticks, and ns_per_tick(); tests bring their own.
template <class Clock>
class BasicRecorder {
 public:
  /// Measures what its calls cost, which takes some milliseconds. Throws std::invalid_argument if
  /// memory_bytes is too small for most_threads, and std::bad_alloc. Does not open the file.
  explicit BasicRecorder(std::string path, RecorderOptions options = {}, Clock clock = Clock())
      : clock_(clock), path_(std::move(path)), options_(std::move(options)) {
    const std::size_t parts = std::max<std::size_t>(options_.most_threads, 1);
    events_of_a_stream_ = options_.memory_bytes / parts / sizeof(detail::RecordedEvent);
    if (events_of_a_stream_ < Events::least_capacity) {
      throw std::invalid_argument("memory_bytes " + std::to_string(options_.memory_bytes) +
                                  ": a recorder needs 4096 for each of most_threads");
    }
    measure_cost();
  }
  BasicRecorder(const BasicRecorder&) = delete;
  BasicRecorder& operator=(const BasicRecorder&) = delete;
  /// As finish(), but an error goes to stderr.
  ~BasicRecorder() {
    try {
      finish();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
  }

  /// Before a push.
  void push_begins() noexcept { begins(detail::Role::producer); }
  /// After it. False: the queue did not take the message.
  void push_ends(bool delivered = true) noexcept { ends(detail::Role::producer, delivered); }
  /// Before a pop.
  void pop_begins() noexcept { begins(detail::Role::consumer); }
  /// After it. False: it brought no message (the queue was empty or closed, or the time was up).
  /// The pop that follows counts as the same call, so that a loop that polls fills no memory.
  void pop_ends(bool with_message = true) noexcept { ends(detail::Role::consumer, with_message); }

  /// Writes the file. A second call does nothing. Throws std::system_error that names the file, and
  /// std::bad_alloc; then there is no file of this name, or the old one.
  void finish() {
    if (std::exchange(finished_, true)) return;
    detail::RecordingFacts facts;
    facts.ns_per_tick = clock_.ns_per_tick();
    facts.capacity = options_.capacity;
    facts.call_cost_ns = call_cost_ticks_ * facts.ns_per_tick;
    facts.service_cost_ns = service_cost_ticks_ * facts.ns_per_tick;
    facts.date = std::chrono::duration_cast<std::chrono::seconds>(
                     std::chrono::system_clock::now().time_since_epoch())
                     .count();
    facts.note = options_.note;
    const std::lock_guard lock(mutex_);
    facts.streams_left_out = static_cast<std::uint32_t>(left_out_.size());
    std::vector<std::uint64_t> threads;
    std::vector<detail::RecordedStream> streams;
    for (const Stream& stream : streams_) {
      stream.events->finish();
      const auto known = std::find(threads.begin(), threads.end(), stream.thread);
      streams.push_back(
          {static_cast<std::uint32_t>(known - threads.begin()), stream.role, stream.events.get()});
      if (known == threads.end()) threads.push_back(stream.thread);
    }
    detail::write_recording(path_, facts, streams);
  }

 private:
  using Events = detail::RecordedEvents;
  struct Stream {
    std::uint64_t thread;
    detail::Role role;
    std::unique_ptr<Events> events;
  };

  void begins(detail::Role role) noexcept {
    const std::uint64_t now = clock_.now();
    if (Events* const events = events_of_this_thread(role)) events->begins(now);
  }
  void ends(detail::Role role, bool with_message) noexcept {
    if (Events* const events = events_of_this_thread(role))
      events->ends(with_message, clock_.now());
  }

  Events* events_of_this_thread(detail::Role role) noexcept {
    const std::uint64_t key = number_ * 2 + static_cast<std::uint64_t>(role);
    auto& entry = detail::recorder_cache.entries[key % detail::RecorderCache::size];
    if (__builtin_expect(entry.key != key, 0)) entry = {key, find_events(role)};
    return entry.events;
  }

  /// Null: there is no room for another thread.
  __attribute__((noinline)) Events* find_events(detail::Role role) noexcept {
    const std::uint64_t thread = detail::number_of_this_thread();
    const std::lock_guard lock(mutex_);
    for (const Stream& stream : streams_) {
      if (stream.thread == thread && stream.role == role) return stream.events.get();
    }
    const std::pair key(thread, role);
    if (std::find(left_out_.begin(), left_out_.end(), key) != left_out_.end()) return nullptr;
    if (streams_.size() < options_.most_threads) {
      try {
        streams_.push_back({thread, role, make_events(role)});
        return streams_.back().events.get();
      } catch (const std::bad_alloc&) {
      }
    }
    left_out_.push_back(key);
    return nullptr;
  }

  std::unique_ptr<Events> make_events(detail::Role role) const {
    const bool merges =
        role == detail::Role::consumer || options_.when_refused == WhenRefused::retry;
    return std::make_unique<Events>(events_of_a_stream_, merges);
  }

  /// The median of several loops: a thread may lose its core in one.
  void measure_cost() {
    constexpr std::size_t loops = 15, calls = 512;
    Events scratch(2 * loops * calls + 64, false);
    std::array<double, loops> cost{};
    std::vector<double> services;
    for (double& ticks : cost) {
      const std::uint64_t start = clock_.now();
      for (std::size_t i = 0; i < calls; ++i) {
        scratch.begins(clock_.now());
        scratch.ends(true, clock_.now());
      }
      ticks = static_cast<double>(clock_.now() - start) / (2 * calls);
    }
    const detail::RecordedEvent* const events = scratch.data();
    for (std::size_t i = 2; i < scratch.size(); i += 2)
      services.push_back(static_cast<double>(events[i].ticks - events[i - 1].ticks));
    std::nth_element(cost.begin(), cost.begin() + loops / 2, cost.end());
    call_cost_ticks_ = cost[loops / 2];
    const auto middle = services.begin() + static_cast<std::ptrdiff_t>(services.size() / 2);
    std::nth_element(services.begin(), middle, services.end());
    service_cost_ticks_ = *middle;
  }

  const Clock clock_;
  const std::uint64_t number_ = detail::next_recorder_number();
  const std::string path_;
  const RecorderOptions options_;
  std::size_t events_of_a_stream_ = 0;
  double call_cost_ticks_ = 0;
  double service_cost_ticks_ = 0;
  bool finished_ = false;
  std::mutex mutex_;
  std::vector<Stream> streams_;
  std::vector<std::pair<std::uint64_t, detail::Role>> left_out_;
};

using Recorder = BasicRecorder<detail::RecordingClock>;

}  // namespace bq
