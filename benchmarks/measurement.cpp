#include "benchmarks/measurement.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "benchmarks/cgroup.h"
#include "benchmarks/fairness.h"
#include "benchmarks/ideal.h"
#include "benchmarks/report.h"

namespace bq::bench {

namespace {

constexpr std::size_t slices = 100;     // of a timeline
constexpr double most_lateness = 0.05;  // of the mean gap, at p99: later, and a generator is late
constexpr int least_sleep_ns = 1'000;   // a call that slept took longer: two context switches
constexpr Ticks never = std::numeric_limits<Ticks>::max();

// The way of one message through the queue.
struct Passage {
  Ticks offered = 0;  // open loop: its arrival; else the call of push
  Ticks push_call = 0, push_done = 0, pop_call = 0, pop_done = never;
  Ticks worked_until = 0;  // the consumer's next call
  std::uint32_t consumer = 0;
  bool dropped = false;  // never entered
};

std::string message_name(std::size_t producer, std::uint64_t sequence) {
  return "message " + std::to_string(sequence) + " of producer " + std::to_string(producer);
}

// ----------------------------------------------------------------------------------------------------------
// verification

std::string check_fill(const TrialRecord& record) {
  if (!record.fill) return "";
  if (record.fill->accepted != record.capacity) {
    return "bound: took " + std::to_string(record.fill->accepted) +
           (record.fill->accepted > record.capacity ? " or more" : "") + " messages until full, capacity() is " +
           std::to_string(record.capacity);
  }
  if (!record.fill->drained_in_order) return "order: filled and drained by one thread, messages came out wrong";
  return "";
}

std::string check_refusals(const TrialRecord& record) {
  for (std::size_t p = 0; p < record.producers.size(); ++p) {
    if (const auto refused = record.producers[p].refused) {
      return "refused " + std::to_string(refused) + " messages of producer " + std::to_string(p) + " though open";
    }
  }
  return "";
}

std::string check_count(const TrialPlan& plan, const TrialRecord& record) {
  std::uint64_t sent = plan.messages_per_producer * plan.point.producers;
  for (const ProducerRecord& producer : record.producers) {
    sent -= static_cast<std::uint64_t>(std::count(producer.dropped.begin(), producer.dropped.end(), true));
  }
  std::uint64_t received = 0;
  for (const ConsumerRecord& consumer : record.consumers) received += consumer.messages;
  if (received == sent) return "";
  return "exactly once: " + std::to_string(sent) + " messages were sent, " + std::to_string(received) + " arrived";
}

std::string check_counted(const TrialPlan& plan, const TrialRecord& record) {
  std::uint64_t expected = 0;
  for (std::size_t p = 0; p < plan.point.producers; ++p) {
    for (std::size_t i = 0; i < plan.messages_per_producer; ++i) expected += mix64(Message::of(p, i).id);
  }
  for (std::size_t c = 0; c < record.consumers.size(); ++c) {
    expected -= record.consumers[c].checksum;
    if (const auto wrong = record.consumers[c].out_of_order) {
      return "order: consumer " + std::to_string(c) + " saw " + std::to_string(wrong) +
             " messages out of their producer's order";
    }
  }
  return expected == 0 ? "" : "exactly once: some messages were lost, duplicated or altered (checksum)";
}

// Fills in the passages; a message that nobody sent, or that arrived twice, or not at all, is a fault.
std::string collect(const TrialPlan& plan, const TrialRecord& record, std::vector<Passage>& passages) {
  const std::size_t each = plan.messages_per_producer;
  passages.assign(plan.point.producers * each, Passage{});
  for (std::size_t p = 0; p < plan.point.producers; ++p) {
    for (std::size_t i = 0; i < each; ++i) {
      Passage& passage = passages[p * each + i];
      passage.push_call = record.producers[p].stamps[i].call;
      passage.push_done = record.producers[p].stamps[i].done;
      passage.dropped = record.dropped(p, i);
      passage.offered =
          plan.point.arrivals ? record.start + to_ticks(plan.demands.arrivals_ns[p][i]) : passage.push_call;
    }
  }
  for (std::size_t c = 0; c < record.consumers.size(); ++c) {
    const ConsumerRecord& consumer = record.consumers[c];
    std::vector<std::uint64_t> next(plan.point.producers, 0);
    const std::size_t count = std::min<std::size_t>(consumer.messages, consumer.stamps.size());
    for (std::size_t k = 0; k < count; ++k) {
      const PopStamp& stamp = consumer.stamps[k];
      const Message message{stamp.id};
      const std::uint64_t p = message.producer();
      const std::uint64_t i = message.sequence();
      if (p >= plan.point.producers || i >= each) return "exactly once: a message arrived that nobody sent";
      Passage& passage = passages[p * each + i];
      if (passage.dropped) return "exactly once: " + message_name(p, i) + " arrived though its push was refused";
      if (passage.pop_done != never) return "exactly once: " + message_name(p, i) + " arrived twice";
      if (i < next[p]) return "order: " + message_name(p, i) + " came after a later one";
      next[p] = i + 1;
      passage.pop_call = stamp.call;
      passage.pop_done = stamp.done;
      passage.worked_until = k + 1 < count ? consumer.stamps[k + 1].call : consumer.end_call;
      passage.consumer = static_cast<std::uint32_t>(c);
    }
  }
  for (std::size_t p = 0; p < plan.point.producers; ++p) {
    for (std::size_t i = 0; i < each; ++i) {
      const Passage& passage = passages[p * each + i];
      if (passage.pop_done == never && !passage.dropped)
        return "exactly once: " + message_name(p, i) + " never arrived";
    }
  }
  return "";
}

// No message whose push was over before another's began may still be waiting to be asked for when that other has
// arrived. What one thread at each end sees has been checked by collect().
std::string check_fifo(std::vector<const Passage*>& passages) {
  std::vector<const Passage*> by_done = passages;
  std::sort(passages.begin(), passages.end(), [](auto* a, auto* b) { return a->push_call < b->push_call; });
  std::sort(by_done.begin(), by_done.end(), [](auto* a, auto* b) { return a->push_done < b->push_done; });
  Ticks latest_pop_call = 0;
  auto earlier = by_done.begin();
  for (const Passage* later : passages) {
    for (; earlier != by_done.end() && (*earlier)->push_done < later->push_call; ++earlier) {
      latest_pop_call = std::max(latest_pop_call, (*earlier)->pop_call);
    }
    if (latest_pop_call > later->pop_done) return "order: a message overtook one that was pushed before it";
  }
  return "";
}

std::string check_order(const TrialPlan& plan, const Traits& traits, const std::vector<Passage>& passages) {
  if (plan.point.producers + plan.point.consumers == 2) return "";
  const std::size_t each = plan.messages_per_producer;
  const std::size_t group = traits.fifo == Fifo::global ? passages.size() : each;
  for (std::size_t first = 0; first < passages.size(); first += group) {
    std::vector<const Passage*> members;
    members.reserve(group);
    for (std::size_t n = first; n < first + group; ++n) {
      if (!passages[n].dropped) members.push_back(&passages[n]);
    }
    if (auto fault = check_fifo(members); !fault.empty()) return fault;
  }
  return "";
}

// Times at which messages entered and left, each sorted. Entered: the push was over; left: the pop had begun. What is
// inside by these is certainly inside.
struct Flow {
  std::vector<Ticks> entered, left;

