// From the setting of atomic_queue's own benchmark to the setting of this suite, one step at a
// time: one producer, one consumer, no work.
//   atomic_queue_steps [ROUNDS] [--messages N] [--json FILE]
// The first step is what the library's src/benchmarks.cc (commit 83774a2) measures with one
// producer and one consumer: unsigned numbers, 65536 slots at compile time, the library's mode for
// one thread a side, no sleeping, pinned threads, the time from the first push to the last pop. It
// differs in that the memory is not in huge pages, and in the flags: the target
// atomic_queue_steps_native has those of the library's Makefile. Each step changes one thing, up to
// a timestamped trial. The steps named `optimist` use push and pop of the library, which claim a
// slot first and then wait for it. A round runs every step once, in random order; in every other
// round the roles exchange their cores. Ratios are taken inside a round only.
#include <atomic_queue/atomic_queue.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "benchmarks/overhead/peer_loop.h"
#include "benchmarks/run/run_description.h"
#include "benchmarks/util/json.h"
#include "benchmarks/util/program.h"
#include "benchmarks/util/statistics.h"
#include "benchmarks/util/text_file.h"
#include "queues/peers/atomic_queue.h"

namespace bq::bench {

namespace {

constexpr std::uint64_t seed = 1;             // of the order of steps
constexpr unsigned library_capacity = 65536;  // in the library's benchmark
constexpr unsigned least_capacity = 4096;     // what the library makes of overhead_capacity

/// What of a loop is timed: from the first push to the last pop, or in the consumer, from the first
/// message after the warm-up to the last.
enum class Window { whole, warm };
/// What the consumer does with a message.
enum class Check { sum, order };

/// The number `n` as a message. The library takes an unsigned 0 for "no message".
template <class T>
T numbered(std::size_t n) {
  if constexpr (std::is_same_v<T, Message>) {
    return Message::of(0, n);
  } else {
    return static_cast<T>(n + 1);
  }
}
std::size_t number_of(Message message) {
  return message.sequence();
}
std::size_t number_of(unsigned message) {
  return message - 1;
}

/// Two threads leave at the same instant, because neither sleeps.
class Start {
 public:
  void wait() {
    missing_.fetch_sub(1);
    while (missing_.load() > 0) StdSync::relax();
  }

