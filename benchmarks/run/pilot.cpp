#include "benchmarks/run/pilot.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>

#include "benchmarks/platform/cgroup.h"
#include "benchmarks/registry/owned_queue.h"

namespace bq::bench {

namespace {

constexpr double trusted_window_ns = 8e6;
// Of the trusted windows together. What many threads on few cores need may take seconds.
constexpr double enough_windows_ns = 1e9;
// Of one trial: a timestamped message takes about 150 bytes.
constexpr std::size_t most_timestamped_messages = 10'000'000;
constexpr std::size_t most_untimed_messages = 1'000'000'000;

std::size_t most_messages(const Point& point) {
  const bool timestamped = point.level() == Level::timestamped;
  return (timestamped ? most_timestamped_messages : most_untimed_messages) / point.queues();
}

// Least time between messages that sleeping sides can give in the long run. A short trial may show
// less by the luck of its few draws. (Spinning work has no such bound: a core may be faster than
// its calibration.)
double least_sleeping_ns_per_msg(const Point& point, bool bounded) {
  const auto slept_ns = [](const Work& work, std::size_t threads) {
    return work.kind == WorkKind::sleep ? work.mean_ns / static_cast<double>(threads) : 0;
  };
  const bool waits_for_consumers = bounded && point.when_full == WhenFull::wait;
  return std::max(slept_ns(point.producer, point.producers),
                  waits_for_consumers ? slept_ns(point.consumer, point.consumers) : 0);
}

double measure_ns_per_msg(const Point& point, double most_search_ns,
                          const std::function<TrialResult(TrialSize)>& run_trial) {
  using std::chrono::steady_clock;
  const auto ns_since = [](steady_clock::time_point start) {
    return std::chrono::duration<double, std::nano>(steady_clock::now() - start).count();
  };
  constexpr std::size_t growth = 4;
  const auto begin = steady_clock::now();
  const double producers = static_cast<double>(point.producers);
  // Every message of a chain may wait for a wake-up, or for a turn on the core.
  const double guess_ns = std::max(point.ideal_ns_per_msg(), point.is_chain() ? 10'000.0 : 100.0);
  auto each = static_cast<std::size_t>(std::clamp(3e6 / guess_ns / producers, 32.0, 2000.0));
  double fastest_ns = 0;
  double windows_ns = 0;  // trusted
  for (int attempt = 0, trusted = 0; attempt < 12 && trusted < 3 && windows_ns < enough_windows_ns;
       ++attempt) {
    const auto trial_begin = steady_clock::now();
    const TrialResult result = run_trial({each, each / 8});
    if (!result.fault.empty()) throw QueueFault(result.fault);
    if (!result.void_reason.empty()) {
      if (trusted > 0) break;
      each *= growth;
      if (each * point.producers > most_messages(point)) {
        throw Unmeasurable("no window to measure: " + result.void_reason);
      }
      if (ns_since(begin) + growth * ns_since(trial_begin) > most_search_ns) {
        throw Unmeasurable("no window to measure, and a longer trial would take too long: " +
                           result.void_reason + "; fewer threads, or more cores, may help");
      }
      continue;
    }
    const double ns = result.window_ns / static_cast<double>(result.messages);
    if (result.window_ns >= trusted_window_ns) {
      fastest_ns = trusted == 0 ? ns : std::min(fastest_ns, ns);
      ++trusted;
      windows_ns += result.window_ns;
    } else if (trusted == 0) {
      fastest_ns = ns;
    }
    each = std::max(each, static_cast<std::size_t>(1.5 * trusted_window_ns / ns / producers) + 8);
  }
  if (fastest_ns == 0) throw Unmeasurable("no window to measure, however many messages were tried");
  return fastest_ns;
}

}  // namespace

double least_window_ns(const Point& point, std::size_t cores) {
  // In an open loop the queue need not fill.
  const double slowest_ns =
      point.arrivals
          ? 0
          : std::max({point.producer.mean_ns, point.consumer.mean_ns, point.stage.mean_ns});
  const double fillings = 20 * static_cast<double>(point.queues() * point.capacity) * slowest_ns;
  const double shared_cores = point.spinning_threads() > cores ? 200e6 : 0;
  const double quota_periods = point.cpu_quota_pct ? 2 * CpuQuota::period_ns : 0;
  return std::max({40e6, fillings, shared_cores, quota_periods, point.window_ms.value_or(0) * 1e6});
}

PilotResult run_pilot(const Point& point, bool bounded, const PilotSettings& settings,
                      const std::function<TrialResult(TrialSize)>& run_trial) {
  const double producers = static_cast<double>(point.producers);
  // An open loop runs at the pace of its arrivals.
  const double measured_ns = point.arrivals
                                 ? point.ideal_ns_per_msg()
                                 : measure_ns_per_msg(point, settings.most_search_ns, run_trial);
  const double ns_per_msg = std::max(measured_ns, least_sleeping_ns_per_msg(point, bounded));
  const double fillings =
      point.arrivals ? 0 : 2.0 * static_cast<double>(point.queues() * point.capacity);
  const double warmup = std::max(settings.warmup_ns / ns_per_msg, fillings) / producers;
  // The fastest producer ends the window.
  const double measured = 1.05 * settings.window_ns / ns_per_msg / producers;
  if ((warmup + measured) * producers > static_cast<double>(most_messages(point))) {
    throw Unmeasurable("a window of " + std::to_string(std::llround(settings.window_ns / 1e6)) +
                       " ms takes more than " + std::to_string(most_messages(point)) +
                       " messages: ask for less capacity or more work");
  }
  const auto warmup_messages = static_cast<std::size_t>(std::ceil(warmup));
  return {{warmup_messages + static_cast<std::size_t>(std::ceil(measured)), warmup_messages},
          ns_per_msg};
}

}  // namespace bq::bench