  Flow() = default;
  explicit Flow(const std::vector<Passage>& passages) {
    entered.reserve(passages.size());
    left.reserve(passages.size());
    for (const Passage& passage : passages) {
      if (passage.dropped) continue;
      entered.push_back(passage.push_done);
      left.push_back(passage.pop_call);
    }
    std::sort(entered.begin(), entered.end());
    std::sort(left.begin(), left.end());
  }

  std::size_t peak(Ticks from, Ticks to) const {
    std::size_t most = 0;
    std::size_t gone = 0;
    for (std::size_t n = 0; n < entered.size() && entered[n] <= to; ++n) {
      while (gone < left.size() && left[gone] <= entered[n]) ++gone;
      if (entered[n] >= from && n + 1 > gone) most = std::max(most, n + 1 - gone);
    }
    return most;
  }
};

// The first fault of a traced trial. Fills in the passages and, where there is none, the flow.
std::string verify_traced(const TrialPlan& plan, const TrialRecord& record, const Traits& traits,
                          std::vector<Passage>& passages, Flow& flow) {
  if (auto fault = check_fill(record); !fault.empty()) return fault;
  if (auto fault = check_refusals(record); !fault.empty()) return fault;
  if (auto fault = collect(plan, record, passages); !fault.empty()) return fault;
  if (auto fault = check_count(plan, record); !fault.empty()) return fault;
  if (auto fault = check_order(plan, traits, passages); !fault.empty()) return fault;
  flow = Flow(passages);
  const std::size_t peak = flow.peak(0, never);
  if (peak <= record.capacity) return "";
  return "bound: " + std::to_string(peak) + " messages were inside at once, capacity() is " +
         std::to_string(record.capacity);
}

// ---------------------------------------------------------------------------------------------------------- the window

struct Window {
  Ticks open = 0, close = never;
  bool empty() const { return close <= open; }
  void write_to(Measurement& out) const {
    out.window_open = open;
    out.window_close = close;
    out.window_ns = ns_between(open, close);
  }
  bool holds(Ticks t) const { return t > open && t <= close; }
};

// From the last thread warm to the first producer done.
Window find_window(const TrialRecord& record) {
  Window window;
  for (const ProducerRecord& producer : record.producers) {
    window.open = std::max(window.open, producer.warm);
    window.close = std::min(window.close, producer.done);
  }
  for (const ConsumerRecord& consumer : record.consumers)
    window.open = std::max(window.open, consumer.warm.value_or(0));
  return window;
}

// Messages a counted producer had pushed since its warm-up, at time t: between two stamps, in proportion.
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

// ---------------------------------------------------------------------------------------------------------- service
// times

class Services {
 public:
  Services(const TrialPlan& plan, const std::vector<Passage>& passages) : plan_(plan), passages_(passages) {
    const std::size_t producers = plan.point.producers;
    const std::size_t each = plan.messages_per_producer;
    for (ServiceTimes* times : {&realised, &nominal, &asked}) {
      times->produce.assign(producers, std::vector<float>(each));
      times->consume.assign(producers, std::vector<float>(each));
    }
    realised.arrive = plan.demands.arrivals_ns;
    const bool produces = plan.point.producer.kind != Work::Kind::none;
    const bool consumes = plan.point.consumer.kind != Work::Kind::none;
    for (std::size_t p = 0; p < producers; ++p) {
      for (std::size_t i = 0; i < each; ++i) {
        const Passage& passage = passages[p * each + i];
        const Ticks before = i == 0 ? passage.push_call : passages[p * each + i - 1].push_done;
        realised.produce[p][i] = static_cast<float>(ns_between(before, passage.push_call));
        if (!passage.dropped)
          realised.consume[p][i] = static_cast<float>(ns_between(passage.pop_done, passage.worked_until));
        if (produces) nominal.produce[p][i] = to_ns(plan.point.producer, plan.demands.producer[p][i]);
        if (consumes) nominal.consume[p][i] = to_ns(plan.point.consumer, plan.demands.consumer[p][i]);
        if (passage.dropped) realised.consume[p][i] = nominal.consume[p][i];  // as it would have been
        asked.produce[p][i] = nominal.produce[p][i] + gap_in(realised.produce[p][i], nominal.produce[p][i]);
        asked.consume[p][i] = nominal.consume[p][i] + gap_in(realised.consume[p][i], nominal.consume[p][i]);
      }
    }
  }

