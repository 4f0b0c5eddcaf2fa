#include "benchmarks/run/queue_properties.h"

#include <malloc.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <system_error>

#include "benchmarks/platform/affinity.h"
#include "benchmarks/platform/clock.h"
#include "benchmarks/registry/owned_queue.h"
#include "benchmarks/registry/queue_registry.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/json.h"
#include "benchmarks/util/statistics.h"
#include "queues/sync.h"

namespace bq::bench {

namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr milliseconds idle_settling{50};  // spinning and yielding before a sleep is over by then
constexpr milliseconds idle_time{200};
constexpr milliseconds most_settling{20};  // of threads that do not go to sleep at all
constexpr std::size_t most_closes = 9;
constexpr milliseconds most_closing{1000};  // then no further repetition begins
constexpr std::size_t constructions = 101;
constexpr std::size_t queues_at_once = 16;
constexpr std::size_t many_messages = 4096;
constexpr const char* returned_early =
    "a call that has to wait returned before the queue was closed";

/// What a property that does not depend on the capacity is measured at.
std::size_t usual_capacity(const AnyQueueType& type) {
  return nearest_capacity(type.traits, 64).value();
}

std::size_t push_up_to(const OwnedQueue& queue, std::size_t messages) {
  std::size_t accepted = 0;
  while (accepted < messages && queue->try_push()) ++accepted;
  return accepted;
}

void fill(const OwnedQueue& queue) {
  const std::size_t bound = queue->capacity();
  if (push_up_to(queue, bound + 1) > bound)
    throw QueueFault("bound: it takes more than " + std::to_string(bound) + " messages");
}

// --------------------------------------------------------------------------------- blocked threads

/// A thread in a call that does not return before the queue is closed, looked at from outside.
class BlockedThread {
 public:
  /// `prepare` runs on the thread just before `call`, which returns whether a message came through.
  BlockedThread(std::size_t index, const std::function<void()>& prepare,
                const std::function<bool()>& call) {
    const std::vector<int>& cores = allowed_cores();
    const int core = cores[index % cores.size()];
    try {
      thread_ = std::jthread([=, this] { run(core, prepare, call); });
      // The others are in their calls already: there is no way back.
    } catch (const std::system_error& error) {
      fatal(ExitStatus::resource_limit, std::string("cannot start a thread: ") + error.what() +
                                            " (see ulimit -u, or the container's limit)");
    }
  }

  /// Until it is about to make its call.
  void await_call() const { state_.wait(State::starting); }

  bool has_returned() const { return state_.load() == State::returned; }

  bool is_asleep() const {
    std::string stat;
    std::getline(std::ifstream(task() + "stat"), stat);
    const std::size_t name_end = stat.rfind(')');  // it may hold anything
    return name_end != std::string::npos && stat.compare(name_end, 3, ") S") == 0;
  }

  struct Usage {
    double cpu_ns = 0, switches = 0, yields = 0;
  };
  Usage usage() {
    Usage usage;
    clockid_t clock;
    timespec time{};
    if (pthread_getcpuclockid(thread_.native_handle(), &clock) == 0) clock_gettime(clock, &time);
    usage.cpu_ns = static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
    std::ifstream status(task() + "status");
    for (std::string line; std::getline(status, line);) {
      // The involuntary ones, too.
      if (line.find("voluntary_ctxt_switches:") != std::string::npos) {
        usage.switches += std::stod(line.substr(line.find(':') + 1));
      }
    }
    usage.yields = static_cast<double>(yields_->load(std::memory_order_relaxed));
    return usage;
  }

  /// Waits for the thread's end. When its call returned; throws QueueFault if it brought a message
  /// through.
  Ticks join() {
    thread_.join();
    if (delivered_) throw QueueFault("a call that waited at the close came back with a message");
    return returned_;
  }

 private:
  enum class State : std::uint8_t { starting, calling, returned };

  void run(int core, const std::function<void()>& prepare, const std::function<bool()>& call) {
    pin_to(core);
    tid_ = gettid();
    yields_ = &StdSync::yields();
    prepare();
    state_ = State::calling;
    state_.notify_all();
    delivered_ = call();
    returned_ = now_ticks();
    state_ = State::returned;
  }
  std::string task() const { return "/proc/self/task/" + std::to_string(tid_) + "/"; }

