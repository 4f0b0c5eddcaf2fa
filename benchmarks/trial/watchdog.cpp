#include "benchmarks/trial/watchdog.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace bq::bench {

namespace {

std::uint64_t progress_of(std::span<const WorkerStatus> workers) {
  std::uint64_t sum = 0;
  for (const WorkerStatus& worker : workers) {
    sum += 2 * worker.messages.load(std::memory_order_relaxed) +
           worker.probed.load(std::memory_order_relaxed) +
           worker.in_work.load(std::memory_order_relaxed) +
           static_cast<std::uint64_t>(worker.state.load(std::memory_order_relaxed));
  }
  return sum;
}

// Work ends by itself, however long it takes.
bool anybody_works(std::span<const WorkerStatus> workers) {
  return std::any_of(workers.begin(), workers.end(),
                     [](const WorkerStatus& worker) { return worker.in_work.load(); });
}

// A queue that delivers for ever makes progress, too. (One that delivers a few too many is found
// out afterwards.)
bool takes_too_many(const TrialPlan& plan, std::span<const WorkerStatus> workers) {
  std::uint64_t taken = 0;
  for (std::size_t c = 0; c < plan.point.consumers; ++c)
    taken += workers[c].messages.load(std::memory_order_relaxed);
  return taken > 2 * plan.total_messages() + 1'000'000;
}

// Threads are numbered consumers first; those of a pipeline from its last stage on.
std::string name_of(const Point& point, std::size_t thread) {
  const bool consumer = thread < point.consumers;
  if (point.topology == Topology::ping_pong) return consumer ? "server" : "client";
  if (point.topology == Topology::queue) {
    return (consumer ? "consumer " : "producer ") +
           std::to_string(consumer ? thread : thread - point.consumers);
  }
  const std::size_t stage = point.threads() - 1 - thread;
  return consumer ? "consumer" : stage == 0 ? "producer" : "stage " + std::to_string(stage);
}

std::string describe(const Point& point, std::span<const WorkerStatus> workers, double seconds) {
  std::ostringstream text;
  text.precision(3);
  text << "hung: no progress for " << seconds << " s";
  for (std::size_t i = 0; i < workers.size(); ++i) {
    const WorkerStatus& worker = workers[i];
    text << "; " << name_of(point, i);
    switch (worker.state.load()) {
      case WorkerStatus::State::not_started:
        text << " waits for the start";
        break;
      case WorkerStatus::State::probing:
        text << " stuck in call " << worker.probed.load()
             << " of the capacity probe's try_push and try_pop";
        break;
      case WorkerStatus::State::finished:
        text << " finished";
        break;
      case WorkerStatus::State::running:
        if (worker.in_work.load()) {
          text << " at work on";
        } else {
          const bool pops = point.is_chain() ? !worker.in_push.load() : i < point.consumers;
          text << " stuck in " << (pops ? "pop of" : "push of");
        }
        text << " message " << worker.messages.load() + 1 << " of its own";
        break;
    }
  }
  return text.str();
}

}  // namespace

std::optional<std::string> HangCheck::check(const TrialPlan& plan,
                                            std::span<const WorkerStatus> workers,
                                            Steady::time_point now) {
  if (takes_too_many(plan, workers)) {
    return "exactly once: consumers take more messages than there are, without an end";
  }
  const std::uint64_t progress = progress_of(workers);
  if (workers.data() != workers_seen_ || progress != progress_ || anybody_works(workers)) {
    workers_seen_ = workers.data();
    progress_ = progress;
    since_ = now;
  } else if (now - since_ >= time_limit_) {
    return describe(plan.point, workers, std::chrono::duration<double>(now - since_).count());
  }
  return std::nullopt;
}

Watchdog::Watchdog(std::chrono::milliseconds time_limit, int exit_code, Report report)
    : time_limit_(time_limit),
      exit_code_(exit_code),
      report_(std::move(report)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Watchdog::~Watchdog() = default;

Watchdog::Guard::Guard(Watchdog& watchdog, const TrialPlan& plan,
                       std::span<const WorkerStatus> workers)
    : watchdog_(watchdog) {
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.plan_ = &plan;
  watchdog_.workers_ = workers;
}

Watchdog::Guard::Guard(Watchdog& watchdog) : watchdog_(watchdog) {
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.deadline_ = HangCheck::Steady::now() + watchdog_.time_limit_;
}

Watchdog::Guard::~Guard() {
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.workers_ = {};
  watchdog_.deadline_.reset();
}

void Watchdog::run(const std::stop_token& stop) {
  const auto poll = std::min(time_limit_ / 4, std::chrono::milliseconds(500));
  HangCheck hang_check(time_limit_);
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, stop, poll, [] { return false; }) && !stop.stop_requested()) {
    std::optional<std::string> fault;
    if (deadline_ && HangCheck::Steady::now() >= *deadline_) {
      fault = "hung: no end after " + std::to_string(time_limit_.count() / 1000) + " s";
    } else if (workers_.empty()) {
      hang_check.reset();  // the next trial's workers may have the same address
    } else {
      fault = hang_check.check(*plan_, workers_, HangCheck::Steady::now());
    }
    if (!fault) continue;
    report_(*fault);
    std::_Exit(exit_code_);
  }
}

}  // namespace bq::bench