  // The state of the trial as the window opens.
  Opening opening(Ticks open) const {
    Opening result;
    const std::size_t each = plan_.messages_per_producer;
    std::vector<std::pair<Ticks, Opening::Waiting>> waiting;
    result.consumer_free_ns.assign(plan_.point.consumers, 0);
    for (std::uint32_t p = 0; p < plan_.point.producers; ++p) {
      std::size_t i = 0;
      for (; i < each && entered_by(passages_[p * each + i], open); ++i) {
        const Passage& passage = passages_[p * each + i];
        if (passage.pop_done > open) {
          waiting.push_back({passage.push_done, {p, i}});
        } else if (passage.worked_until > open) {
          result.consumer_free_ns[passage.consumer] = ns_between(open, passage.worked_until);
        }
      }
      const Ticks call = i < each ? passages_[p * each + i].push_call : open;
      result.producers.push_back({i, call > open ? ns_between(open, call) : 0});
    }
    std::sort(waiting.begin(), waiting.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& entry : waiting) result.waiting.push_back(entry.second);
    return result;
  }

  // Open loop: the trial from its start, when nobody was busy and nothing had arrived.
  Opening beginning() const {
    Opening result;
    result.consumer_free_ns.assign(plan_.point.consumers, 0);
    for (const std::vector<double>& arrivals : plan_.demands.arrivals_ns) {
      result.producers.push_back({0, arrivals.empty() ? 0 : arrivals.front()});
    }
    return result;
  }

