// Two threads around a queue, by hand and by the harness, for peer_overhead.cpp and
// atomic_queue_steps.cpp.
#pragma once

#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "benchmarks/platform/affinity.h"
#include "benchmarks/trial/queue_trial.h"
#include "queues/blocking_adapter.h"

namespace bq::bench {

constexpr std::size_t overhead_capacity = 1024;

/// One producer and one consumer, the same constant work on each side, drawn once for all arms.
struct LoopPlan {
  LoopPlan(double work_ns, double step_ns, std::size_t messages)
      : warmup(messages / 5), count(messages) {
    point.name = "peer_overhead";
    point.capacity = overhead_capacity;
    for (Work* side : {&point.producer, &point.consumer}) {
      if (work_ns > 0) side->kind = WorkKind::spin;
      side->mean_ns = work_ns;
    }
    draw_demands(point, 1, 1, StepCosts::all(step_ns), messages, demands);
    if (work_ns > 0) steps = demands.producer[0][0];
  }

  int consumer_core() const { return core(exchanged ? 1 : 0); }
  int producer_core() const { return core(exchanged ? 0 : 1); }

  Point point;
  Demands demands;
  std::size_t warmup, count;  ///< messages; the warm-up is part of the count
  bool exchanged = false;     ///< the producer gets the core that the consumer has otherwise
  std::uint32_t steps = 0;    ///< of spin work, for a message on each side

 private:
  static int core(std::size_t index) { return allowed_cores()[index % allowed_cores().size()]; }
};

/// Around anything with push(Message) and Message pop(): as little as a trial can do and still be
/// verified. Returns ns per message, timed in the consumer, from the first message after the
/// warm-up to the last: with work the producer's time would leave out what is still inside. Not
/// thread-safe.
template <class Queue>
double loop_by_hand(const LoopPlan& plan) {
  Queue queue;
  Ticks warm = 0;
  Ticks done = 0;
  std::uint64_t out_of_order = 0;
  {
    std::barrier start(2);
    std::jthread consumer([&] {
      pin_to(plan.consumer_core());
      start.arrive_and_wait();
      detail::ArrivalCheck check(1);
      const auto pop = [&](std::size_t first, std::size_t last) {
        if (plan.steps == 0) {
          for (std::size_t i = first; i < last; ++i) check(queue.pop());
        } else {
          for (std::size_t i = first; i < last; ++i) {
            check(queue.pop());
            spin_steps(plan.steps);
          }
        }
      };
      pop(0, plan.warmup + 1);
      warm = now_ticks();
      pop(plan.warmup + 1, plan.count);
      done = now_ticks();
      out_of_order = check.out_of_order();
    });
    std::jthread producer([&] {
      pin_to(plan.producer_core());
      start.arrive_and_wait();
      if (plan.steps == 0) {
        for (std::size_t i = 0; i < plan.count; ++i) queue.push(Message::of(0, i));
      } else {
        for (std::size_t i = 0; i < plan.count; ++i) {
          spin_steps(plan.steps);
          queue.push(Message::of(0, i));
        }
      }
    });
  }
  if (out_of_order > 0) std::abort();
  return ns_between(warm, done) / static_cast<double>(plan.count - plan.warmup - 1);
}

/// Notes when the last message was taken. An untimed trial does not: it is timed in the producer.
template <class Queue>
struct Stamped : Queue {
  using Queue::pop;
  using Queue::Queue;
  Status pop(std::optional<Message>& out) {
    const Status status = Queue::pop(out);
    if (status == Status::done && out->sequence() == last) [[unlikely]]
      end = now_ticks();
    return status;
  }
  static inline std::uint64_t last = 0;  ///< its sequence number
  static inline Ticks end = 0;
};

/// The same through a trial. Not thread-safe.
template <class Queue, Level level = Level::untimed>
double loop_by_harness(const LoopPlan& plan) {
  static Watchdog watchdog(std::chrono::seconds(30), 4,
                           [](const std::string& what) { std::puts(what.c_str()); });
  static TrialRecord record;
  Stamped<Queue>::last = plan.count - 1;
  const TrialPlan trial{
      .point = plan.point,
      .level = level,
      .warmup_per_producer = plan.warmup,
      .messages_per_producer = plan.count,
      .demands = plan.demands,
      .core_order = plan.exchanged ? CoreOrder::descending : CoreOrder::ascending};
  run_trial<Stamped<Queue>>(trial, record, watchdog);
  const ConsumerRecord& consumer = record.consumers[0];
  if (consumer.messages != plan.count || consumer.out_of_order > 0) std::abort();
  return ns_between(*consumer.warm, Stamped<Queue>::end) /
         static_cast<double>(plan.count - consumer.warm_messages);
}

/// A queue of the suite, as loop_by_hand wants it.
template <class Queue>
struct Adapter {
  void push(Message message) {
    if (!queue.push(std::move(message))) std::abort();
  }
  Message pop() {
    if (!pop_into(queue, out)) std::abort();
    return *out;
  }
  Queue queue{overhead_capacity};
  alignas(cache_line_bytes) std::optional<Message> out;
};

namespace by_hand {

/// Waits as the house's queues do.
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
  SpinYieldPark<StdSync> not_full{"not_full"};
  SpinYieldPark<StdSync> not_empty{"not_empty"};
};

/// The same with a closed flag, looked at in each call.
template <class Library>
struct ClosableWaiting : Waiting<Library> {
  void push(Message message) {
    if (closed.load(std::memory_order_acquire)) std::abort();
    Waiting<Library>::push(message);
  }
  Message pop() {
    if (closed.load(std::memory_order_acquire)) std::abort();
    return Waiting<Library>::pop();
  }
  alignas(cache_line_bytes) std::atomic<bool> closed{false};
};

}  // namespace by_hand

}  // namespace bq::bench
