#include "explorer/scenario.h"

#include <algorithm>
#include <utility>

#include "checking/by_name.h"
#include "explorer/queue_run.h"

namespace bq::explorer {

namespace {

std::string numbered(const char* role, int number, int count) {
  std::string name = role;
  if (count > 1) name.append(" ").append(std::to_string(number + 1));
  return name;
}

std::vector<Subject>& all_subjects() {
  static std::vector<Subject> all;
  return all;
}

}  // namespace

std::string why_unsupported(const Subject& subject, const Shape& shape) {
  const Traits& traits = subject.traits;
  const auto timed = [](auto form) { return is_timed(form); };
  if (!subject.make) return "does not synchronise through Sync";
  if (shape.producers > 1 && traits.producers == Endpoints::one) return "takes one producer";
  if (shape.consumers > 1 && traits.consumers == Endpoints::one) return "takes one consumer";
  if (traits.timed == Timed::none &&
      (std::any_of(shape.pushes.begin(), shape.pushes.end(), timed) ||
       std::any_of(shape.pops.begin(), shape.pops.end(), timed))) {
    return "has no timed calls";
  }
  const auto is_try = [](auto form) { return !waits_for_ever(form) && !is_timed(form); };
  if (traits.tries == Tries::none &&
      (std::any_of(shape.pushes.begin(), shape.pushes.end(), is_try) ||
       std::any_of(shape.pops.begin(), shape.pops.end(), is_try))) {
    return "has no try calls";
  }
  if (shape.ending == Shape::Ending::race && traits.close == Close::quiescent) {
    return "close is exact only while no push runs";
  }
  if (traits.close == Close::end_of_stream &&
      (shape.ending == Shape::Ending::race || shape.ending == Shape::Ending::quiet)) {
    return "cannot be closed: pops see the end of a stream, and pushes do not";
  }
  if (shape.capacity < traits.min_capacity || shape.capacity > traits.max_capacity)
    return "cannot have this capacity";
  return "";
}

std::function<void(Execution&)> program(const Subject& subject, const Shape& shape) {
  return [subject, shape, checked = std::make_shared<CheckedHistories>()](Execution& run) {
    auto queue_run = std::make_shared<QueueRun>(subject.traits, subject.make,
                                                subject.orders_messages, shape, *checked);
    for (int i = 0; i < shape.producers; ++i) {
      run.spawn(numbered("producer", i, shape.producers),
                [queue_run, i] { queue_run->produce(i); });
    }
    for (int i = 0; i < shape.consumers; ++i) {
      run.spawn(numbered("consumer", i, shape.consumers),
                [queue_run, i] { queue_run->consume(i); });
    }
    if (shape.ending == Shape::Ending::race)
      run.spawn("closer", [queue_run] { queue_run->close(); });
    if (shape.ending == Shape::Ending::quiet)
      run.spawn("closer", [queue_run] { queue_run->close_when_quiet(); });
    run.before_time_passes([queue_run] { return queue_run->waiter_in_vain(); });
    run.at_end([queue_run] { queue_run->check_at_rest(); });
  };
}

const std::vector<Subject>& subjects() {
  return all_subjects();
}

bool add_subject(Subject subject) {
  checking::insert_by_name(all_subjects(), std::move(subject));
  return true;
}

}  // namespace bq::explorer
