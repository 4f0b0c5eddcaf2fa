#include "explorer/model_message.h"

#include <algorithm>

namespace bq::explorer {

namespace {

Execution& run() {
  return Execution::current();
}

std::string name_of(int number) {
  return number == Messages::none ? "an object without a message"
                                  : "message " + std::to_string(number);
}

}  // namespace

void Messages::step(const char* what, const void* at, const void* source) {
  if (!are_seen_ || run().is_without_steps() || run().is_over()) return;
  if (run().is_on_own_stack(at) && run().is_on_own_stack(source)) return;
  run().step(what, storage_);
  run().note_alone(static_cast<unsigned char>(*what));
  run().trace([&] {
    const Entry* const entry = find(source);
    return " " + name_of(entry == nullptr ? none : entry->number);
  });
}

Messages::Entry* Messages::find(const void* at) {
  const auto entry =
      std::find_if(alive_.begin(), alive_.end(), [at](const Entry& e) { return e.at == at; });
  return entry == alive_.end() ? nullptr : &*entry;
}

Messages::Entry* Messages::use(const char* what, const void* at, Access access) {
  Entry* const entry = find(at);
  if (entry == nullptr) {
    run().fail(std::string(what) +
               " of a message object that is not alive: before its construction, or after its "
               "destruction");
    return nullptr;
  }
  const auto race = [&](int other) {
    has_raced_ = true;
    if (!are_seen_) return;
    run().fail(std::string("data race: ") + what + " of " + name_of(entry->number) +
               " beside what " + (other == host ? "the host" : run().thread_names().at(other)) +
               " did to it; nothing orders the two");
  };
  if (!run().knows(entry->last_writer, entry->last_write)) race(entry->last_writer);
  if (access == Access::read) {
    entry->reads[run().running()] = run().access_number();
    return entry;
  }
  for (int other = 0; other <= max_threads; ++other) {
    if (!run().knows(other, entry->reads[other])) race(other);
  }
  entry->last_writer = run().running();
  entry->last_write = run().access_number();
  return entry;
}

void Messages::begin_life(const void* at, int number) {
  if (Entry* const other = find(at)) {
    run().fail("a message is constructed over " + name_of(other->number) +
               ", which is alive: its place was given away too early");
    alive_.erase(alive_.begin() + (other - alive_.data()));
  }
  alive_.push_back({at, number, run().running(), run().access_number(), {}});
}

int Messages::take_from(const void* source, Transfer how) {
  const bool is_move = how == Transfer::move;
  Entry* const from =
      use(is_move ? "move" : "copy", source, is_move ? Access::write : Access::read);
  if (from == nullptr) return none;
  const int number = from->number;
  if (is_move) from->number = none;
  return number;
}

void Messages::construct(const void* at, int number) {
  step("construct", at, at);
  begin_life(at, number);
}

void Messages::construct_from(const void* source, const void* at, Transfer how) {
  step(run().is_on_own_stack(at) ? "take" : "write", at, source);
  const int number = take_from(source, how);
  begin_life(at, number);
}

void Messages::assign_from(const void* source, const void* at, Transfer how) {
  if (source == at) return;
  step(run().is_on_own_stack(at) ? "take" : "write", at, source);
  const int number = take_from(source, how);
  if (Entry* const to = use("assignment", at, Access::write)) to->number = number;
}

void Messages::destroy(const void* at) {
  step("destroy", at, at);
  if (Entry* const entry = use("destruction", at, Access::write))
    alive_.erase(alive_.begin() + (entry - alive_.data()));
}

bool Messages::any_message() const {
  return std::any_of(alive_.begin(), alive_.end(), [](const Entry& e) { return e.number != none; });
}

int Messages::number_in(const void* at) {
  const Entry* const entry = use("a read", at, Access::read);
  return entry == nullptr ? none : entry->number;
}

}  // namespace bq::explorer
