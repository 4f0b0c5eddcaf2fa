#include "benchmarks/workload.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bq::bench {

namespace {

// Uniform in (0, 1].
double unit(std::uint64_t bits) {
  return (static_cast<double>(bits >> 11) + 1) * 0x1p-53;
}

double draw_ns(const Work& work, std::uint64_t bits, std::uint64_t sequence) {
  const double exponential = -std::log(unit(bits));
  switch (work.process) {
    case Work::Process::constant:
      return work.mean_ns;
    case Work::Process::exponential:
      return work.mean_ns * exponential;
    case Work::Process::bursty: {
      const double burst = static_cast<double>(work.burst_msgs);
      const double pause_mean = work.mean_ns * burst - work.burst_gap_ns * (burst - 1);
      return sequence % work.burst_msgs == 0 ? pause_mean * exponential : work.burst_gap_ns;
    }
  }
  return 0;
}

void draw_stream(const Work& work, std::uint64_t key, double ns_per_step, std::size_t count, DemandStream& out) {
  out.clear();
  if (work.kind == Work::Kind::none) return;
  out.reserve(count);
  const double unit_ns = work.kind == Work::Kind::spin ? ns_per_step : 1;
  for (std::uint64_t sequence = 0; sequence < count; ++sequence) {
    const double ns = draw_ns(work, mix64(key + sequence * 0x9e3779b97f4a7c15u), sequence);
    const double demand = std::min(std::round(ns / unit_ns), double{std::numeric_limits<std::uint32_t>::max()});
    out.push_back(static_cast<std::uint32_t>(demand));
  }
}

}  // namespace

std::uint64_t hash_text(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = mix64(seed);
  for (const char c : text) hash = mix64(hash ^ static_cast<unsigned char>(c));
  return hash;
}

void draw_demands(const Point& point, std::uint64_t seed, std::uint64_t round, double ns_per_step,
                  std::size_t messages_per_producer, Demands& out) {
  out.ns_per_step = ns_per_step;
  out.producer.resize(point.producers);
  out.consumer.resize(point.producers);
  const std::uint64_t trial_key = mix64(hash_text(point.name, seed) ^ mix64(round));
  for (std::size_t p = 0; p < point.producers; ++p) {
    draw_stream(point.producer, mix64(trial_key ^ mix64(2 * p)), ns_per_step, messages_per_producer, out.producer[p]);
    draw_stream(point.consumer, mix64(trial_key ^ mix64(2 * p + 1)), ns_per_step, messages_per_producer,
                out.consumer[p]);
  }
}

}  // namespace bq::bench
