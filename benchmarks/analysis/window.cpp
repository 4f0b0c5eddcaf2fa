#include "benchmarks/analysis/window.h"

#include <algorithm>

namespace bq::bench {

namespace {

constexpr std::size_t slices = 100;  // of a timeline

}  // namespace

Window find_window(const TrialRecord& record) {
  Window window;
  for (const ProducerRecord& producer : record.producers) {
    window.open = std::max(window.open, producer.warm);
    window.close = std::min(window.close, producer.done);
  }
  for (const ConsumerRecord& consumer : record.consumers) {
    window.open = std::max(window.open, consumer.warm.value_or(0));
  }
  return window;
}

bool is_too_short(const TrialPlan& plan, std::uint64_t messages) {
  const auto planned = static_cast<double>((plan.messages_per_producer - plan.warmup_per_producer) *
                                           plan.point.producers);
  return static_cast<double>(messages) < planned / 4;
}

Timeline timeline_of(const Window& window, const TrialMessages& messages) {
  Timeline timeline;
  const Ticks length = window.close - window.open;
  timeline.slice_ns = window.length_ns() / slices;
  timeline.occupancy.assign(slices, 0);
  timeline.pushed.assign(slices, 0);
  std::vector<std::int64_t> change(slices + 1, 0);
  const auto slice_of = [&](Ticks t) -> std::size_t {
    if (t <= window.open) return 0;
    if (t > window.close) return slices;
    return std::min<std::size_t>(slices - 1,
                                 static_cast<std::size_t>((t - window.open) * slices / length));
  };
  for (const MessageTimes& message : messages.times) {
    if (message.dropped) continue;
    ++change[slice_of(message.push_done)];
    --change[slice_of(std::max(message.push_done, message.pop_call))];
    if (window.holds(message.push_done)) ++timeline.pushed[slice_of(message.push_done)];
  }
  std::int64_t inside = 0;
  for (std::size_t s = 0; s < slices; ++s) {
    inside += change[s];
    timeline.occupancy[s] = static_cast<std::uint64_t>(std::max<std::int64_t>(0, inside));
  }
  return timeline;
}

}  // namespace bq::bench
