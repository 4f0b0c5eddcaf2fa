#include "explorer/chooser.h"

#include <algorithm>

namespace bq::explorer {

// ---- depth first

void DepthFirst::begin_run() {
  depth_ = 0;
  spent_ = 0;
  is_known_ = false;
  is_settled_ = budget_ == 0;
}

int DepthFirst::affordable(int count, int free) const {
  const int left = budget_ - spent_;
  if (cost_ == Cost::delay) return std::min(count, left + 1);
  return left > 0 ? count : std::min(count, free);
}

int DepthFirst::take(int count, int free, std::uint64_t state) {
  count = affordable(count, free);
  if (count <= 1) return 0;
  int taken = 0;
  if (depth_ < path_.size()) {
    const Node& node = path_[depth_++];
    if (node.count != count) is_deterministic_ = false;
    taken = node.taken;
  } else if (!is_known_ && !is_repeating_) {
    if (state != 0) {
      const int left = budget_ - spent_;
      const auto [place, is_new] = seen_.try_emplace(state, left);
      if (!is_new && place->second >= left) {
        is_known_ = true;
        is_settled_ = true;
        return 0;
      }
      place->second = left;
    }
    path_.push_back({count, 0});
    ++depth_;
  }
  spent_ += cost_ == Cost::delay ? taken : taken >= free ? 1 : 0;
  is_settled_ = is_known_ || spent_ == budget_;
  return taken;
}

int DepthFirst::choose(int count, int free) {
  return take(count, free, 0);
}

int DepthFirst::choose_thread(std::span<const Candidate> candidates, int free,
                              std::uint64_t state) {
  return take(static_cast<int>(candidates.size()), free, state);
}

bool DepthFirst::next() {
  path_.resize(std::min(path_.size(), depth_));  // a run that failed early did not reach the others
  while (!path_.empty() && ++path_.back().taken == path_.back().count) path_.pop_back();
  return !path_.empty();
}

// ---- random

namespace {

constexpr std::uint64_t lowest = 1'000;  // dropped priorities are below, initial ones above
constexpr unsigned odds = 12;            // one alternative in 12 is a deviation

}  // namespace

void Pct::begin_run() {
  length_ = std::max(step_, 8);
  step_ = 0;
  running_ = -1;
  priorities_.assign(priorities_.size(), 0);
  drops_.clear();
  for (int i = 1; i < depth_; ++i) drops_.push_back(1 + static_cast<int>(random_() % length_));
}

int Pct::choose(int count, int free) {
  if (free == count || random_() % odds == 0) return static_cast<int>(random_() % count);
  return free > 1 ? static_cast<int>(random_() % free) : 0;
}

int Pct::choose_thread(std::span<const Candidate> candidates, int /*free*/,
                       std::uint64_t /*state*/) {
  ++step_;
  const auto priority = [&](int thread) -> std::uint64_t& {
    if (priorities_.size() <= static_cast<std::size_t>(thread)) priorities_.resize(thread + 1, 0);
    std::uint64_t& value = priorities_[thread];
    if (value == 0) value = lowest + random_() % 1'000'000;
    return value;
  };
  const auto drop = std::find(drops_.begin(), drops_.end(), step_);
  if (drop != drops_.end() && running_ >= 0) priority(running_) = 1 + (drop - drops_.begin());

  std::size_t ready = 0;
  while (ready < candidates.size() && candidates[ready].readiness == Readiness::yes) ++ready;
  std::size_t picked = 0;
  if (ready == 0 || (ready < candidates.size() && random_() % odds == 0)) {
    picked = random_() % candidates.size();  // time passes
  } else {
    for (std::size_t i = 1; i < ready; ++i) {
      if (priority(candidates[i].thread) > priority(candidates[picked].thread)) picked = i;
    }
  }
  running_ = candidates[picked].thread;
  return static_cast<int>(picked);
}

// ---- replay

int Replay::choose(int count, int /*free*/) {
  const int choice = next_ < choices_.size() ? choices_[next_++] : 0;
  if (choice < count) return choice;
  fits_ = false;
  return 0;
}

int Replay::choose_thread(std::span<const Candidate> candidates, int free,
                          std::uint64_t /*state*/) {
  return choose(static_cast<int>(candidates.size()), free);
}

}  // namespace bq::explorer
