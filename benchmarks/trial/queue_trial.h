// The measured loops: one trial of one queue, from the barrier to the last message. Everything here
// that runs inside a loop is part of what is measured; keep it small. analysis/ does the rest.
#pragma once

#include <algorithm>
#include <barrier>
#include <exception>
#include <optional>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "benchmarks/scenario/message.h"
#include "benchmarks/trial/capacities.h"
#include "benchmarks/trial/placement.h"
#include "benchmarks/trial/trial.h"
#include "benchmarks/trial/watchdog.h"
#include "benchmarks/trial/worker_setup.h"
#include "queues/handles.h"

namespace bq::bench {

namespace detail {

/// A queue with the calls that do not wait.
template <class Q>
concept Tries = requires(Q& queue, typename Q::value_type message,
                         std::optional<typename Q::value_type> out) {
  queue.try_push(std::move(message));
  queue.try_pop(out);
};

/// A queue with the calls for several messages at once. Points with batches use them.
template <class Q>
concept Batches = requires(Q& queue, std::span<typename Q::value_type> messages,
                           std::span<std::optional<typename Q::value_type>> out) {
  queue.push_batch(messages);
  queue.pop_batch(out);
};

/// What comes before each push.
enum class Pace : std::uint8_t { nothing, work, arrivals };

/// Waits until `when`. With Wait::sleep it wakes early, since timers are late, and then reads the
/// clock. Returns the time spent reading the clock, which burns CPU.
inline Ticks wait_until(Ticks when, Arrivals::Wait how) noexcept {
  if (how == Arrivals::Wait::sleep) {
    const Ticks before = now_ticks();
    const double left_ns = before < when ? ns_between(before, when) - Arrivals::up_before_ns : 0;
    if (left_ns > 0) sleep_ns(static_cast<std::uint32_t>(std::min(left_ns, 4e9)));
  }
  const Ticks awake = now_ticks();
  Ticks now = awake;
  while (now < when) now = now_ticks();  // without a pause instruction, which would make it late
  return now - awake;
}

/// The check of exactly once and order in an untimed consumer, as messages arrive: a few
/// instructions each.
class ArrivalCheck {
 public:
  explicit ArrivalCheck(std::size_t producers) : next_(producers, 0) {}
  void operator()(Message message) noexcept {
    checksum_ += mix64(message.id);
    const std::uint64_t producer = message.producer();
    if (producer >= next_.size() || message.sequence() < next_[producer]) {
      ++out_of_order_;
    } else {
      next_[producer] = message.sequence() + 1;
    }
  }
  std::uint64_t checksum() const { return checksum_; }
  std::uint64_t out_of_order() const { return out_of_order_; }

