#include "benchmarks/trial/worker_setup.h"

#include <sys/prctl.h>

#include <string>
#include <utility>

#include "benchmarks/platform/affinity.h"
#include "benchmarks/platform/syscall_counter.h"
#include "benchmarks/util/error.h"

namespace bq::bench::detail {

void prepare(TrialRecord& record, const TrialPlan& plan, std::size_t capacity) {
  const Point& point = plan.point;
  const bool traced = plan.level == Level::timestamped;
  record.capacity = capacity;
  record.fill.reset();
  record.stride = (plan.messages_per_producer - plan.warmup_per_producer) / 256 + 1;
  record.producers.resize(point.producers);
  record.consumers.resize(point.consumers);
  for (ProducerRecord& p : record.producers) {
    p.refused = 0;
    p.dropped.assign(point.when_full == WhenFull::drop ? plan.messages_per_producer : 0, false);
    p.stamps.resize(traced ? plan.messages_per_producer : 0);
    p.strides.clear();
    p.strides.reserve(258);
  }
  for (ConsumerRecord& c : record.consumers) {
    std::vector<PopStamp> stamps = std::move(c.stamps);
    c = ConsumerRecord{};
    c.stamps = std::move(stamps);
    c.stamps.resize(traced ? plan.total_messages() : 0);
  }
}

void pin_and_configure_thread(const TrialPlan& plan, const std::vector<int>& cores,
                              std::size_t thread) {
  if (!cores.empty()) pin_to(cores[thread]);
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);  // sleeps end on time
  if (plan.counts_syscalls) count_syscalls_of_this_thread();
}

Worker make_worker(const Work& work, WorkerStatus& status) {
  struct WhileInWork {
    std::atomic<bool>& in_work;
    ~WhileInWork() { in_work = false; }
  };
  status.in_work = true;
  const WhileInWork until_return{status.in_work};
  return Worker(work);
}

void cannot_start(const Point& point, const std::system_error& error) {
  fatal(ExitStatus::resource_limit,
        point.name + ": cannot start " + std::to_string(point.threads()) +
            " threads: " + error.what() + " (see ulimit -u, or the container's limit)");
}

}  // namespace bq::bench::detail
