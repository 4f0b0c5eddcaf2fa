#include "benchmarks/analysis/untimed_analysis.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "benchmarks/analysis/metric_writer.h"
#include "benchmarks/analysis/queue_usage.h"
#include "benchmarks/analysis/role_metrics.h"
#include "benchmarks/analysis/window.h"
#include "benchmarks/util/statistics.h"

namespace bq::bench {

namespace {

// Messages that an untimed producer had pushed since its warm-up at time t: between two timestamps,
// in proportion.
double pushed_at(const ProducerRecord& producer, std::size_t stride, std::size_t count, Ticks t) {
  const auto after = std::upper_bound(producer.strides.begin(), producer.strides.end(), t);
  const auto index = static_cast<std::size_t>(after - producer.strides.begin());
  const auto full = static_cast<double>(std::min(index * stride, count));
  if (after == producer.strides.end()) return full;
  const Ticks begin = index == 0 ? producer.warm : producer.strides[index - 1];
  if (t <= begin) return full;
  const double share = static_cast<double>(t - begin) / static_cast<double>(*after - begin);
  return full + share * (static_cast<double>(std::min((index + 1) * stride, count)) - full);
}

double mean_work_cpu_ns(const Work& work, const std::vector<DemandStream>& streams,
                        double step_ns) {
  if (!takes_steps(work.kind)) return 0;
  double sum = 0;
  double count = 0;
  for (const DemandStream& stream : streams) {
    for (const std::uint32_t demand : stream) sum += demand * step_ns;
    count += static_cast<double>(stream.size());
  }
  return sum / count;
}

}  // namespace

void analyse_untimed(const TrialPlan& plan, const TrialRecord& record, TrialResult& out) {
  const Window window = find_window(record);
  const std::size_t count = plan.messages_per_producer - plan.warmup_per_producer;
  double messages = 0;
  std::vector<double> pushed;  // by each producer
  if (!window.empty()) {
    for (const ProducerRecord& producer : record.producers) {
      pushed.push_back(pushed_at(producer, record.stride, count, window.close) -
                       pushed_at(producer, record.stride, count, window.open));
      messages += pushed.back();
    }
  }
  out.messages = static_cast<std::uint64_t>(std::llround(messages));
  if (is_too_short(plan, out.messages)) {
    out.void_reason = short_window;
    return;
  }
  window.write_to(out);
  MetricWriter metrics(out);
  metrics.add("throughput_msgs_per_s", messages / out.window_ns * 1e9);
  RoleUsage producers = producer_usage(plan, record);
  RoleUsage consumers = consumer_usage(record);
  const Demands& demands = plan.demands;
  const double produce_ns =
      mean_work_cpu_ns(plan.point.producer, demands.producer, demands.step_costs.producer_ns);
  const double consume_ns =
      mean_work_cpu_ns(plan.point.consumer, demands.consumer, demands.step_costs.consumer_ns);
  out.work_cpu_ns = messages * (produce_ns + consume_ns);
  metrics.add("producer_fairness", jain_index(pushed));
  producers.work_cpu_ns = producers.messages * produce_ns;
  consumers.work_cpu_ns = consumers.messages * consume_ns;
  add_usage(metrics, {{"producer", producers}, {"consumer", consumers}});
}

}  // namespace bq::bench
