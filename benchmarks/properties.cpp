#include "benchmarks/properties.h"

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

#include "benchmarks/capacities.h"
#include "benchmarks/clock.h"
#include "benchmarks/json.h"
#include "benchmarks/machine.h"
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
constexpr std::size_t made_at_once = 16;
constexpr std::size_t many_messages = 4096;
constexpr const char* returned_early = "a call that has to wait returned before the queue was closed";

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Storage for one queue, and the queue in it while there is one.
class Home {
 public:
  explicit Home(const AnyQueueType& type) : type_(type), storage_(::operator new(type.storage_bytes, type.alignment)) {}
  Home(const AnyQueueType& type, std::size_t capacity) : Home(type) { construct(capacity); }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  ~Home() {
    destroy();
    ::operator delete(storage_, type_.alignment);
  }
  void construct(std::size_t capacity) {
    try {
      queue_ = type_.construct(storage_, capacity);
    } catch (const std::exception& error) {
      throw PropertyFault(refused_capacity(capacity, error));
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

/// What a property that does not depend on the capacity is measured at.
std::size_t usual_capacity(const AnyQueueType& type) {
  return nearest_capacity(type.traits, 64).value();
}

std::size_t push_up_to(const Home& queue, std::size_t messages) {
  std::size_t accepted = 0;
  while (accepted < messages && queue->try_push()) ++accepted;
  return accepted;
}

void fill(const Home& queue) {
  const std::size_t bound = queue->capacity();
  if (push_up_to(queue, bound + 1) > bound)
    throw PropertyFault("bound: it takes more than " + std::to_string(bound) + " messages");
}

// ------------------------------------------------------------------------------------------------- blocked threads

/// A thread in a call that does not return before the queue is closed, looked at from outside.
class BlockedThread {
 public:
  /// `prepare` runs on the thread just before `call`, which returns whether a message came through.
  BlockedThread(std::size_t index, const std::function<void()>& prepare, const std::function<bool()>& call) {
    const std::vector<int>& cores = allowed_cores();
    const int core = cores[index % cores.size()];
    try {
      thread_ = std::jthread([=, this] { run(core, prepare, call); });
    } catch (const std::system_error& error) {  // the others are in their calls already: there is no way back
      give_up(std::string("cannot start a thread: ") + error.what() + " (see ulimit -u, or the container's limit)");
    }
  }

  /// Until it is about to make its call.
  void await_call() const { stage_.wait(Stage::starting); }

  bool has_returned() const { return stage_.load() == Stage::returned; }

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
      if (line.find("voluntary_ctxt_switches:") != std::string::npos) {  // the involuntary ones, too
        usage.switches += std::stod(line.substr(line.find(':') + 1));
      }
    }
    usage.yields = static_cast<double>(yields_->load(std::memory_order_relaxed));
    return usage;
  }

  /// Waits for the thread's end. When its call returned; throws PropertyFault if it brought a message through.
  Ticks join() {
    thread_.join();
    if (delivered_) throw PropertyFault("a call that waited at the close came back with a message");
    return returned_;
  }

 private:
  enum class Stage : std::uint8_t { starting, calling, returned };

  void run(int core, const std::function<void()>& prepare, const std::function<bool()>& call) {
    pin_to(core);
    tid_ = gettid();
    yields_ = &StdSync::yields();
    prepare();
    stage_ = Stage::calling;
    stage_.notify_all();
    delivered_ = call();
    returned_ = now_ticks();
    stage_ = Stage::returned;
  }
  std::string task() const { return "/proc/self/task/" + std::to_string(tid_) + "/"; }

  std::atomic<Stage> stage_{Stage::starting};
  pid_t tid_ = 0;
  const std::atomic<std::uint64_t>* yields_ = nullptr;
  bool delivered_ = false;
  Ticks returned_ = 0;
  std::jthread thread_;  // last: it uses the others
};

/// What one thread uses while it waits and nothing happens.
PropertyValues measure_idle(const std::string& name, Home& queue, BlockedThread& thread) {
  std::this_thread::sleep_for(idle_settling);
  const BlockedThread::Usage before = thread.usage();
  const Ticks from = now_ticks();
  std::this_thread::sleep_for(idle_time);
  const BlockedThread::Usage after = thread.usage();
  const double wall_ns = ns_between(from, now_ticks());
  const bool early = thread.has_returned();
  queue->close();
  thread.join();
  if (early) throw PropertyFault(returned_early);
  return {{name + "_cpu_share", (after.cpu_ns - before.cpu_ns) / wall_ns},
          {name + "_switches_per_s", (after.switches - before.switches) / wall_ns * 1e9},
          {name + "_yields_per_s", (after.yields - before.yields) / wall_ns * 1e9}};
}

PropertyValues measure_idle_pop(const AnyQueueType& type) {
  Home queue(type, usual_capacity(type));
  BlockedThread consumer(
      0, [] {}, [&] { return queue->pop(); });
  consumer.await_call();
  return measure_idle("idle_pop", queue, consumer);
}

PropertyValues measure_idle_push(const AnyQueueType& type) {
  Home queue(type, usual_capacity(type));
  std::string fault;
  // By the thread that will push: some queues keep something for every thread that ever pushed.
  const auto fill_up = [&] {
    try {
      fill(queue);
    } catch (const PropertyFault& found) {
      fault = found.what();
    }
  };
  BlockedThread producer(0, fill_up, [&] { return fault.empty() && queue->push(); });
  producer.await_call();
  if (!fault.empty()) throw PropertyFault(fault);
  return measure_idle("idle_push", queue, producer);
}

// Waits until all threads sleep, twice in a row, or for most_settling. True: they sleep.
bool settle(const std::deque<BlockedThread>& threads) {
  const Steady::time_point end = Steady::now() + most_settling;
  for (int asleep = 0; asleep < 2;) {
    if (Steady::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    asleep = std::all_of(threads.begin(), threads.end(), [](const auto& t) { return t.is_asleep(); }) ? asleep + 1 : 0;
  }
  return true;
}

PropertyValues measure_close(const AnyQueueType& type, std::size_t waiters) {
  std::vector<double> to_last_return_ns;
  double asleep = 0;
  const Steady::time_point end = Steady::now() + most_closing;
  while (to_last_return_ns.size() < most_closes && (to_last_return_ns.empty() || Steady::now() < end)) {
    Home queue(type, usual_capacity(type));
    std::deque<BlockedThread> threads;
    for (std::size_t i = 0; i < waiters; ++i)
      threads.emplace_back(
          i, [] {}, [&] { return queue->pop(); });
    for (const BlockedThread& thread : threads)
      thread.await_call();  // all at once: spinners leave no core to late ones
    asleep += settle(threads);
    const bool early = std::any_of(threads.begin(), threads.end(), [](const auto& t) { return t.has_returned(); });
    Ticks called = 0;
    std::jthread([&] {
      pin_to(allowed_cores()[waiters % allowed_cores().size()]);
      called = now_ticks();
      queue->close();
    }).join();
    Ticks last = called;
    for (BlockedThread& thread : threads) last = std::max(last, thread.join());
    if (early) throw PropertyFault(returned_early);
    to_last_return_ns.push_back(ns_between(called, last));
  }
  const auto repetitions = static_cast<double>(to_last_return_ns.size());
  return {{"close_to_last_return_ns", median(to_last_return_ns)},
          {"asleep_share", asleep / repetitions},
          {"repetitions", repetitions}};
}

// ----------------------------------------------------------------------------------------------- memory and making

// Bytes that malloc has given away, over all its arenas.
double heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

// Not so for one with an allocator of its own (oneTBB's), or inside the kernel (a pipe).
bool keeps_messages_on_the_heap(const AnyQueueType& type) {
  const double before = heap_bytes();
  const Home queue(type, nearest_capacity(type.traits, many_messages).value());
  const std::size_t inside = push_up_to(queue, many_messages);
  return heap_bytes() - before >= static_cast<double>(inside * type.message_bytes);
}

// malloc counts what waits for reuse in a thread's cache as given away. On a fresh thread that cache is empty, and what a
// queue takes from it for its making it has put back by the end: the last of three queues, made one after the other,
// shows what it keeps.
PropertyValues measure_memory(const AnyQueueType& type, std::size_t capacity) {
  PropertyValues values;
  std::string fault;
  const auto measure = [&] {
    if (!keeps_messages_on_the_heap(type)) return;
    std::array<Home, 3> queues{Home(type), Home(type), Home(type)};
    double bytes = 0;
    for (Home& queue : queues) {
      const double before = heap_bytes();
      queue.construct(capacity);
      bytes = static_cast<double>(type.queue_bytes) + heap_bytes() - before;
    }
    values.emplace_back("bytes", bytes);
    const std::size_t bound = queues.back()->capacity();
    if (bound == unbounded_capacity) return;
    values.emplace_back("reported_capacity", static_cast<double>(bound));
    double full_bytes = 0;
    for (Home& queue : queues) {
      const double before = heap_bytes();
      fill(queue);
      full_bytes = bytes + heap_bytes() - before;
    }
    values.emplace_back("full_bytes", full_bytes);
  };
  std::jthread([&] {
    try {
      measure();
    } catch (const PropertyFault& found) {
      fault = found.what();
    }
  }).join();
  if (!fault.empty()) throw PropertyFault(fault);
  return values;
}

PropertyValues measure_construction(const AnyQueueType& type, std::size_t capacity) {
  std::vector<double> construct_ns, destroy_ns;
  std::deque<Home> queues;
  for (std::size_t i = 0; i < made_at_once; ++i) queues.emplace_back(type);
  for (std::size_t i = 0; i < constructions; ++i) {
    const Ticks begin = now_ticks();
    for (Home& queue : queues) queue.construct(capacity);
    const Ticks made = now_ticks();
    for (Home& queue : queues) queue.destroy();
    const Ticks gone = now_ticks();
    construct_ns.push_back(ns_between(begin, made) / made_at_once);
    destroy_ns.push_back(ns_between(made, gone) / made_at_once);
  }
  return {{"construct_ns", median(construct_ns)}, {"destroy_ns", median(destroy_ns)}};
}

}  // namespace

std::string Property::name() const {
  switch (kind) {
    case Kind::idle_pop:
      return "idle_pop";
    case Kind::idle_push:
      return "idle_push";
    case Kind::close:
      return "close";
    case Kind::memory:
      return "memory";
    case Kind::construction:
      return "construction";
  }
  std::abort();
}

nlohmann::ordered_json Property::params() const {
  switch (kind) {
    case Kind::close:
      return {{"waiters", parameter}};
    case Kind::memory:
    case Kind::construction:
      return {{"capacity", parameter}};
    default:
      return nlohmann::ordered_json::object();
  }
}

std::vector<Property> properties_of(const Traits& traits) {
  using Kind = Property::Kind;
  if (!nearest_capacity(traits, 1)) return {};  // the labels exclude all
  std::vector<Property> properties{{Kind::idle_pop}};
  if (traits.bound != Bound::none) properties.push_back({Kind::idle_push});
  for (const std::size_t waiters : {1, 8, 64}) {
    if (waiters == 1 || traits.consumers == Endpoints::many) properties.push_back({Kind::close, waiters});
  }
  for (const Kind kind : {Kind::memory, Kind::construction}) {
    for (const std::size_t capacity : {1, 64, 4096}) {
      if (can_have(traits, capacity)) properties.push_back({kind, capacity});
    }
  }
  return properties;
}

PropertyValues measure_property(const AnyQueueType& type, const Property& property) {
  switch (property.kind) {
    case Property::Kind::idle_pop:
      return measure_idle_pop(type);
    case Property::Kind::idle_push:
      return measure_idle_push(type);
    case Property::Kind::close:
      return measure_close(type, property.parameter);
    case Property::Kind::memory:
      return measure_memory(type, property.parameter);
    case Property::Kind::construction:
      return measure_construction(type, property.parameter);
  }
  std::abort();
}

TimeLimit::TimeLimit(milliseconds limit, std::function<void()> expired)
    : thread_([this, limit, expired = std::move(expired)](const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        stopped_.wait_for(lock, stop, limit, [] { return false; });
        if (!stop.stop_requested()) expired();
      }) {}

}  // namespace bq::bench
