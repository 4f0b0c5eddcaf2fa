// What the adapters under queues/peers and the harness's counted loop cost a library, against the
// same library in a loop by hand: one producer, one consumer, no work, capacity 1024.
//   peer_overhead [ROUNDS] [PEER...]     by default 100 rounds of every peer, 20 ms a trial
// A round runs every arm once, in random order; ratios are taken inside a round only, because whole
// minutes of a virtual machine run slow. `again` is `by hand` once more: how far equal things
// differ. Ratios are of throughput, so less than 1 is slower than by hand.
#include <atomic_queue/atomic_queue.h>
#include <concurrentqueue/blockingconcurrentqueue.h>
#include <readerwriterqueue/readerwritercircularbuffer.h>
#include <tbb/concurrent_queue.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <boost/lockfree/spsc_queue.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "benchmarks/platform/affinity.h"
#include "benchmarks/trial/queue_trial.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/message_text.h"
#include "benchmarks/util/program.h"
#include "queues/peers/atomic_queue.h"
#include "queues/peers/boost_spsc.h"
#include "queues/peers/moodycamel_blocking.h"
#include "queues/peers/moodycamel_spsc.h"
#include "queues/peers/tbb.h"

namespace {

using namespace bq::bench;
using bq::Status;

constexpr std::size_t capacity = 1024;
constexpr double trial_ns = 20e6;

/// Two threads around anything with push(Message) and Message pop(): as little as a trial can do
/// and still be verified. Timed as the harness does it, from the producer's last warm-up push to
/// its last push. Returns ns per message.
template <class Queue>
double loop_by_hand(std::size_t warmup, std::size_t count) {
  Queue queue;
  Ticks warm = 0;
  Ticks done = 0;
  detail::ArrivalCheck check(1);
  {
    std::barrier start(2);
    const std::vector<int>& cores = allowed_cores();
    std::jthread consumer([&] {
      pin_to(cores[0]);
      start.arrive_and_wait();
      detail::ArrivalCheck mine(1);
      for (std::size_t i = 0; i < count; ++i) mine(queue.pop());
      check = mine;
    });
    std::jthread producer([&] {
      pin_to(cores[1 % cores.size()]);
      start.arrive_and_wait();
      for (std::size_t i = 0; i < warmup; ++i) queue.push(Message::of(0, i));
      warm = now_ticks();
      for (std::size_t i = warmup; i < count; ++i) queue.push(Message::of(0, i));
      done = now_ticks();
    });
  }
  if (check.out_of_order() > 0) std::abort();
  return ns_between(warm, done) / static_cast<double>(count - warmup);
}

template <class Queue>
double trial_by_harness(std::size_t warmup, std::size_t count) {
  static Watchdog watchdog(std::chrono::seconds(30), 4,
                           [](const std::string& what) { std::puts(what.c_str()); });
  static TrialRecord record;
  Point point;
  point.name = "peer_overhead";
  point.capacity = capacity;
  Demands demands;
  draw_demands(point, 1, 1, StepCosts{}, count, demands);
  run_trial<Queue>({point, Level::untimed, warmup, count, demands}, record, watchdog);
  const ProducerRecord& producer = record.producers[0];
  if (record.consumers[0].messages != count || record.consumers[0].out_of_order > 0) std::abort();
  return ns_between(producer.warm, producer.done) / static_cast<double>(count - warmup);
}

template <class Queue>
struct Adapter {
  void push(Message message) {
    if (!queue.push(std::move(message))) std::abort();
  }
  Message pop() {
    if (!pop_into(queue, out)) std::abort();
    return *out;
  }
  Queue queue{capacity};
  alignas(64) std::optional<Message> out;
};

struct Tbb {
  Tbb() { queue.set_capacity(capacity); }
  void push(Message message) { queue.push(message); }
  Message pop() {
    Message message;
    queue.pop(message);
    return message;
  }
  tbb::concurrent_bounded_queue<Message> queue;
};

/// Unbounded by itself; its own semaphore is what bounds it at the least cost.
struct Moodycamel {
  void push(Message message) {
    while (!slots.wait()) {
    }
    queue.enqueue(message);
  }
  Message pop() {
    Message message;
    queue.wait_dequeue(message);
    slots.signal();
    return message;
  }
  moodycamel::LightweightSemaphore slots{capacity};
  moodycamel::BlockingConcurrentQueue<Message> queue{capacity};
};

struct MoodycamelSpsc {
  void push(Message message) { queue.wait_enqueue(message); }
  Message pop() {
    Message message;
    queue.wait_dequeue(message);
    return message;
  }
  moodycamel::BlockingReaderWriterCircularBuffer<Message> queue{capacity};
};

/// The two that only try, under one name.
struct BoostSpsc {
  bool try_push(Message message) { return queue.push(message); }
  bool try_pop(Message& message) { return queue.pop(message); }
  bool can_push() const { return queue.write_available() > 0; }
  bool can_pop() const { return queue.read_available() > 0; }
  boost::lockfree::spsc_queue<Message> queue{capacity};
};
struct AtomicQueue {
  bool try_push(Message message) { return queue.try_push(message); }
  bool try_pop(Message& message) { return queue.try_pop(message); }
  bool can_push() const { return !queue.was_full(); }
  bool can_pop() const { return !queue.was_empty(); }
  atomic_queue::AtomicQueueB2<Message> queue{capacity};
};

/// Spins for ever: the least that anybody can write.
template <class Library>
struct Spinning {
  void push(Message message) {
    while (!library.try_push(message)) bq::StdSync::relax();
  }
  Message pop() {
    Message message;
    while (!library.try_pop(message)) bq::StdSync::relax();
    return message;
  }
  Library library;
};

/// Waits as the adapters do.
template <class Library>
struct Waiting {
  void push(Message message) {
    const auto attempt = [&] { return library.try_push(message) ? Status::done : Status::full; };
    const auto ready = [&] { return library.can_push(); };
    if (attempt() != Status::done) not_full.await(ready, attempt, bq::detail::WaitForever{});
    not_empty.wake_one();
  }
  Message pop() {
    Message message;
    const auto attempt = [&] { return library.try_pop(message) ? Status::done : Status::empty; };
    const auto ready = [&] { return library.can_pop(); };
    if (attempt() != Status::done) not_empty.await(ready, attempt, bq::detail::WaitForever{});
    not_full.wake_one();
    return message;
  }
  Library library;
  bq::SpinYieldPark<bq::StdSync> not_full{"not_full"};
  bq::SpinYieldPark<bq::StdSync> not_empty{"not_empty"};
};

/// Waiting, and a closed flag, looked at in each call: what the contract's close costs.
template <class Library>
struct Closable : Waiting<Library> {
  void push(Message message) {
    if (closed.load(std::memory_order_acquire)) std::abort();
    Waiting<Library>::push(message);
  }
  Message pop() {
    if (closed.load(std::memory_order_acquire)) std::abort();
    return Waiting<Library>::pop();
  }
  alignas(64) std::atomic<bool> closed{false};
};
/// As above for the one whose close is a mark among the messages.
struct ClosableMoodycamel {
  void push(Message message) {
    while (!slots.wait()) {
    }
    if (closed.load(std::memory_order_acquire)) std::abort();
    queue.enqueue(std::optional<Message>(message));
  }
  Message pop() {
    queue.wait_dequeue(received);
    if (!received) std::abort();
    slots.signal();
    return *received;
  }
  moodycamel::LightweightSemaphore slots{capacity};
  moodycamel::BlockingConcurrentQueue<std::optional<Message>> queue{capacity};
  std::optional<Message> received;
  alignas(64) std::atomic<bool> closed{false};
};
/// As above for the one that waits, but cannot be woken for a close: it waits in slices.
struct ClosableMoodycamelSpsc : MoodycamelSpsc {
  static constexpr std::chrono::milliseconds slice{5};
  void push(Message message) {
    do {
      if (closed.load(std::memory_order_acquire)) std::abort();
    } while (!queue.wait_enqueue_timed(message, slice));
  }
  Message pop() {
    Message message;
    do {
      if (closed.load(std::memory_order_acquire)) std::abort();
    } while (!queue.wait_dequeue_timed(message, slice));
    return message;
  }
  alignas(64) std::atomic<bool> closed{false};
};

/// Hands messages out in a std::optional from a function of its own, as the contract's pop() does:
/// what the harness avoids with pop(out).
template <class ByHand>
struct InOptional : ByHand {
  [[gnu::noinline]] std::optional<Message> pop_optional() { return ByHand::pop(); }
  Message pop() { return *pop_optional(); }
};

struct Arm {
  std::string name;
  std::function<double(std::size_t warmup, std::size_t count)> run;
  std::vector<double> ns = {};  ///< per message, one a round
};

struct Peer {
  std::string name;
  std::vector<Arm> arms;  ///< the first is what the others are compared with
};

template <class Queue, class ByHand>
Peer peer(std::string name, std::vector<Arm> more = {}) {
  Peer made{std::move(name),
            {{"by hand", loop_by_hand<ByHand>},
             {"again", loop_by_hand<ByHand>},
             {"by hand, std::optional", loop_by_hand<InOptional<ByHand>>},
             {"adapter", loop_by_hand<Adapter<Queue>>},
             {"harness", trial_by_harness<Queue>}}};
  made.arms.insert(made.arms.end(), more.begin(), more.end());
  return made;
}

void measure(Peer& peer, std::size_t rounds, std::mt19937& random) {
  constexpr std::size_t pilot = 200'000;
  const auto count = static_cast<std::size_t>(trial_ns / peer.arms[0].run(pilot / 10, pilot));
  std::vector<std::size_t> order(peer.arms.size());
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t round = 0; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t arm : order)
      peer.arms[arm].ns.push_back(peer.arms[arm].run(count / 5, count));
  }
}

