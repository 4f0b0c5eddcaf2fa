#include "tests/harness/stopped_generator.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/analysis/verification.h"
#include "benchmarks/analysis/window.h"
#include "benchmarks/scenario/message.h"

namespace bq::bench::test {

namespace {

// Delays of one kind of hand-off, in the order of the trial.
class Delays {
 public:
  void add(Ticks delay) { delays_.push_back(delay); }
  bool empty() const { return delays_.empty(); }
  Ticks next() { return delays_[next_++ % delays_.size()]; }

 private:
  std::vector<Ticks> delays_;
  std::size_t next_ = 0;
};

// A trial may lack one kind of hand-off: the other is the nearest guess.
Delays& first_with_any(Delays& own, Delays& other) {
  return own.empty() ? other : own;
}

// When there is room for the next message, given the pops of those before it.
Ticks room_after(const std::vector<PopStamp>& pops, std::size_t entered, std::size_t capacity) {
  return entered >= capacity ? pops[entered - capacity].done : 0;
}

class StoppedTrial {
 public:
  StoppedTrial(const TrialPlan& plan, const TrialRecord& record, const GeneratorStop& stop)
      : plan_(plan), record_(record), stop_(stop), drops_(plan.point.when_full == WhenFull::drop) {
    const std::string fault = verify_timestamped(plan, record, Traits{}, messages_);
    if (!fault.empty()) throw std::invalid_argument("a trial with a fault: " + fault);
    const MessageTimes& stopped = messages_.times.at(stop.message);
    if (!find_window(record).holds(stopped.offered))
      throw std::invalid_argument("the generator stops outside the window");
    for (const MessageTimes& message : messages_.times) {
      if (message.dropped) continue;
      if (message.pop_call <= message.push_call) {
        wait_.add(message.pop_done - message.push_call);
      } else {
        take_.add(message.pop_done - message.pop_call);
      }
    }
  }

  TrialRecord run() {
    TrialRecord result = record_;
    ProducerRecord& producer = result.producers.front();
    pops_.reserve(plan_.messages_per_producer);
    pop_call_ = record_.consumers.front().stamps.front().call;
    Ticks push_done = 0;
    for (std::size_t i = 0; i < plan_.messages_per_producer; ++i) {
      const MessageTimes& before = messages_.times[i];
      const Ticks call = std::max(before.offered, push_done) + pause(i);
      const Ticks room = room_after(pops_, pops_.size(), record_.capacity);
      const bool dropped = drops_ && (i < stop_.message ? before.dropped : room > call);
      push_done = (drops_ ? call : std::max(call, room)) + push_length(before);
      producer.stamps[i] = {call, push_done};
      if (drops_) producer.dropped[i] = dropped;
      if (!before.dropped) ++entered_before_;
      if (!dropped) pop(i, call);
    }
    producer.done = push_done + (record_.producers.front().done - messages_.times.back().push_done);
    ConsumerRecord& consumer = result.consumers.front();
    consumer.messages = pops_.size();
    consumer.end_call = pop_call_;
    consumer.stamps = std::move(pops_);
    return result;
  }

 private:
  Ticks pause(std::size_t i) const {
    const MessageTimes& message = messages_.times[i];
    const Ticks free = i == 0 ? 0 : messages_.times[i - 1].push_done;
    const Ticks stopped =
        i == stop_.message ? static_cast<Ticks>(std::ceil(stop_.length_ns / ns_per_tick())) : 0;
    return message.push_call - std::max(message.offered, free) + stopped;
  }

  // From when there was room. A push may return before the pop that made room for it does.
  Ticks push_length(const MessageTimes& message) const {
    const Ticks room =
        drops_ ? 0
               : room_after(record_.consumers.front().stamps, entered_before_, record_.capacity);
    return message.push_done - std::min(message.push_done, std::max(message.push_call, room));
  }

  Ticks work(std::size_t i) const {
    const MessageTimes& message = messages_.times[i];
    if (!message.dropped) return message.work_done - message.pop_done;
    if (plan_.point.consumer.kind == WorkKind::none) return 0;
    return to_ticks(nominal_ns(plan_.point.consumer, plan_.demands.consumer.front()[i],
                               plan_.demands.step_costs.consumer_ns));
  }

  void pop(std::size_t i, Ticks push_call) {
    const bool waits = pop_call_ <= push_call;
    const Ticks done = waits ? push_call + first_with_any(wait_, take_).next()
                             : pop_call_ + first_with_any(take_, wait_).next();
    pops_.push_back({pop_call_, done, Message::of(0, i).id});
    pop_call_ = done + work(i);
  }

  const TrialPlan& plan_;
  const TrialRecord& record_;
  const GeneratorStop& stop_;
  const bool drops_;
  TrialMessages messages_;
  Delays wait_, take_;
  std::vector<PopStamp> pops_;
  Ticks pop_call_ = 0;              // of the next message that enters
  std::size_t entered_before_ = 0;  // without the stop
};

}  // namespace

TrialRecord with_stopped_generator(const TrialPlan& plan, const TrialRecord& record,
                                   const GeneratorStop& stop) {
  return StoppedTrial(plan, record, stop).run();
}

}  // namespace bq::bench::test
