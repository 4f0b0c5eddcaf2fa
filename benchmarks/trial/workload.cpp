#include "benchmarks/trial/workload.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace bq::bench {

namespace {

// Uniform in (0, 1].
double unit(std::uint64_t bits) {
  return (static_cast<double>(bits >> 11) + 1) * 0x1p-53;
}

// Standard normal, by the transform of Box and Muller (1958).
double normal(std::uint64_t bits) {
  return std::sqrt(-2 * std::log(unit(bits))) * std::cos(2 * std::numbers::pi * unit(mix64(bits)));
}

// One stream of times: a pure function of its key and the sequence.
class Stream {
 public:
  /// `part`: which of `parts` streams this is. They read a trace from places that lie as far apart
  /// as can be.
  Stream(const Process& process, std::uint64_t key, std::size_t part, std::size_t parts)
      : process_(process), key_(key), part_(part), parts_(parts) {}

  double ns(std::uint64_t sequence) const {
    const std::uint64_t bits = mix64(key_ + sequence * 0x9e3779b97f4a7c15u);
    switch (process_.distribution) {
      case Distribution::constant:
        return process_.mean_ns;
      case Distribution::exponential:
        return process_.mean_ns * exponential(bits);
      case Distribution::lognormal: {
        const double variance = std::log1p(process_.cv * process_.cv);  // of the logarithm
        return process_.mean_ns * std::exp(std::sqrt(variance) * normal(bits) - variance / 2);
      }
      case Distribution::bursty: {
        const double burst = static_cast<double>(process_.burst_msgs);
        const double pause_mean = process_.mean_ns * burst - process_.burst_gap_ns * (burst - 1);
        return sequence % process_.burst_msgs == 0 ? pause_mean * exponential(bits)
                                                   : process_.burst_gap_ns;
      }
      case Distribution::trace: {
        const std::vector<double>& recorded = process_.trace->ns;
        const std::size_t offset = part_ * recorded.size() / parts_;
        return recorded[(sequence + offset) % recorded.size()] * process_.mean_ns /
               process_.trace->mean_ns;
      }
    }
    return 0;
  }

 private:
  static double exponential(std::uint64_t bits) { return -std::log(unit(bits)); }

  const Process& process_;
  std::uint64_t key_;
  std::size_t part_, parts_;
};

void draw_work(const Work& work, const Stream& times, std::size_t batch, double step_ns,
               std::size_t count, DemandStream& out) {
  out.clear();
  if (work.kind == Work::Kind::none) return;
  out.reserve(count);
  for (std::uint64_t sequence = 0; sequence < count; ++sequence) {
    // The first message of a batch carries the work of the whole batch, which keeps the mean per
    // message.
    const double ns =
        sequence % batch == 0 ? times.ns(sequence / batch) * static_cast<double>(batch) : 0;
    const double demand = std::min(std::round(ns / unit_ns(work, step_ns)),
                                   double{std::numeric_limits<std::uint32_t>::max()});
    out.push_back(static_cast<std::uint32_t>(demand));
  }
}

void draw_arrivals(const Stream& gaps, std::size_t producers, std::size_t batch, std::size_t count,
                   std::vector<double>& out) {
  out.clear();
  out.reserve(count);
  double now = 0;
  for (std::uint64_t sequence = 0; sequence < count; ++sequence) {
    if (sequence % batch == 0)
      now += gaps.ns(sequence / batch) * static_cast<double>(producers * batch);
    out.push_back(now);
  }
}

}  // namespace

void draw_demands(const Point& point, std::uint64_t seed, std::uint64_t round,
                  const StepCosts& step_costs, std::size_t messages_per_producer, Demands& out) {
  out.step_costs = step_costs;
  out.producer.resize(point.producers);
  out.consumer.resize(point.producers);
  const std::uint64_t trial_key = mix64(hash_text(point.name, seed) ^ mix64(round));
  out.arrivals_ns.resize(point.arrivals ? point.producers : 0);
  for (std::size_t p = 0; p < point.producers; ++p) {
    const std::uint64_t offer_key = mix64(trial_key ^ mix64(2 * p));
    const std::uint64_t consume_key = mix64(trial_key ^ mix64(2 * p + 1));
    if (point.arrivals) {
      draw_arrivals({*point.arrivals, offer_key, p, point.producers}, point.producers, point.batch,
                    messages_per_producer, out.arrivals_ns[p]);
    }
    draw_work(point.producer, {point.producer, offer_key, p, point.producers}, point.batch,
              step_costs.producer_ns, messages_per_producer, out.producer[p]);
    draw_work(point.consumer, {point.consumer, consume_key, p, point.producers}, 1,
              step_costs.consumer_ns, messages_per_producer, out.consumer[p]);
  }
  constexpr std::uint64_t first_stage_key = 1 << 20;  // beyond those of any producer
  out.stage.resize(point.middle_stages());
  for (std::size_t s = 0; s < out.stage.size(); ++s) {
    draw_work(point.stage,
              {point.stage, mix64(trial_key ^ mix64(first_stage_key + s)), s, out.stage.size()}, 1,
              step_costs.stage_ns, messages_per_producer, out.stage[s]);
  }
}

}  // namespace bq::bench
