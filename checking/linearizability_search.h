// The search behind not_linearizable (linearizability.h), and the timeline that explains its
// result.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "checking/history.h"

namespace bq::checking::detail {

inline std::vector<std::int64_t> sorted_times(const History& history) {
  std::vector<std::int64_t> times;
  for (const Operation& operation : history) {
    times.push_back(operation.call);
    if (!operation.is_pending()) times.push_back(operation.returned);
  }
  std::sort(times.begin(), times.end());
  return times;
}

/// The history as text: one line for each operation, sorted by their beginnings.
inline std::string timeline(History history) {
  std::sort(history.begin(), history.end(),
            [](const Operation& a, const Operation& b) { return a.call < b.call; });
  const auto times = sorted_times(history);  // a column for each
  const auto column = [&](std::int64_t time) {
    return static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), time) -
                                    times.begin());
  };
  std::size_t width = 0;
  for (const Operation& operation : history) width = std::max(width, to_string(operation).size());

  std::ostringstream lines;
  for (const Operation& operation : history) {
    std::string bar(column(operation.returned) + 1, '-');
    std::fill_n(bar.begin(), column(operation.call), ' ');
    bar[column(operation.call)] = '|';
    bar.back() = operation.is_pending() ? '>' : '|';
    lines << "  " << std::left << std::setw(static_cast<int>(width)) << to_string(operation) << "  "
          << bar << '\n';
  }
  return lines.str();
}

/// Searches, depth first, for an order of the operations that is possible for a queue used by one
/// thread.
class Search {
 public:
  // Number of bits in the set of completed operations.
  static constexpr std::size_t max_operations = 64;

  Search(const History& history, std::size_t capacity) : operations_(history), capacity_(capacity) {
    if (operations_.size() > max_operations) {
      throw std::invalid_argument("a history of " + std::to_string(operations_.size()) +
                                  " operations: the search ends at " +
                                  std::to_string(max_operations));
    }
    std::sort(operations_.begin(), operations_.end(),
              [](const Operation& a, const Operation& b) { return a.call < b.call; });
  }

  /// Whether the operations completed so far can be followed by all others.
  bool succeeds() {
    if (order_.size() > furthest_.size()) furthest_ = order_;
    const std::int64_t first_return = this->first_return();
    if (first_return == never) return true;
    // The same operations completed, and the same messages inside: the rest is the same, and has
    // failed.
    if (!visited_.insert({done_, inside_}).second) return false;
    const auto inside = inside_;
    for (std::size_t i = 0; i < operations_.size() && operations_[i].call < first_return; ++i) {
      if (is_done(i) || !apply(operations_[i])) continue;
      done_ ^= bit(i);
      order_.push_back(i);
      if (succeeds()) return true;
      order_.pop_back();
      done_ ^= bit(i);
      inside_ = inside;
    }
    return false;
  }

  /// The longest order that was found.
  std::string furthest() const {
    std::string text;
    for (const std::size_t i : furthest_)
      text += (text.empty() ? "" : ", ") + to_string(operations_[i]);
    return text.empty() ? "nothing" : text;
  }

 private:
  static std::uint64_t bit(std::size_t i) { return std::uint64_t{1} << i; }
  bool is_done(std::size_t i) const { return (done_ & bit(i)) != 0; }

  /// The earliest end of an operation that is not completed: one that begins later cannot come
  /// next.
  std::int64_t first_return() const {
    std::int64_t first = never;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      if (!is_done(i)) first = std::min(first, operations_[i].returned);
    }
    return first;
  }

  /// Applies the operation to the queue; false if that is impossible.
  bool apply(const Operation& operation) {
    switch (operation.kind) {
      case Operation::Kind::push:
        if (inside_.size() >= capacity_) return false;
        inside_.push_back(operation.message);
        return true;
      case Operation::Kind::pop:
        if (inside_.empty() || (!operation.is_pending() && inside_.front() != operation.message))
          return false;
        inside_.erase(inside_.begin());
        return true;
      case Operation::Kind::full:
        return inside_.size() == capacity_;
      case Operation::Kind::empty:
        return inside_.empty();
    }
    return false;
  }

  std::vector<Operation> operations_;  // by call
  std::size_t capacity_;
  std::vector<int> inside_;  // oldest first
  std::uint64_t done_ = 0;   // a bit for each operation
  std::vector<std::size_t> order_;
  std::vector<std::size_t> furthest_;
  std::set<std::pair<std::uint64_t, std::vector<int>>> visited_;
};

}  // namespace bq::checking::detail
