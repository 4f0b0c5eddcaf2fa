#include "benchmarks/trial/background_load.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "benchmarks/platform/affinity.h"
#include "benchmarks/trial/placement.h"
#include "benchmarks/trial/workload.h"

namespace bq::bench {

namespace {

constexpr std::uint32_t chunk_steps = 10'000;  // some 10 us between two looks at the clock
// Of the cores: what is left over then is within the error of the rest.
constexpr double next_to_nothing = 0.02;

// 0, or what went wrong.
int become_idle() {
  const sched_param none{};
  return sched_setscheduler(0, SCHED_IDLE, &none) == 0 ? 0 : errno;
}

std::vector<int> victims_cores(const Point& point) {
  return point.placement == Placement::free ? allowed_cores() : used_cores(point);
}

}  // namespace

double WorkLog::at(Ticks when) const {
  if (entries_.empty()) return 0;
  const auto after = std::upper_bound(entries_.begin(), entries_.end(), when,
                                      [](Ticks t, const Entry& entry) { return t < entry.when; });
  if (after == entries_.begin()) return static_cast<double>(after->steps);
  const auto before = after - 1;
  if (after == entries_.end()) return static_cast<double>(before->steps);
  const double share =
      static_cast<double>(when - before->when) / static_cast<double>(after->when - before->when);
  return static_cast<double>(before->steps) +
         share * static_cast<double>(after->steps - before->steps);
}

// Every other entry goes, and new ones come half as often.
void WorkLog::thin_out() {
  for (std::size_t i = 1; 2 * i < entries_.size(); ++i) entries_[i] = entries_[2 * i];
  entries_.resize(entries_.size() / 2);
  least_ns_ *= 2;
}

BackgroundLoad::BackgroundLoad(const Point& point)
    : ready_(static_cast<std::ptrdiff_t>(victims_cores(point).size())) {
  for (const int core : victims_cores(point)) {
    threads_.push_back(std::make_unique<IdleThread>());
    threads_.back()->core = core;
  }
  for (const auto& idle : threads_) {
    idle->thread = std::jthread([this, &v = *idle](const std::stop_token& stop) { run(v, stop); });
  }
  ready_.wait();
  if (const int error = error_) {
    stop();
    throw std::system_error(error, std::generic_category(), "sched_setscheduler(SCHED_IDLE)");
  }
}

void BackgroundLoad::run(IdleThread& thread, const std::stop_token& stop) {
  pin_to(thread.core);
  if (const int error = become_idle()) error_ = error;
  ready_.count_down();
  std::uint64_t steps = 0;
  while (!stop.stop_requested()) {
    thread.log.add(now_ticks(), steps);
    spin_steps(chunk_steps);
    steps += chunk_steps;
  }
  thread.log.add(now_ticks(), steps);
}

void BackgroundLoad::stop() {
  for (const auto& idle : threads_) idle->thread.request_stop();
  for (const auto& idle : threads_) {
    if (!idle->thread.joinable()) continue;
    // On a busy core an idle thread may wait for seconds until it sees that it is to stop. Where it
    // may not be promoted again, it takes those seconds.
    const sched_param none{};
    pthread_setschedparam(idle->thread.native_handle(), SCHED_OTHER, &none);
    idle->thread.join();
  }
}

double BackgroundLoad::steps_between(Ticks from, Ticks to) const {
  double steps = 0;
  for (const auto& idle : threads_) steps += idle->log.between(from, to);
  return steps;
}

std::optional<std::string> no_background_load_reason() {
  int error = 0;
  // Of a thread of its own: it need not be allowed to come back.
  std::thread([&] { error = become_idle(); }).join();
  if (error == 0) return std::nullopt;
  return std::string("needs SCHED_IDLE for its neighbours, which the system refuses: ") +
         std::strerror(error);
}

BackgroundLoadShares background_load_shares(double load_ns, double cores_ns, double work_ns) {
  BackgroundLoadShares shares{load_ns / cores_ns, std::nullopt};
  const double left_over_ns = cores_ns - work_ns;
  if (left_over_ns > next_to_nothing * cores_ns) shares.lost = 1 - load_ns / left_over_ns;
  return shares;
}

}  // namespace bq::bench
