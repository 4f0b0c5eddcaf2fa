// The measured loop of a chain of queues, a pipeline or a ping-pong: each thread pops a message
// from the queue before it, works on it, and pushes it into the queue behind it. Always
// timestamped. As in queue_trial.h, what runs inside the loop is part of what is measured.
#pragma once

#include <algorithm>
#include <barrier>
#include <optional>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "benchmarks/trial/queue_trial.h"

namespace bq::bench {

namespace detail {

/// The queue handles of one thread. Their destructors close the queues.
template <class Q>
struct StageEnds {
  std::optional<Consumer<Q>> in;
  std::optional<Producer<Q>> out;
};

/// One thread of a chain. Nothing lies between a stage's push and its next pop, so one timestamp
/// ends the former and begins the latter.
template <class Q>
class StageLoop {
 public:
  StageLoop(const TrialPlan& plan, std::size_t stage, StageEnds<Q>& ends, ChainRecord& record,
            Worker& worker, WorkerStatus& status)
      : plan_(plan),
        is_first_(stage == 0),
        works_(plan.point.work_of(stage).kind != WorkKind::none),
        worker_(worker),
        demand_(plan.demands.of_stage(plan.point, stage)),
        ends_(ends),
        pops_(ends.in ? &record.queues[(stage == 0 ? record.queues.size() : stage) - 1].consumers[0]
                      : nullptr),
        pushes_(ends.out ? &record.queues[stage].producers[0] : nullptr),
        mine_(record.stages[stage]),
        status_(status) {
    if (pops_) pop_stamps_ = pops_->stamps;
    if (pushes_) push_stamps_ = pushes_->stamps;
  }

  void run() {
    CpuUsage before = CpuUsage::of_this_thread();
    std::uint64_t done = 0;
    mine_.warm = at_ = now_ticks();
    while (is_first_ ? make(done) : pop()) {
      work(done);
      at_ = now_ticks();
      if (ends_.out) push(done);
      if (is_first_ && ends_.in) pop_reply();
      status_.messages.store(++done, std::memory_order_relaxed);
      if (done == plan_.warmup_per_producer) {
        before = CpuUsage::of_this_thread();
        mine_.warm = at_ = now_ticks();
      }
    }
    mine_.usage = CpuUsage::of_this_thread() - before;
    mine_.done = now_ticks();
    mine_.messages = done - std::min<std::uint64_t>(done, plan_.warmup_per_producer);
    if (is_first_ && ends_.in) {  // no more requests: the server ends, and no reply may be left
      ends_.out.reset();
      while (pop()) {
      }
    }
    if (pops_) pops_->messages = popped_;
  }

 private:
  bool make(std::uint64_t sequence) {
    if (sequence == plan_.messages_per_producer) return false;
    message_.emplace(Message::of(0, sequence));
    return true;
  }

  bool pop() {
    status_.in_push.store(false, std::memory_order_relaxed);
    if (!pop_into(ends_.in->queue(), message_)) [[unlikely]] {
      pops_->end_call = at_;
      return false;
    }
    const Ticks done = now_ticks();
    if (popped_ < pop_stamps_.size()) [[likely]]
      pop_stamps_[popped_] = {at_, done, message_->id};
    ++popped_;
    at_ = done;
    return true;
  }

  // Pops until the reply to its own request. A surplus reply, left behind, would in the end fill
  // both queues and block both sides.
  void pop_reply() {
    const std::uint64_t request = message_->id;
    while (pop() && message_->id != request) {
    }
  }

  void work(std::uint64_t sequence) {
    if (!works_ || sequence >= demand_.size()) return;
    status_.in_work.store(true, std::memory_order_relaxed);
    worker_(demand_[sequence]);
    status_.in_work.store(false, std::memory_order_relaxed);
  }

  void push(std::uint64_t sequence) {
    status_.in_push.store(true, std::memory_order_relaxed);
    if (!ends_.out->queue().push(Message(*message_))) [[unlikely]]
      ++pushes_->refused;
    const Ticks done = now_ticks();
    if (sequence < push_stamps_.size()) [[likely]]
      push_stamps_[sequence] = {at_, done};
    at_ = done;
  }

  const TrialPlan& plan_;
  const bool is_first_;
  const bool works_;
  Worker& worker_;
  const DemandStream& demand_;
  StageEnds<Q>& ends_;
  ConsumerRecord* const pops_;
  ProducerRecord* const pushes_;
  std::span<PopStamp> pop_stamps_;
  std::span<PushStamp> push_stamps_;
  StageRecord& mine_;
  WorkerStatus& status_;
  std::optional<Message> message_;
  std::uint64_t popped_ = 0;
  Ticks at_ = 0;  // end of the previous call or work
};

}  // namespace detail

/// Runs one trial on fresh threads and fresh queues, and joins them. Otherwise like run_trial().
/// `Q` carries Message.
template <BoundedQueue Q>
void run_chain(const TrialPlan& plan, ChainRecord& record, Watchdog& watchdog) {
  const Point& point = plan.point;
  std::vector<detail::StageEnds<Q>> ends(point.threads());
  record.queues.resize(point.queues());
  record.stages.assign(point.threads(), {});
  for (std::size_t q = 0; q < point.queues(); ++q) {
    auto [producer, consumer] = detail::make_queue<Q>(point.capacity);
    detail::prepare(record.queues[q], plan, producer.capacity());
    ends[q].out.emplace(std::move(producer));
    ends[(q + 1) % ends.size()].in.emplace(std::move(consumer));
  }

  const std::vector<int> cores = cores_for(point, plan.core_order);
  std::barrier start(static_cast<std::ptrdiff_t>(point.threads()));
  std::vector<WorkerStatus> status(point.threads());
  const auto run_as = [&](detail::StageEnds<Q> mine, std::size_t stage) {
    const std::size_t thread = point.threads() - 1 - stage;
    detail::pin_and_configure_thread(plan, cores, thread);
    Worker worker = detail::make_worker(point.work_of(stage), status[thread]);
    if constexpr (detail::Tries<Q>) {
      if (mine.out && mine.out->capacity() != unbounded_capacity) {
        status[thread].state = WorkerStatus::State::probing;
        record.queues[stage].fill =
            detail::probe_capacity(mine.out->queue(), point.message_bytes, status[thread]);
      }
    }
    start.arrive_and_wait();
    status[thread].state = WorkerStatus::State::running;
    detail::StageLoop<Q>(plan, stage, mine, record, worker, status[thread]).run();
    status[thread].state = WorkerStatus::State::finished;
  };

  const Watchdog::Guard guard(watchdog, plan, status);
  std::vector<std::jthread> threads;
  threads.reserve(point.threads());
  try {
    for (std::size_t stage = point.threads(); stage-- > 0;) {
      threads.push_back(std::jthread(run_as, std::move(ends[stage]), stage));
    }
  } catch (const std::system_error& error) {
    detail::cannot_start(point, error);
  }
}

}  // namespace bq::bench