 private:
  std::vector<std::uint64_t> next_;
  std::uint64_t checksum_ = 0;
  std::uint64_t out_of_order_ = 0;
};

/// Fills the queue until it refuses, and drains it, from one thread. The messages are the first
/// ones of producer 0, which sends them again later. This may take gigabytes and minutes: the
/// watchdog sees each call begin.
template <class Q>
CapacityProbe probe_capacity(Q& queue, std::size_t message_bytes, WorkerStatus& status) {
  using M = typename Q::value_type;
  CapacityProbe probe;
  std::optional<M> message;
  std::uint64_t calls = 0;
  // Between two calls lies the harness's work: memory of the messages, which free() may return all
  // at once.
  const auto before_call = [&](auto change_message) {
    status.in_work.store(true, std::memory_order_relaxed);
    change_message();
    status.in_work.store(false, std::memory_order_relaxed);
    status.probed.store(++calls, std::memory_order_relaxed);
  };
  const auto try_pop = [&] {
    before_call([&] { message.reset(); });
    return queue.try_pop(message) == Status::done;
  };

  // A queue that does not keep its bound may never refuse.
  const std::size_t beyond = queue.capacity() + 2;
  for (; probe.accepted < beyond; ++probe.accepted) {
    before_call([&] { message.emplace(make_message<M>(0, probe.accepted, message_bytes)); });
    if (queue.try_push(std::move(*message)) != Status::done) break;
  }
  for (std::size_t i = 0; i < probe.accepted; ++i) {
    if (!try_pop() || id_of(*message) != i) probe.drained_in_order = false;
  }
  if (try_pop()) probe.drained_in_order = false;
  return probe;
}

/// Pushes one message, or drops it.
template <WhenFull when_full, class Q>
void push_or_drop(Q& queue, typename Q::value_type&& message, std::size_t sequence,
                  ProducerRecord& record) {
  if constexpr (when_full == WhenFull::wait || !Tries<Q>) {  // unfit_reason() keeps others out
    if (!queue.push(std::move(message))) [[unlikely]]
      ++record.refused;
  } else {
    const Status status = queue.try_push(std::move(message));
    if (status == Status::done) return;
    record.dropped[sequence] = true;
    if (status == Status::closed) ++record.refused;
  }
}

template <Level level, Pace pace, WhenFull when_full, class Q>
void push_range(Q& queue, std::size_t self, std::size_t first, std::size_t last,
                const TrialPlan& plan, const TrialRecord& trial, ProducerRecord& record,
                Worker& work, WorkerStatus& status) {
  const DemandStream& demand = plan.demands.producer[self];
  for (std::size_t i = first; i < last; ++i) {
    if constexpr (pace != Pace::nothing) {
      status.in_work.store(true, std::memory_order_relaxed);
      if constexpr (pace == Pace::arrivals) {
        record.clock_wait += wait_until(trial.start + to_ticks(plan.demands.arrivals_ns[self][i]),
                                        plan.point.arrivals->wait);
      } else {
        work(demand[i]);
      }
      status.in_work.store(false, std::memory_order_relaxed);
    }
    status.messages.store(i, std::memory_order_relaxed);
    auto message = make_message<typename Q::value_type>(self, i, plan.point.message_bytes);
    if constexpr (level == Level::timestamped) {
      PushStamp& stamp = record.stamps[i];
      stamp.call = now_ticks();
      push_or_drop<when_full>(queue, std::move(message), i, record);
      stamp.done = now_ticks();
    } else {
      push_or_drop<when_full>(queue, std::move(message), i, record);
    }
  }
}

/// As push_range, with one call a batch. Its messages are made before the call; the others are
/// taken to be pushed in no time when the call returns.
template <Level level, Pace pace, class Q>
void push_batches(Q& queue, std::size_t self, std::size_t first, std::size_t last,
                  const TrialPlan& plan, const TrialRecord& trial, ProducerRecord& record,
                  Worker& work, WorkerStatus& status) {
  using M = typename Q::value_type;
  const std::size_t batch = plan.point.batch;
  std::vector<M> messages;
  messages.reserve(batch);
  for (std::size_t i = first; i < last;) {
    status.in_work.store(true, std::memory_order_relaxed);
    if constexpr (pace == Pace::arrivals) {
      record.clock_wait += wait_until(trial.start + to_ticks(plan.demands.arrivals_ns[self][i]),
                                      plan.point.arrivals->wait);
    } else {
      work(plan.demands.producer[self][i]);
    }
    status.in_work.store(false, std::memory_order_relaxed);
    status.messages.store(i, std::memory_order_relaxed);
    const std::size_t end = std::min(i + batch - i % batch, last);
    messages.clear();
    for (std::size_t j = i; j < end; ++j)
      messages.push_back(make_message<M>(self, j, plan.point.message_bytes));
    Ticks call = 0;
    if constexpr (level == Level::timestamped) call = now_ticks();
    record.refused += messages.size() - queue.push_batch(std::span<M>(messages));
    if constexpr (level == Level::timestamped) {
      const Ticks done = now_ticks();
      record.stamps[i] = {call, done};
      for (std::size_t j = i + 1; j < end; ++j) record.stamps[j] = {done, done};
    }
    i = end;
  }
}

template <Level level, Pace pace, WhenFull when_full, class Q>
void produce(Q& queue, std::size_t self, const TrialPlan& plan, const TrialRecord& trial,
             ProducerRecord& record, Worker& work, WorkerStatus& status) {
  const auto push = [&](std::size_t first, std::size_t last) {
    if constexpr (Batches<Q> && pace != Pace::nothing && when_full == WhenFull::wait) {
      if (plan.point.batch > 1)
        return push_batches<level, pace>(queue, self, first, last, plan, trial, record, work,
                                         status);
    }
    push_range<level, pace, when_full>(queue, self, first, last, plan, trial, record, work, status);
  };
  const std::size_t total = plan.messages_per_producer;
  push(0, plan.warmup_per_producer);
  const CpuUsage before = CpuUsage::of_this_thread();
  record.warm = now_ticks();
  record.clock_wait = 0;
  if constexpr (level == Level::timestamped) {
    push(plan.warmup_per_producer, total);
  } else {
    for (std::size_t first = plan.warmup_per_producer; first < total; first += trial.stride) {
      push(first, std::min(first + trial.stride, total));
      record.strides.push_back(now_ticks());
    }
  }
  record.done = now_ticks();
  record.usage = CpuUsage::of_this_thread() - before;
}

/// The loop for the producers of this trial. An open loop is always timestamped; only there
/// producers may drop.
template <class Q>
auto producer_loop(const TrialPlan& plan) {
  const Point& point = plan.point;
  if (point.arrivals) {
    return point.when_full == WhenFull::drop
               ? &produce<Level::timestamped, Pace::arrivals, WhenFull::drop, Q>
               : &produce<Level::timestamped, Pace::arrivals, WhenFull::wait, Q>;
  }
  const bool works = point.producer.kind != Work::Kind::none;
  if (plan.level == Level::timestamped) {
    return works ? &produce<Level::timestamped, Pace::work, WhenFull::wait, Q>
                 : &produce<Level::timestamped, Pace::nothing, WhenFull::wait, Q>;
  }
  return works ? &produce<Level::untimed, Pace::work, WhenFull::wait, Q>
               : &produce<Level::untimed, Pace::nothing, WhenFull::wait, Q>;
}

/// Pops until the end of the stream or, with `until_warm`, until the first message from after its
/// producer's warm-up. Returns whether more may come.
template <Level level, bool has_work, bool until_warm, class Q>
bool pop_range(Q& queue, const TrialPlan& plan, ConsumerRecord& record, ArrivalCheck& check,
               Worker& work, WorkerStatus& status) {
  std::uint64_t count = record.messages;
  bool more = true;
  std::optional<typename Q::value_type> message;
  for (;;) {
    status.messages.store(count, std::memory_order_relaxed);
    Ticks call = 0;
    if constexpr (level == Level::timestamped) call = now_ticks();
    if (!pop_into(queue, message)) [[unlikely]] {
      if constexpr (level == Level::timestamped) record.end_call = call;
      more = false;
      break;
    }
    Ticks done = 0;
    if constexpr (level == Level::timestamped) done = now_ticks();
    const Message number{id_of(*message)};
    if constexpr (level == Level::timestamped) {
      if (count < record.stamps.size()) [[likely]]
        record.stamps[count] = {call, done, number.id};
    } else {
      check(number);
    }
    ++count;
    const std::uint64_t producer = number.producer();
    const std::uint64_t sequence = number.sequence();
    if constexpr (has_work) {
      status.in_work.store(true, std::memory_order_relaxed);
      // Verification reports a forged id later; here it must only not index out of range.
      if (producer < plan.demands.consumer.size() && sequence < plan.messages_per_producer)
          [[likely]] {
        work(plan.demands.consumer[producer][sequence]);
      }
      status.in_work.store(false, std::memory_order_relaxed);
    }
    if constexpr (until_warm) {
      if (sequence >= plan.consumer_warm_from()) break;
    }
  }
  record.messages = count;
  return more;
}

/// As pop_range to the end of the stream, with calls that take what is there, up to a batch. The
/// messages behind the first are taken to be popped in no time when the call returns. Returns
/// the CPU usage when the consumer was warm; if it never was, `before`.
template <Level level, bool has_work, class Q>
CpuUsage pop_batches(Q& queue, const TrialPlan& plan, ConsumerRecord& record, ArrivalCheck& check,
                     Worker& work, WorkerStatus& status, CpuUsage before) {
  std::vector<std::optional<typename Q::value_type>> messages(plan.point.batch);
  std::uint64_t count = 0;
  for (;;) {
    status.messages.store(count, std::memory_order_relaxed);
    Ticks call = 0;
    if constexpr (level == Level::timestamped) call = now_ticks();
    const std::size_t taken = queue.pop_batch(std::span(messages));
    Ticks done = 0;
    if constexpr (level == Level::timestamped) done = now_ticks();
    if (taken == 0) {
      if constexpr (level == Level::timestamped) record.end_call = call;
      break;
    }
    for (std::size_t i = 0; i < taken; ++i) {
      const Message number{id_of(*messages[i])};
      if constexpr (level == Level::timestamped) {
        if (count < record.stamps.size()) [[likely]]
          record.stamps[count] = {i == 0 ? call : done, done, number.id};
      } else {
        check(number);
      }
      ++count;
      const std::uint64_t producer = number.producer();
      const std::uint64_t sequence = number.sequence();
      if constexpr (has_work) {
        status.in_work.store(true, std::memory_order_relaxed);
        if (producer < plan.demands.consumer.size() && sequence < plan.messages_per_producer)
            [[likely]] {
          work(plan.demands.consumer[producer][sequence]);
        }
        status.in_work.store(false, std::memory_order_relaxed);
      }
      if (!record.warm && sequence >= plan.consumer_warm_from()) {
        before = CpuUsage::of_this_thread();
        record.warm = now_ticks();
        record.warm_messages = count;
      }
    }
  }
  record.messages = count;
  return before;
}

template <Level level, bool has_work, class Q>
void consume(Q& queue, const TrialPlan& plan, ConsumerRecord& record, Worker& work,
             WorkerStatus& status) {
  ArrivalCheck check(plan.point.producers);
  CpuUsage before = CpuUsage::of_this_thread();
  const bool in_batches = Batches<Q> && plan.point.batch > 1;
  if constexpr (Batches<Q>) {
    if (in_batches) {
      before = pop_batches<level, has_work>(queue, plan, record, check, work, status, before);
    }
  }
  if (!in_batches && pop_range<level, has_work, true>(queue, plan, record, check, work, status)) {
    before = CpuUsage::of_this_thread();
    record.warm = now_ticks();
    record.warm_messages = record.messages;
    pop_range<level, has_work, false>(queue, plan, record, check, work, status);
  }
  record.usage = CpuUsage::of_this_thread() - before;
  record.checksum = check.checksum();
  record.out_of_order = check.out_of_order();
}

/// A queue of the trial, by its first two handles: with the nearest capacity that it can have.
/// Throws CannotBeMade if its constructor throws.
template <class Q>
std::pair<Producer<Q>, Consumer<Q>> make_queue(std::size_t capacity) {
  try {
    return make_handles<Q>(nearest_capacity(Q::traits, capacity).value());
  } catch (const std::exception& error) {
    throw CannotBeMade(error.what());
  } catch (...) {
    throw CannotBeMade("it throws what is no std::exception");
  }
}

/// Completion function of the barrier.
struct NoteStart {
  void operator()() noexcept { record.start = now_ticks(); }
  TrialRecord& record;
};

}  // namespace detail

/// Runs one trial on new threads and a new queue, and joins the threads. `record` is reused between
/// trials to keep its memory warm. A trial that hangs never returns: the watchdog ends the process.
template <BoundedQueue Q>
void run_trial(const TrialPlan& plan, TrialRecord& record, Watchdog& watchdog) {
  const Point& point = plan.point;
  auto [first_producer, first_consumer] = detail::make_queue<Q>(point.capacity);
  Q& queue = first_producer.queue();
  detail::prepare(record, plan, queue.capacity());

  const std::vector<int> cores = cores_for(point, plan.core_order);
  std::barrier start(static_cast<std::ptrdiff_t>(point.threads()), detail::NoteStart{record});
  std::vector<WorkerStatus> status(point.threads());
  // The handle closes the queue when the last of its side goes away; the loops call the queue
  // itself.
  const auto produce_as = [&](Producer<Q> /*end*/, std::size_t self) {
    const std::size_t thread = point.consumers + self;
    detail::pin_and_configure_thread(plan, cores, thread);
    ProducerRecord& mine = record.producers[self];
    Worker work = detail::make_worker(point.producer, status[thread]);
    if constexpr (detail::Tries<Q>) {
      if (self == 0 && queue.capacity() != unbounded_capacity) {
        // By a producer rather than by the main thread: some queues keep something for every thread
        // that ever pushed.
        status[thread].state = WorkerStatus::State::probing;
        record.fill = detail::probe_capacity(queue, point.message_bytes, status[thread]);
      }
    }
    start.arrive_and_wait();
    status[thread].state = WorkerStatus::State::running;
    detail::producer_loop<Q>(plan)(queue, self, plan, record, mine, work, status[thread]);
    status[thread].state = WorkerStatus::State::finished;
  };
  const auto consume_as = [&](Consumer<Q> /*end*/, std::size_t self) {
    detail::pin_and_configure_thread(plan, cores, self);
    Worker work = detail::make_worker(point.consumer, status[self]);
    start.arrive_and_wait();
    status[self].state = WorkerStatus::State::running;
    const bool has_work = point.consumer.kind != Work::Kind::none;
    const auto loop = plan.level == Level::timestamped
                          ? (has_work ? &detail::consume<Level::timestamped, true, Q>
                                      : &detail::consume<Level::timestamped, false, Q>)
                          : (has_work ? &detail::consume<Level::untimed, true, Q>
                                      : &detail::consume<Level::untimed, false, Q>);
    loop(queue, plan, record.consumers[self], work, status[self]);
    status[self].state = WorkerStatus::State::finished;
  };

  const Watchdog::Guard guard(watchdog, plan, status);
  std::vector<std::jthread> threads;
  // push_back below: emplace_back compiles a growing vector for each kind of thread.
  threads.reserve(point.threads());
  try {
    if constexpr (Q::traits.consumers == Endpoints::many) {
      for (std::size_t c = 1; c < point.consumers; ++c)
        threads.push_back(std::jthread(consume_as, first_consumer, c));
    }
    if constexpr (Q::traits.producers == Endpoints::many) {
      for (std::size_t p = 1; p < point.producers; ++p)
        threads.push_back(std::jthread(produce_as, first_producer, p));
    }
    threads.push_back(std::jthread(consume_as, std::move(first_consumer), 0));
    threads.push_back(std::jthread(produce_as, std::move(first_producer), 0));
  } catch (const std::system_error& error) {
    detail::cannot_start(point, error);
  }
}

}  // namespace bq::bench