  static bool entered_by(const Passage& passage, Ticks t) { return passage.push_done <= t || passage.pop_done <= t; }

  ServiceTimes realised;  ///< as it took
  ServiceTimes nominal;   ///< as it was drawn
  ServiceTimes asked;     ///< as it was drawn, and the gaps that the machine made

 private:
  float to_ns(const Work& work, std::uint32_t demand) const {
    return static_cast<float>(nominal_ns(work, demand, plan_.demands.ns_per_step));
  }
  const TrialPlan& plan_;
  const std::vector<Passage>& passages_;
};

RoleUsage producer_usage(const TrialPlan& plan, const TrialRecord& record) {
  RoleUsage use;
  for (const ProducerRecord& producer : record.producers) use.usage += producer.usage;
  use.messages = static_cast<double>((plan.messages_per_producer - plan.warmup_per_producer) * plan.point.producers);
  return use;
}

// What waiting for arrivals cost; a producer that lost its core meanwhile used less than the time that it took.
double watching_cpu_ns(const TrialRecord& record) {
  double cpu_ns = 0;
  for (const ProducerRecord& producer : record.producers) {
    cpu_ns += std::min(producer.usage.cpu_ns, ns_between(0, producer.watched));
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

double mean_spin_ns(const Work& work, const std::vector<DemandStream>& streams, double ns_per_step) {
  if (work.kind != Work::Kind::spin) return 0;
  double sum = 0;
  double count = 0;
  for (const DemandStream& stream : streams) {
    for (const std::uint32_t demand : stream) sum += demand * ns_per_step;
    count += static_cast<double>(stream.size());
  }
  return sum / count;
}

// What the spin work alone takes of the cores, or of what a quota gives of them: at the start and at the end of a window
// nearly a whole period's share of that may be had at once.
double least_ns_on(const Point& point, std::size_t cores, double spin_work_ns) {
  const double at_most = spin_work_ns / static_cast<double>(cores);
  if (!point.cpu_quota_pct) return at_most;
  const double ahead_ns = 2 * CpuQuota::period_ns * (1 - *point.cpu_quota_pct / 100);
  return std::max(at_most, spin_work_ns / point.quota_cores(cores) - ahead_ns);
}

// A window that shrank to a fraction of what was planned, because some thread started or ended far from the others,
// says nothing.
bool too_short(const TrialPlan& plan, std::uint64_t messages) {
  const auto measured =
      static_cast<double>((plan.messages_per_producer - plan.warmup_per_producer) * plan.point.producers);
  return static_cast<double>(messages) < measured / 4;
}

constexpr const char* short_window = "one producer was done before, or hardly after, every thread was warm";

void measure_counted(const TrialPlan& plan, const TrialRecord& record, Measurement& out) {
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
  if (too_short(plan, out.messages)) {
    out.void_reason = short_window;
    return;
  }
  window.write_to(out);
  Report report(out);
  report.add("throughput_msgs_per_s", messages / out.window_ns * 1e9);
  RoleUsage producers = producer_usage(plan, record);
  RoleUsage consumers = consumer_usage(record);
  const Demands& demands = plan.demands;
  const double produce_ns = mean_spin_ns(plan.point.producer, demands.producer, demands.ns_per_step);
  const double consume_ns = mean_spin_ns(plan.point.consumer, demands.consumer, demands.ns_per_step);
  out.spin_work_ns = messages * (produce_ns + consume_ns);
  report.add("producer_fairness", jain_index(pushed));
  producers.work_cpu_ns = producers.messages * produce_ns;
  consumers.work_cpu_ns = consumers.messages * consume_ns;
  report_usage(report, {{"producer", producers}, {"consumer", consumers}});
}

Timeline draw_timeline(const Window& window, const std::vector<Passage>& passages) {
  Timeline timeline;
  const Ticks length = window.close - window.open;
  timeline.slice_ns = ns_between(window.open, window.close) / slices;
  timeline.occupancy.assign(slices, 0);
  timeline.pushed.assign(slices, 0);
  std::vector<std::int64_t> change(slices + 1, 0);
  const auto slice_of = [&](Ticks t) -> std::size_t {
    if (t <= window.open) return 0;
    if (t > window.close) return slices;
    return std::min<std::size_t>(slices - 1, static_cast<std::size_t>((t - window.open) * slices / length));
  };
  for (const Passage& passage : passages) {
    if (passage.dropped) continue;
    ++change[slice_of(passage.push_done)];
    --change[slice_of(std::max(passage.push_done, passage.pop_call))];  // what is inside by this is certainly inside
    if (window.holds(passage.push_done)) ++timeline.pushed[slice_of(passage.push_done)];
  }
  std::int64_t inside = 0;
  for (std::size_t s = 0; s < slices; ++s) {
    inside += change[s];
    timeline.occupancy[s] = static_cast<std::uint64_t>(std::max<std::int64_t>(0, inside));
  }
  return timeline;
}

// How long messages take from their arrival on, and how much longer than through the ideal queue. `sojourn` gets those
// that arrived inside the window; at least one did.
void measure_open_loop(const TrialPlan& plan, const TrialRecord& record, const Services& services,
                       const std::vector<Passage>& passages, const Window& window, std::optional<double> handoff_ns,
                       Histogram& sojourn, Report& report) {
  const Point& point = plan.point;
  const std::size_t each = plan.messages_per_producer;
  Histogram ideal_sojourn, floor_sojourn, excess;
  double excess_ns = 0;  // a histogram knows nothing below 0
  const auto passage_of = [&](std::size_t p, std::size_t i) -> const Passage& { return passages[p * each + i]; };
  const bool drops = point.when_full == WhenFull::drop;
  replay(services.realised, services.beginning(), {record.capacity, 0, drops}, passages.size(),
         [&](std::uint32_t p, std::size_t i, double ideal_ns) {
           const Passage& passage = passage_of(p, i);
           if (!window.holds(passage.offered)) return;
           ideal_sojourn.add(ideal_ns);
           if (passage.dropped) return;
           const double excess_of_it = ns_between(passage.offered, passage.pop_done) - ideal_ns;
           excess.add(excess_of_it);
           excess_ns += excess_of_it;
         });
  report.add_distribution("ideal_sojourn", ideal_sojourn);
  report.add_distribution("excess", excess);
  if (excess.count() > 0) report.set("excess_mean_ns", excess_ns / static_cast<double>(excess.count()));
  if (handoff_ns) {
    replay(services.realised, services.beginning(), {record.capacity, *handoff_ns, drops}, passages.size(),
           [&](std::uint32_t p, std::size_t i, double floor_ns) {
             if (window.holds(passage_of(p, i).offered)) floor_sojourn.add(floor_ns);
           });
    report.add_distribution("floor_sojourn", floor_sojourn);
  }

  // A producer that was free when a message arrived, and yet pushed it late, was no good generator.
  std::vector<double> lateness_ns;
  Window arriving = window;  // while all producers still get messages
  for (std::size_t p = 0; p < point.producers; ++p) {
    arriving.close = std::min(arriving.close, passage_of(p, each - 1).offered);
  }
  double arrived = 0, taken = 0, offered = 0;
  for (std::size_t p = 0; p < point.producers; ++p) {
    for (std::size_t i = 0; i < each; ++i) {
      const Passage& passage = passage_of(p, i);
      arrived += arriving.holds(passage.offered) && !passage.dropped;
      taken += arriving.holds(passage.pop_done);
      if (!window.holds(passage.offered)) continue;
      ++offered;
      if (!passage.dropped) sojourn.add(ns_between(passage.offered, passage.pop_done));
      const Ticks free = i == 0 ? 0 : passage_of(p, i - 1).push_done;
      lateness_ns.push_back(ns_between(std::max(passage.offered, free), passage.push_call));
    }
  }
  if (drops) {
    report.add("ideal_dropped_share", 1 - static_cast<double>(ideal_sojourn.count()) / offered);
  }
  const auto p99 = lateness_ns.begin() + static_cast<std::ptrdiff_t>(lateness_ns.size() * 99 / 100);
  std::nth_element(lateness_ns.begin(), p99, lateness_ns.end());
  report.add("generator_late_p99_ns", *p99);
  report.add("generator_is_late", *p99 > most_lateness * point.arrivals->mean_ns ? 1.0 : 0.0);
  report.add("overloaded", point.overloaded() ? 1.0 : 0.0);
  if (!arriving.empty()) {
    report.add("backlog_growth_msgs_per_s", (arrived - taken) / ns_between(arriving.open, arriving.close) * 1e9);
  }
}

void measure_traced(const TrialPlan& plan, const TrialRecord& record, const std::vector<Passage>& passages,
                    const Flow& flow, std::optional<double> handoff_ns, std::size_t cores, Measurement& out) {
  const Point& point = plan.point;
  const Window window = find_window(record);
  Report report(out);
  if (window.empty()) {
    out.void_reason = short_window;
    return;
  }
  // Threads do not always have a core to themselves.
  const bool overcommitted = point.spinning_threads() > cores || point.cpu_quota_pct;
  const Services services(plan, passages);
  const std::size_t each = plan.messages_per_producer;

  // What lay inside the window, and who did how much.
  Histogram sojourn, push_blocked, pop_blocked, dropped;
  RoleWork produce, consume;              // inside the window
  RoleWork usage_produce, usage_consume;  // inside the intervals that CPU usage was taken over
  std::size_t messages = 0;
  bool any_arrived = false;                                              // inside the window
  std::vector<double> pushed(point.producers), popped(point.consumers);  // by each thread, inside the window
  double producer_sleeps = 0, consumer_sleeps = 0;                       // calls that may have slept
  const auto consumed_from = [&](const Passage& passage) {
    const auto& warm = record.consumers[passage.consumer].warm;
    return !warm || passage.pop_done > *warm;
  };
  for (std::size_t p = 0; p < point.producers; ++p) {
    for (std::size_t i = 0; i < each; ++i) {
      const Passage& passage = passages[p * each + i];
      const double produce_ns = services.realised.produce[p][i];
      const double consume_ns = services.realised.consume[p][i];
      const double nominal_produce_ns = services.nominal.produce[p][i];
      const double nominal_consume_ns = services.nominal.consume[p][i];
      const double push_ns = ns_between(passage.push_call, passage.push_done);
      any_arrived = any_arrived || (point.arrivals && window.holds(passage.offered));
      if (i >= plan.warmup_per_producer) {
        usage_produce.add(produce_ns, nominal_produce_ns);
        producer_sleeps += push_ns > least_sleep_ns;
      }
      if (passage.dropped) {
        if (window.holds(passage.push_done)) dropped.add(push_ns);
        continue;
      }
      const double pop_ns = ns_between(passage.pop_call, passage.pop_done);
      if (consumed_from(passage)) {
        usage_consume.add(consume_ns, nominal_consume_ns);
        consumer_sleeps += pop_ns > least_sleep_ns;
      }
      if (window.holds(passage.push_done)) {
        ++pushed[p];
        if (!Services::entered_by(passage, window.open)) ++messages;
        produce.add(produce_ns, nominal_produce_ns);
        push_blocked.add(push_ns);
        if (!point.arrivals && passage.push_call > window.open) {
          sojourn.add(ns_between(passage.push_call, passage.pop_done));
        }
      }
      if (window.holds(passage.pop_done)) {
        ++popped[passage.consumer];
        consume.add(consume_ns, nominal_consume_ns);
        pop_blocked.add(pop_ns);
      }
    }
  }
  out.messages = messages;
  if (too_short(plan, messages + dropped.count())) {
    out.void_reason = short_window;
    return;
  }
  if (point.arrivals && !any_arrived) {
    out.void_reason = "every message had arrived before all threads were warm";
    return;
  }
  const double n = static_cast<double>(messages);
  window.write_to(out);
  const auto spin_ns = [&](const Work& work, const RoleWork& role) {
    return work.kind != Work::Kind::spin ? 0 : overcommitted ? role.nominal : role.cpu();
  };
  out.spin_work_ns = spin_ns(point.producer, produce) + spin_ns(point.consumer, consume);
  report.add("throughput_msgs_per_s", n / out.window_ns * 1e9);

  if (point.arrivals) {
    measure_open_loop(plan, record, services, passages, window, handoff_ns, sojourn, report);
  } else if (point.works()) {
    const Opening opening = services.opening(window.open);
    const Replay nominal =
        replay(overcommitted ? services.nominal : services.asked, opening, {record.capacity}, messages);
    // Where threads take turns on the cores, their service times contain each other's turns: only the nominal ones are
    // work.
    const ServiceTimes& honest = overcommitted ? services.nominal : services.realised;
    const Replay ideal = overcommitted ? nominal : replay(honest, opening, {record.capacity}, messages);
    double least_ns = 0;
    if (overcommitted) {
      least_ns = least_ns_on(point, cores, out.spin_work_ns);
      report.add("efficiency_is_bound", 1.0);
    }
    const double ideal_ns = std::max(ideal.window_ns, least_ns);
    const double nominal_ns = std::max(nominal.window_ns, least_ns);
    report.add("lost_ns_per_msg", (out.window_ns - ideal_ns) / n);
    report.add("efficiency", ideal_ns / out.window_ns);
    report.add("nominal_lost_ns_per_msg", (out.window_ns - nominal_ns) / n);
    report.add("nominal_efficiency", nominal_ns / out.window_ns);
    report.add_distribution("ideal_sojourn", ideal.sojourn);
    if (handoff_ns) {
      const Replay floor = replay(honest, opening, {record.capacity, *handoff_ns}, messages);
      report.add("floor_lost_ns_per_msg", (std::max(floor.window_ns, least_ns) - ideal_ns) / n);
      report.add_distribution("floor_sojourn", floor.sojourn);
    }
  }
  if (point.works() && !overcommitted) {
    const RoleWork worked = (point.producer.kind == Work::Kind::none ? RoleWork{} : produce) +
                            (point.consumer.kind == Work::Kind::none ? RoleWork{} : consume);
    report.add("work_inflation", worked.inflation());
    if (point.producer.kind != Work::Kind::none) report.add("producer_work_inflation", produce.inflation());
    if (point.consumer.kind != Work::Kind::none) report.add("consumer_work_inflation", consume.inflation());
    const RoleWork spun = (point.producer.kind == Work::Kind::spin ? produce : RoleWork{}) +
                          (point.consumer.kind == Work::Kind::spin ? consume : RoleWork{});
    if (spun.realised > 0) report.add("gap_share", spun.gaps / spun.realised);
  }
  if (point.producer.kind != Work::Kind::none) report.add("producer_work_mean_ns", produce.mean());
  if (point.consumer.kind != Work::Kind::none) report.add("consumer_work_mean_ns", consume.mean());
  report.add("producer_fairness", jain_index(pushed));
  report.add("consumer_fairness", jain_index(popped));
  report.add("generator_share", produce.realised / (out.window_ns * static_cast<double>(point.producers)));
  report.add_distribution("sojourn", sojourn);
  report.add("sojourn_max_ns", sojourn.max());
  if (point.when_full == WhenFull::drop) {
    const double refused = static_cast<double>(dropped.count());
    report.add("dropped_share", refused / (n + refused));
    report.add_distribution("drop", dropped);
  }
  report.add_distribution("push_blocked", push_blocked);
  report.add_distribution("pop_blocked", pop_blocked);
  report.add("peak_occupancy", static_cast<double>(flow.peak(window.open, window.close)));
  out.timeline = draw_timeline(window, passages);

  RoleUsage producers = producer_usage(plan, record);
  RoleUsage consumers = consumer_usage(record);
  producers.work_cpu_ns = point.arrivals ? watching_cpu_ns(record) : spin_ns(point.producer, usage_produce);
  consumers.work_cpu_ns = spin_ns(point.consumer, usage_consume);
  // Arrivals may be slept for. A consumer's last call, which brings the end, may sleep as well.
  const bool producers_sleep = point.arrivals || point.producer.kind == Work::Kind::sleep;
  producers.due_sleeps = producer_sleeps + (producers_sleep ? producers.messages : 0);
  consumers.due_sleeps = consumer_sleeps + static_cast<double>(point.consumers) +
                         (point.consumer.kind == Work::Kind::sleep ? consumers.messages : 0);
  report_usage(report, {{"producer", producers}, {"consumer", consumers}});
}

}  // namespace

std::string find_fault(const TrialPlan& plan, const TrialRecord& record, const Traits& traits) {
  std::vector<Passage> passages;
  Flow flow;
  return verify_traced(plan, record, traits, passages, flow);
}

Measurement measure(const TrialPlan& plan, const TrialRecord& record, const Traits& traits,
                    std::optional<double> handoff_ns, std::size_t cores) {
  Measurement out;
  const auto wrong = [&](std::string fault) {
    out.fault = std::move(fault);
    return !out.fault.empty();
  };
  if (plan.level == Level::counted) {
    if (wrong(check_fill(record)) || wrong(check_refusals(record))) return out;
    if (wrong(check_count(plan, record)) || wrong(check_counted(plan, record))) return out;
    measure_counted(plan, record, out);
    return out;
  }
  std::vector<Passage> passages;
  Flow flow;
  if (wrong(verify_traced(plan, record, traits, passages, flow))) return out;
  measure_traced(plan, record, passages, flow, handoff_ns, cores, out);
  return out;
}

double least_window_ns(const Point& point, std::size_t cores) {
  // What arrives by itself does not fill the queue.
  const double slower =
      point.arrivals ? 0 : std::max({point.producer.mean_ns, point.consumer.mean_ns, point.stage.mean_ns});
  const double fillings = 20 * static_cast<double>(point.queues() * point.capacity) * slower;
  const double turns = point.spinning_threads() > cores ? 200e6 : 0;
  const double quotas = point.cpu_quota_pct ? 2 * CpuQuota::period_ns : 0;
  return std::max({40e6, fillings, turns, quotas, point.window_ms * 1e6});
}

}  // namespace bq::bench
