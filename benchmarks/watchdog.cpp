#include "benchmarks/watchdog.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace bq::bench {

namespace {

using Steady = std::chrono::steady_clock;

std::uint64_t progress_of(std::span<const WorkerStatus> workers) {
  std::uint64_t sum = 0;
  for (const WorkerStatus& worker : workers) {
    sum += 2 * worker.messages.load(std::memory_order_relaxed) + worker.in_work.load(std::memory_order_relaxed) +
           static_cast<std::uint64_t>(worker.stage.load(std::memory_order_relaxed));
  }
  return sum;
}

// Work ends by itself, however long it takes.
bool anybody_works(std::span<const WorkerStatus> workers) {
  return std::any_of(workers.begin(), workers.end(), [](const WorkerStatus& worker) { return worker.in_work.load(); });
}

// A queue that delivers for ever makes progress, too. (One that delivers a few too many is found out afterwards.)
bool takes_too_many(const TrialPlan& plan, std::span<const WorkerStatus> workers) {
  std::uint64_t taken = 0;
  for (std::size_t c = 0; c < plan.point.consumers; ++c) taken += workers[c].messages.load(std::memory_order_relaxed);
  return taken > 2 * plan.total_messages() + 1'000'000;
}

// Threads are numbered consumers first; those of a pipeline from its last stage on.
std::string name_of(const Point& point, std::size_t thread) {
  const bool consumer = thread < point.consumers;
  if (point.shape == Topology::ping_pong) return consumer ? "server" : "client";
  if (point.shape == Topology::queue) {
    return (consumer ? "consumer " : "producer ") + std::to_string(consumer ? thread : thread - point.consumers);
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
    switch (worker.stage.load()) {
      case WorkerStatus::Stage::not_started:
        text << " waits for the start";
        break;
      case WorkerStatus::Stage::probing:
        text << " stuck in try_push or try_pop of the capacity probe";
        break;
      case WorkerStatus::Stage::finished:
        text << " finished";
        break;
      case WorkerStatus::Stage::running:
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

Watchdog::Watchdog(std::chrono::milliseconds patience, int exit_code, Report report)
    : patience_(patience),
      exit_code_(exit_code),
      report_(std::move(report)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Watchdog::~Watchdog() = default;

Watchdog::Guard::Guard(Watchdog& watchdog, const TrialPlan& plan, std::span<const WorkerStatus> workers)
    : watchdog_(watchdog) {
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.plan_ = &plan;
  watchdog_.workers_ = workers;
}

Watchdog::Guard::~Guard() {
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.workers_ = {};
}

void Watchdog::run(const std::stop_token& stop) {
  const auto poll = std::min(patience_ / 4, std::chrono::milliseconds(500));
  const void* watched = nullptr;
  std::uint64_t progress = 0;
  Steady::time_point since = Steady::now();
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, stop, poll, [] { return false; }) && !stop.stop_requested()) {
    if (workers_.empty()) {
      watched = nullptr;  // the next trial's workers may lie at the same place
      continue;
    }
    if (takes_too_many(*plan_, workers_)) {
      report_("exactly once: consumers take more messages than there are, without an end");
      std::_Exit(exit_code_);
    }
    const std::uint64_t now = progress_of(workers_);
    if (workers_.data() != watched || now != progress || anybody_works(workers_)) {
      watched = workers_.data();
      progress = now;
      since = Steady::now();
    } else if (Steady::now() - since >= patience_) {
      const std::chrono::duration<double> elapsed = Steady::now() - since;
      report_(describe(plan_->point, workers_, elapsed.count()));
      std::_Exit(exit_code_);
    }
  }
}

}  // namespace bq::bench
