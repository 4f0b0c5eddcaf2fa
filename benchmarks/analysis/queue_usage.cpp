#include "benchmarks/analysis/queue_usage.h"

#include <algorithm>

namespace bq::bench {

RoleUsage producer_usage(const TrialPlan& plan, const TrialRecord& record) {
  RoleUsage use;
  for (const ProducerRecord& producer : record.producers) use.usage += producer.usage;
  use.messages = static_cast<double>((plan.messages_per_producer - plan.warmup_per_producer) *
                                     plan.point.producers);
  return use;
}

double clock_wait_cpu_ns(const TrialRecord& record) {
  double cpu_ns = 0;
  for (const ProducerRecord& producer : record.producers) {
    cpu_ns += std::min(producer.usage.cpu_ns, ns_between(0, producer.clock_wait));
  }
  return cpu_ns;
}

RoleUsage consumer_usage(const TrialRecord& record) {
  RoleUsage use;
  for (const ConsumerRecord& consumer : record.consumers) {
    use.usage += consumer.usage;
    use.messages += static_cast<double>(consumer.messages - consumer.warm_messages);
  }
  return use;
}

}  // namespace bq::bench