void print(const Peer& peer, std::size_t rounds) {
  // Order statistics that hold the median in 95 % of all cases.
  const double half = static_cast<double>(rounds) / 2;
  const double reach = 0.98 * std::sqrt(static_cast<double>(rounds));
  const auto low = static_cast<std::size_t>(std::max(0.0, std::floor(half - reach)));
  const auto high = std::min(rounds - 1, static_cast<std::size_t>(std::ceil(half + reach)));
  std::printf("%s, %zu rounds\n", peer.name.c_str(), rounds);
  for (const Arm& arm : peer.arms) {
    std::vector<double> ns = arm.ns;
    std::vector<double> ratios(rounds);
    std::transform(arm.ns.begin(), arm.ns.end(), peer.arms[0].ns.begin(), ratios.begin(),
                   [](double own, double by_hand) { return by_hand / own; });
    std::sort(ns.begin(), ns.end());
    std::sort(ratios.begin(), ratios.end());
    std::printf("  %-24s %7.1f ns  %.3f [%.3f, %.3f]\n", arm.name.c_str(), ns[rounds / 2],
                ratios[rounds / 2], ratios[low], ratios[high]);
  }
  std::fflush(stdout);
}

bq::bench::ExitStatus run(int argc, char** argv) {
  const std::size_t rounds =
      argc > 1 ? bq::bench::parse_number("number of rounds", argv[1], 1, 1'000'000) : 100;
  std::vector<Peer> peers = {
      peer<bq::TbbQueue<Message>, Tbb>("tbb"),
      peer<bq::MoodycamelBlockingQueue<Message>, Moodycamel>(
          "moodycamel_blocking", {{"by hand, closable", loop_by_hand<ClosableMoodycamel>}}),
      peer<bq::MoodycamelSpscQueue<Message>, MoodycamelSpsc>(
          "moodycamel_spsc", {{"by hand, closable", loop_by_hand<ClosableMoodycamelSpsc>}}),
      peer<bq::BoostSpscQueue<Message>, Waiting<BoostSpsc>>(
          "boost_spsc", {{"by hand, closable", loop_by_hand<Closable<BoostSpsc>>},
                         {"by hand, spinning", loop_by_hand<Spinning<BoostSpsc>>}}),
      peer<bq::AtomicQueuePeer<Message>, Waiting<AtomicQueue>>(
          "atomic_queue", {{"by hand, closable", loop_by_hand<Closable<AtomicQueue>>},
                           {"by hand, spinning", loop_by_hand<Spinning<AtomicQueue>>}})};
  for (int i = 2; i < argc; ++i) {
    if (std::none_of(peers.begin(), peers.end(),
                     [&](const Peer& each) { return each.name == argv[i]; })) {
      throw bq::bench::UsageError("there is no library '" + bq::bench::shown(argv[i]) + "' here");
    }
  }
  std::mt19937 random(1);
  for (Peer& each : peers) {
    if (argc > 2 && std::find(argv + 2, argv + argc, each.name) == argv + argc) continue;
    measure(each, rounds, random);
    print(each, rounds);
  }
  return bq::bench::ExitStatus::ok;
}

}  // namespace

int main(int argc, char** argv) {
  return bq::bench::run_program([&] { return run(argc, argv); });
}