 private:
  std::atomic<int> missing_{2};
};

/// Two threads around anything with push(T) and T pop(). Returns ns per message. Not thread-safe.
template <class Queue, class T, Window window, Check check>
double step_by_hand(const LoopPlan& plan) {
  const auto queue = std::make_unique<Queue>();  // its constructor writes all of its memory
  Start start;
  Ticks first = 0;
  Ticks last = 0;
  std::uint64_t sum = 0;
  std::uint64_t out_of_order = 0;
  {
    std::jthread consumer([&] {
      pin_to(plan.consumer_core());
      std::uint64_t my_sum = 0;
      detail::ArrivalCheck arrival(1);
      const auto pop_until = [&](std::size_t stop) {
        for (std::size_t next = 0; next < stop;) {
          const T message = queue->pop();
          next = number_of(message) + 1;
          if constexpr (check == Check::order) {
            arrival(message);
          } else {
            my_sum += next;
          }
        }
      };
      start.wait();
      if constexpr (window == Window::warm) {
        pop_until(plan.warmup + 1);
        first = now_ticks();
      }
      pop_until(plan.count);
      last = now_ticks();
      sum = my_sum;
      out_of_order = arrival.out_of_order();
    });
    std::jthread producer([&] {
      pin_to(plan.producer_core());
      start.wait();
      if constexpr (window == Window::whole) first = now_ticks();
      for (std::size_t i = 0; i < plan.count; ++i) queue->push(numbered<T>(i));
    });
  }
  if (out_of_order > 0) std::abort();
  if (check == Check::sum && sum != plan.count * (plan.count + 1) / 2) std::abort();
  const std::size_t timed = window == Window::whole ? plan.count : plan.count - plan.warmup - 1;
  return ns_between(first, last) / static_cast<double>(timed);
}

// ------------------------------------------------------------------------- the library's calls

/// The library's mode for one thread a side, with the parameters of its benchmark.
template <class T>
using OneToOne = atomic_queue::AtomicQueue<T, library_capacity, T{}, false, false, false, true>;
template <class T>
using OneToOneB2 = atomic_queue::AtomicQueueB2<T, std::allocator<T>, false, false, true>;
/// For many threads a side, with the parameters of its benchmark, which are its defaults.
template <class T>
using ManyToMany = atomic_queue::AtomicQueue<T, library_capacity>;
template <class T>
using ManyToMany2 = atomic_queue::AtomicQueue2<T, library_capacity>;
template <class T>
using ManyToManyB2 = atomic_queue::AtomicQueueB2<T>;

template <class Library, unsigned capacity = library_capacity>
struct Sized : Library {
  Sized() : Library(capacity) {}
};

/// try_push and try_pop again and again, with a pause between, as in the library's benchmark.
template <class Library>
using Retrying = atomic_queue::RetryDecorator<Library>;

using Ours = Sized<ManyToManyB2<Message>, least_capacity>;

/// The try calls, as by_hand::Waiting wants them.
struct Trying : Ours {
  bool can_push() const { return !was_full(); }
  bool can_pop() const { return !was_empty(); }
};

// ------------------------------------------------------------------------------------------- steps

struct Step {
  std::string name;
  std::string differs_from;  ///< the step that has one thing less; empty: none
  std::string library_row;   ///< what the library's benchmark calls it; empty: it has no such row
  double (*run)(const LoopPlan& plan);
  std::vector<double> ns_per_msg = {};  ///< one a round
};

template <class Queue>
constexpr auto as_theirs = step_by_hand<Queue, unsigned, Window::whole, Check::sum>;
template <class Queue>
constexpr auto as_ours = step_by_hand<Queue, Message, Window::warm, Check::order>;

std::vector<Step> all_steps() {
  using Queue = AtomicQueuePeer<Message>;
  using Message8 = Retrying<Sized<ManyToManyB2<Message>>>;
  return {
      {"as in its benchmark", "", "AtomicQueue", as_theirs<Retrying<OneToOne<unsigned>>>},
      {"again", "as in its benchmark", "AtomicQueue", as_theirs<Retrying<OneToOne<unsigned>>>},
      {"many to many", "as in its benchmark", "", as_theirs<Retrying<ManyToMany<unsigned>>>},
      {"elements of any type", "many to many", "", as_theirs<Retrying<ManyToMany2<unsigned>>>},
      {"capacity at run time", "elements of any type", "",
       as_theirs<Retrying<Sized<ManyToManyB2<unsigned>>>>},
      {"messages of 8 bytes", "capacity at run time", "",
       step_by_hand<Message8, Message, Window::whole, Check::sum>},
      {"capacity 4096", "messages of 8 bytes", "",
       step_by_hand<Retrying<Ours>, Message, Window::whole, Check::sum>},
      {"order checked", "capacity 4096", "",
       step_by_hand<Retrying<Ours>, Message, Window::whole, Check::order>},
      {"window after the warm-up", "order checked", "", as_ours<Retrying<Ours>>},
      {"house waiting", "window after the warm-up", "", as_ours<by_hand::Waiting<Trying>>},
      {"closed flag", "house waiting", "", as_ours<by_hand::ClosableWaiting<Trying>>},
      {"adapter", "closed flag", "", as_ours<Adapter<Queue>>},
      {"harness, untimed", "adapter", "", loop_by_harness<Queue>},
      {"harness, timestamped", "harness, untimed", "", loop_by_harness<Queue, Level::timestamped>},
      {"B2", "as in its benchmark", "AtomicQueueB2",
       as_theirs<Retrying<Sized<OneToOneB2<unsigned>>>>},
      {"optimist", "as in its benchmark", "OptimistAtomicQueue", as_theirs<OneToOne<unsigned>>},
      {"optimist, B2", "optimist", "OptimistAtomicQueueB2", as_theirs<Sized<OneToOneB2<unsigned>>>},
      {"optimist, many to many", "optimist", "", as_theirs<ManyToMany<unsigned>>},
      {"optimist, as ours", "window after the warm-up", "", as_ours<Ours>},
  };
}

struct Options {
  std::size_t rounds = 100;
  std::size_t messages = 1'000'000;  // as in the library's benchmark
  std::string json;
};

void measure(std::vector<Step>& steps, const Options& options) {
  LoopPlan plan(0, 1, options.messages);
  std::mt19937 random(seed);
  std::vector<std::size_t> order(steps.size());
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t round = 0; round < options.rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    plan.exchanged = round % 2 == 1;
    for (const std::size_t step : order) steps[step].ns_per_msg.push_back(steps[step].run(plan));
  }
}

void print(const std::vector<Step>& steps) {
  std::printf("%-26s %9s %9s %12s  %s\n", "step", "median", "best", "median",
              "throughput over that of the step before");
  for (const Step& step : steps) {
    const auto before = std::find_if(steps.begin(), steps.end(), [&](const Step& each) {
      return each.name == step.differs_from;
    });
    const double median_ns = median(step.ns_per_msg);
    std::printf("%-26s %6.1f ns %6.1f ns %8.2f M/s", step.name.c_str(), median_ns,
                *std::min_element(step.ns_per_msg.begin(), step.ns_per_msg.end()), 1e3 / median_ns);
    if (before != steps.end()) {
      std::vector<double> ratios(step.ns_per_msg.size());
      std::transform(before->ns_per_msg.begin(), before->ns_per_msg.end(), step.ns_per_msg.begin(),
                     ratios.begin(), [](double theirs, double own) { return theirs / own; });
      std::printf("  %.2f over %s", median(ratios), step.differs_from.c_str());
    }
    std::printf("\n");
  }
}

Json json_of(const std::vector<Step>& steps, const Options& options) {
  Json rows = Json::array();
  for (const Step& step : steps) {
    rows.push_back({{"step", step.name},
                    {"differs_from", step.differs_from.empty() ? Json() : Json(step.differs_from)},
                    {"library_row", step.library_row.empty() ? Json() : Json(step.library_row)},
                    {"ns_per_msg", step.ns_per_msg}});
  }
  Json context = context_json(seed);
  add_busy_cores(context);
  return {{"rounds", options.rounds},
          {"messages", options.messages},
          {"exchanged", "in rounds 2, 4, ..."},
          {"ns_per_tick", ns_per_tick()},
          {"context", context},
          {"steps", rows}};
}

ExitStatus run(const Options& options) {
  ns_per_tick();  // measured before anything is timed
  std::vector<Step> steps = all_steps();
  // Written before the first trial, too: a file that cannot be written is no surprise at the end.
  const auto write = [&] {
    if (!options.json.empty())
      write_text_file(options.json, json_of(steps, options).dump(1) + '\n');
  };
  write();
  measure(steps, options);
  print(steps);
  write();
  return ExitStatus::ok;
}

}  // namespace

}  // namespace bq::bench

int main(int argc, char** argv) {
  bq::bench::Options options;
  CLI::App app{
      "Goes from the setting of atomic_queue's own benchmark to a trial of this suite, one step at "
      "a "
      "time, with one producer and one consumer."};
  app.add_option("rounds,--rounds", options.rounds, "each runs every step once (default: 100)")
      ->check(bq::bench::whole_number(1, 1'000'000));
  app.add_option("--messages", options.messages, "in a loop (default: 1000000)")
      ->check(bq::bench::whole_number(10, 100'000'000));
  app.add_option("--json", options.json, "file for every figure of every round");
  return bq::bench::run_program(app, argc, argv, [&] { return bq::bench::run(options); });
}