  std::atomic<State> state_{State::starting};
  pid_t tid_ = 0;
  const std::atomic<std::uint64_t>* yields_ = nullptr;
  bool delivered_ = false;
  Ticks returned_ = 0;
  std::jthread thread_;  // last: it uses the others
};

/// What one thread uses while it waits and nothing happens. `end` ends its wait.
PropertyValues measure_idle(const std::string& name, BlockedThread& thread,
                            const std::function<void()>& end) {
  std::this_thread::sleep_for(idle_settling);
  const BlockedThread::Usage before = thread.usage();
  const Ticks from = now_ticks();
  std::this_thread::sleep_for(idle_time);
  const BlockedThread::Usage after = thread.usage();
  const double wall_ns = ns_between(from, now_ticks());
  const bool early = thread.has_returned();
  end();
  thread.join();
  if (early) throw QueueFault(returned_early);
  return {{name + "_cpu_share", (after.cpu_ns - before.cpu_ns) / wall_ns},
          {name + "_switches_per_s", (after.switches - before.switches) / wall_ns * 1e9},
          {name + "_yields_per_s", (after.yields - before.yields) / wall_ns * 1e9}};
}

PropertyValues measure_idle_pop(const AnyQueueType& type) {
  OwnedQueue queue(type, usual_capacity(type));
  BlockedThread consumer(
      0, [] {}, [&] { return queue->pop(); });
  consumer.await_call();
  return measure_idle("idle_pop", consumer, [&] { queue->close(); });
}

PropertyValues measure_idle_push(const AnyQueueType& type) {
  OwnedQueue queue(type, usual_capacity(type));
  std::string fault;
  // By the thread that will push: some queues keep something for every thread that ever pushed.
  const auto fill_up = [&] {
    try {
      fill(queue);
    } catch (const QueueFault& error) {
      fault = error.what();
    }
  };
  // Where a push does not hear of a close, a pop ends its wait.
  const bool hears_close = pushes_hear_close(type.traits);
  BlockedThread producer(0, fill_up, [&] { return fault.empty() && queue->push() && hears_close; });
  producer.await_call();
  if (!fault.empty()) throw QueueFault(fault);
  return measure_idle("idle_push", producer,
                      [&] { hears_close ? queue->close() : static_cast<void>(queue->pop()); });
}

// Waits until all threads sleep, twice in a row, or for most_settling. True: they sleep.
bool settle(const std::deque<BlockedThread>& threads) {
  const Steady::time_point end = Steady::now() + most_settling;
  for (int asleep = 0; asleep < 2;) {
    if (Steady::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    asleep =
        std::all_of(threads.begin(), threads.end(), [](const auto& t) { return t.is_asleep(); })
            ? asleep + 1
            : 0;
  }
  return true;
}

PropertyValues measure_close(const AnyQueueType& type, std::size_t waiters) {
  std::vector<double> to_last_return_ns;
  double asleep = 0;
  const Steady::time_point end = Steady::now() + most_closing;
  while (to_last_return_ns.size() < most_closes &&
         (to_last_return_ns.empty() || Steady::now() < end)) {
    OwnedQueue queue(type, usual_capacity(type));
    std::deque<BlockedThread> threads;
    for (std::size_t i = 0; i < waiters; ++i)
      threads.emplace_back(
          i, [] {}, [&] { return queue->pop(); });
    for (const BlockedThread& thread : threads)
      thread.await_call();  // all at once: spinners leave no core to late ones
    asleep += settle(threads);
    const bool early =
        std::any_of(threads.begin(), threads.end(), [](const auto& t) { return t.has_returned(); });
    Ticks called = 0;
    std::jthread([&] {
      pin_to(allowed_cores()[waiters % allowed_cores().size()]);
      called = now_ticks();
      queue->close();
    }).join();
    Ticks last = called;
    for (BlockedThread& thread : threads) last = std::max(last, thread.join());
    if (early) throw QueueFault(returned_early);
    to_last_return_ns.push_back(ns_between(called, last));
  }
  const auto repetitions = static_cast<double>(to_last_return_ns.size());
  return {{"close_to_last_return_ns", median(to_last_return_ns)},
          {"asleep_share", asleep / repetitions},
          {"repetitions", repetitions}};
}

// ------------------------------------------------------------------------------- memory and making

// Bytes that malloc has given away, over all its arenas.
double heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

// Not so for one with an allocator of its own (oneTBB's), or inside the kernel (a pipe).
bool keeps_messages_on_the_heap(const AnyQueueType& type) {
  const double before = heap_bytes();
  const OwnedQueue queue(type, nearest_capacity(type.traits, many_messages).value());
  const std::size_t inside = push_up_to(queue, many_messages);
  return heap_bytes() - before >= static_cast<double>(inside * type.message_bytes);
}

// malloc counts what waits for reuse in a thread's cache as given away. On a fresh thread that
// cache is empty, and what a queue takes from it for its making it has put back by the end: the
// last of three queues, made one after the other, shows what it keeps.
PropertyValues measure_memory(const AnyQueueType& type, std::size_t capacity) {
  PropertyValues values;
  std::string fault;
  const auto measure = [&] {
    if (!keeps_messages_on_the_heap(type)) return;
    std::array<OwnedQueue, 3> queues{OwnedQueue(type), OwnedQueue(type), OwnedQueue(type)};
    double bytes = 0;
    for (OwnedQueue& queue : queues) {
      const double before = heap_bytes();
      queue.construct(capacity);
      bytes = static_cast<double>(type.queue_bytes) + heap_bytes() - before;
    }
    values.emplace_back("bytes", bytes);
    const std::size_t bound = queues.back()->capacity();
    if (bound == unbounded_capacity) return;
    values.emplace_back("reported_capacity", static_cast<double>(bound));
    double full_bytes = 0;
    for (OwnedQueue& queue : queues) {
      const double before = heap_bytes();
      fill(queue);
      full_bytes = bytes + heap_bytes() - before;
    }
    values.emplace_back("full_bytes", full_bytes);
  };
  std::jthread([&] {
    try {
      measure();
    } catch (const QueueFault& error) {
      fault = error.what();
    }
  }).join();
  if (!fault.empty()) throw QueueFault(fault);
  return values;
}

PropertyValues measure_construction(const AnyQueueType& type, std::size_t capacity) {
  std::vector<double> construct_ns, destroy_ns;
  std::deque<OwnedQueue> queues;
  for (std::size_t i = 0; i < queues_at_once; ++i) queues.emplace_back(type);
  for (std::size_t i = 0; i < constructions; ++i) {
    const Ticks begin = now_ticks();
    for (OwnedQueue& queue : queues) queue.construct(capacity);
    const Ticks constructed = now_ticks();
    for (OwnedQueue& queue : queues) queue.destroy();
    const Ticks destroyed = now_ticks();
    construct_ns.push_back(ns_between(begin, constructed) / queues_at_once);
    destroy_ns.push_back(ns_between(constructed, destroyed) / queues_at_once);
  }
  return {{"construct_ns", median(construct_ns)}, {"destroy_ns", median(destroy_ns)}};
}

}  // namespace

std::string Property::name() const {
  return std::string(name_of(kind));
}

Json Property::params() const {
  const std::string_view parameter_name = property_kind(kind).parameter;
  return parameter_name.empty() ? Json::object() : Json{{std::string(parameter_name), parameter}};
}

std::vector<Property> properties_of(const Traits& traits) {
  using Kind = PropertyKind;
  if (!nearest_capacity(traits, 1)) return {};  // the labels exclude all
  std::vector<Property> properties{{Kind::idle_pop}};
  if (traits.bound != Bound::none) properties.push_back({Kind::idle_push});
  for (const std::size_t waiters : property_kind(Kind::close).parameters) {
    if (waiters == 1 || traits.consumers == Endpoints::many)
      properties.push_back({Kind::close, waiters});
  }
  for (const Kind kind : {Kind::memory, Kind::construction}) {
    for (const std::size_t capacity : property_kind(kind).parameters) {
      if (can_have(traits, capacity)) properties.push_back({kind, capacity});
    }
  }
  return properties;
}

PropertyValues measure_property(const AnyQueueType& type, const Property& property) {
  switch (property.kind) {
    case PropertyKind::idle_pop:
      return measure_idle_pop(type);
    case PropertyKind::idle_push:
      return measure_idle_push(type);
    case PropertyKind::close:
      return measure_close(type, property.parameter);
    case PropertyKind::memory:
      return measure_memory(type, property.parameter);
    case PropertyKind::construction:
      return measure_construction(type, property.parameter);
  }
  std::abort();
}

}  // namespace bq::bench
