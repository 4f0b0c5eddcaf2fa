#include "benchmarks/analysis/verification.h"

#include <algorithm>

#include "benchmarks/scenario/message.h"
#include "benchmarks/util/hash.h"

namespace bq::bench {

namespace {

std::string message_name(std::size_t producer, std::uint64_t sequence) {
  return "message " + std::to_string(sequence) + " of producer " + std::to_string(producer);
}

std::string check_fill(const TrialRecord& record) {
  if (!record.fill) return "";
  if (record.fill->accepted != record.capacity) {
    return "bound: took " + std::to_string(record.fill->accepted) +
           (record.fill->accepted > record.capacity ? " or more" : "") +
           " messages until full, capacity() is " + std::to_string(record.capacity);
  }
  if (!record.fill->drained_in_order)
    return "order: filled and drained by one thread, messages came out wrong";
  return "";
}

std::string check_refusals(const TrialRecord& record) {
  for (std::size_t p = 0; p < record.producers.size(); ++p) {
    if (const auto refused = record.producers[p].refused) {
      return "refused " + std::to_string(refused) + " messages of producer " + std::to_string(p) +
             " though open";
    }
  }
  return "";
}

std::string check_count(const TrialPlan& plan, const TrialRecord& record) {
  std::uint64_t sent = plan.messages_per_producer * plan.point.producers;
  for (const ProducerRecord& producer : record.producers) {
    sent -= static_cast<std::uint64_t>(
        std::count(producer.dropped.begin(), producer.dropped.end(), true));
  }
  std::uint64_t received = 0;
  for (const ConsumerRecord& consumer : record.consumers) received += consumer.messages;
  if (received == sent) return "";
  return "exactly once: " + std::to_string(sent) + " messages were sent, " +
         std::to_string(received) + " arrived";
}

std::string check_checksums(const TrialPlan& plan, const TrialRecord& record) {
  std::uint64_t expected = 0;
  for (std::size_t p = 0; p < plan.point.producers; ++p) {
    for (std::size_t i = 0; i < plan.messages_per_producer; ++i)
      expected += mix64(Message::of(p, i).id);
  }
  for (std::size_t c = 0; c < record.consumers.size(); ++c) {
    expected -= record.consumers[c].checksum;
    if (const auto wrong = record.consumers[c].out_of_order) {
      return "order: consumer " + std::to_string(c) + " saw " + std::to_string(wrong) +
             " messages out of their producer's order";
    }
  }
  return expected == 0 ? ""
                       : "exactly once: some messages were lost, duplicated or altered (checksum)";
}

// Fills in the messages. A forged, duplicated or lost message is a fault.
std::string collect(const TrialPlan& plan, const TrialRecord& record,
                    std::vector<MessageTimes>& messages) {
  const std::size_t each = plan.messages_per_producer;
  messages.assign(plan.point.producers * each, MessageTimes{});
  for (std::size_t p = 0; p < plan.point.producers; ++p) {
    for (std::size_t i = 0; i < each; ++i) {
      MessageTimes& message = messages[p * each + i];
      message.push_call = record.producers[p].stamps[i].call;
      message.push_done = record.producers[p].stamps[i].done;
      message.dropped = record.dropped(p, i);
      message.offered = plan.point.arrivals
                            ? record.start + to_ticks(plan.demands.arrivals_ns[p][i])
                            : message.push_call;
    }
  }
  for (std::size_t c = 0; c < record.consumers.size(); ++c) {
    const ConsumerRecord& consumer = record.consumers[c];
    std::vector<std::uint64_t> next(plan.point.producers, 0);
    const std::size_t count = std::min<std::size_t>(consumer.messages, consumer.stamps.size());
    for (std::size_t k = 0; k < count; ++k) {
      const PopStamp& stamp = consumer.stamps[k];
      const Message number{stamp.id};
      const std::uint64_t p = number.producer();
      const std::uint64_t i = number.sequence();
      if (p >= plan.point.producers || i >= each)
        return "exactly once: a message arrived that nobody sent";
      MessageTimes& message = messages[p * each + i];
      if (message.dropped)
        return "exactly once: " + message_name(p, i) + " arrived though its push was refused";
      if (message.pop_done != never)
        return "exactly once: " + message_name(p, i) + " arrived twice";
      if (i < next[p]) return "order: " + message_name(p, i) + " came after a later one";
      next[p] = i + 1;
      message.pop_call = stamp.call;
      message.pop_done = stamp.done;
      message.work_done = k + 1 < count ? consumer.stamps[k + 1].call : consumer.end_call;
      message.consumer = static_cast<std::uint32_t>(c);
    }
  }
  for (std::size_t p = 0; p < plan.point.producers; ++p) {
    for (std::size_t i = 0; i < each; ++i) {
      const MessageTimes& message = messages[p * each + i];
      if (message.pop_done == never && !message.dropped)
        return "exactly once: " + message_name(p, i) + " never arrived";
    }
  }
  return "";
}

// Whether a stamp is of a message behind the first of its batch (queue_trial.h): its call began
// with that of the one before.
bool is_in_batch(const auto& before, const auto& stamp) {
  return stamp.call == stamp.done && stamp.call == before.done;
}

// The same messages, each call from its true begin: those of a batch overlap.
std::vector<MessageTimes> with_whole_calls(const TrialPlan& plan, const TrialRecord& record,
                                           std::vector<MessageTimes> messages) {
  const std::size_t each = plan.messages_per_producer;
  for (std::size_t p = 0; p < plan.point.producers; ++p) {
    const std::vector<PushStamp>& stamps = record.producers[p].stamps;
    for (std::size_t i = 1; i < each; ++i) {
      if (is_in_batch(stamps[i - 1], stamps[i]))
        messages[p * each + i].push_call = messages[p * each + i - 1].push_call;
    }
  }
  for (const ConsumerRecord& consumer : record.consumers) {
    const std::size_t count = std::min<std::size_t>(consumer.messages, consumer.stamps.size());
    const auto pop_call = [&](const PopStamp& stamp) -> Ticks& {
      const Message number{stamp.id};
      return messages[number.producer() * each + number.sequence()].pop_call;
    };
    for (std::size_t k = 1; k < count; ++k) {
      if (is_in_batch(consumer.stamps[k - 1], consumer.stamps[k]))
        pop_call(consumer.stamps[k]) = pop_call(consumer.stamps[k - 1]);
    }
  }
  return messages;
}

// A message whose push returned before another one's began must not still be inside when that other
// one has arrived. collect() has checked what one thread at each end sees.
std::string check_fifo(std::vector<const MessageTimes*>& messages) {
  std::vector<const MessageTimes*> by_done = messages;
  std::sort(messages.begin(), messages.end(),
            [](auto* a, auto* b) { return a->push_call < b->push_call; });
  std::sort(by_done.begin(), by_done.end(),
            [](auto* a, auto* b) { return a->push_done < b->push_done; });
  Ticks latest_pop_call = 0;
  auto earlier = by_done.begin();
  for (const MessageTimes* later : messages) {
    for (; earlier != by_done.end() && (*earlier)->push_done < later->push_call; ++earlier) {
      latest_pop_call = std::max(latest_pop_call, (*earlier)->pop_call);
    }
    if (latest_pop_call > later->pop_done)
      return "order: a message overtook one that was pushed before it";
  }
  return "";
}

std::string check_order(const TrialPlan& plan, const Traits& traits,
                        const std::vector<MessageTimes>& messages) {
  if (plan.point.producers + plan.point.consumers == 2) return "";
  const std::size_t each = plan.messages_per_producer;
  const std::size_t group = traits.fifo == Fifo::global ? messages.size() : each;
  for (std::size_t first = 0; first < messages.size(); first += group) {
    std::vector<const MessageTimes*> members;
    members.reserve(group);
    for (std::size_t n = first; n < first + group; ++n) {
      if (!messages[n].dropped) members.push_back(&messages[n]);
    }
    if (auto fault = check_fifo(members); !fault.empty()) return fault;
  }
  return "";
}

}  // namespace

Flow::Flow(const std::vector<MessageTimes>& messages) {
  entered.reserve(messages.size());
  left.reserve(messages.size());
  for (const MessageTimes& message : messages) {
    if (message.dropped) continue;
    entered.push_back(message.push_done);
    left.push_back(message.pop_call);
  }
  std::sort(entered.begin(), entered.end());
  std::sort(left.begin(), left.end());
}

std::size_t Flow::peak(Ticks from, Ticks to) const {
  std::size_t most = 0;
  std::size_t gone = 0;
  for (std::size_t n = 0; n < entered.size() && entered[n] <= to; ++n) {
    while (gone < left.size() && left[gone] <= entered[n]) ++gone;
    if (entered[n] >= from && n + 1 > gone) most = std::max(most, n + 1 - gone);
  }
  return most;
}

std::string verify_timestamped(const TrialPlan& plan, const TrialRecord& record,
                               const Traits& traits, TrialMessages& messages) {
  if (auto fault = check_fill(record); !fault.empty()) return fault;
  if (auto fault = check_refusals(record); !fault.empty()) return fault;
  if (auto fault = collect(plan, record, messages.times); !fault.empty()) return fault;
  if (auto fault = check_count(plan, record); !fault.empty()) return fault;
  std::vector<MessageTimes> batched;
  if (plan.point.batch > 1) batched = with_whole_calls(plan, record, messages.times);
  const std::vector<MessageTimes>& whole = plan.point.batch > 1 ? batched : messages.times;
  if (auto fault = check_order(plan, traits, whole); !fault.empty()) return fault;
  messages.flow = Flow(whole);
  const std::size_t peak = messages.flow.peak(0, never);
  if (peak <= record.capacity) return "";
  return "bound: " + std::to_string(peak) + " messages were inside at once, capacity() is " +
         std::to_string(record.capacity);
}

std::string verify_untimed(const TrialPlan& plan, const TrialRecord& record) {
  if (auto fault = check_fill(record); !fault.empty()) return fault;
  if (auto fault = check_refusals(record); !fault.empty()) return fault;
  if (auto fault = check_count(plan, record); !fault.empty()) return fault;
  return check_checksums(plan, record);
}

}  // namespace bq::bench
