// The events of one side of one thread, in memory of a fixed size (record.h).
//
// When the memory is full, the thread thins its events: it keeps those of some windows of time,
// whole, spread evenly over the run. With `shift` and `level`, the kept windows are the instants
//
//   (ticks >> shift) mod 2^level == 0
//
// Each step of thinning takes a part of what the step before kept: it drops every second window
// (level + 1), or the second half of each (shift - 1, level + 1). So of any two threads one keeps a
// part of what the other keeps, whoever thinned when, and a reader finds windows that all kept.
//
// Beside each kept window stand the last event before it and the first event after it. So every
// stay outside or inside a call that touches a kept window is known from begin to end, also that of
// a thread that was blocked throughout the window. Without them long stays would be missing more
// often than short ones.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace bq::detail {

/// The side of a queue. The values are those of the file.
enum class Role : std::uint32_t { producer = 0, consumer = 1 };

/// What the 16 bytes of an event in the file mean. Kinds are 0 to 2: begin, end, end without a
/// message.
struct RecordedEvent {
  static constexpr std::uint64_t begin = 0;
  static constexpr std::uint64_t end = 1;
  static constexpr std::uint64_t failed = 2;
  /// Added to the end of a call in which the recorder thinned its events.
  static constexpr std::uint64_t thinned = 4;
  static constexpr unsigned kind_bits = 4;

  std::uint64_t ticks;
  /// (messages that passed before, in this thread and role) << kind_bits | kind
  std::uint64_t word;
};

/// Thread-safety: one thread at a time, and a reader after it.
class RecordedEvents {
 public:
  static constexpr std::size_t least_capacity = 256;

  /// Writes to all of its memory, so that no page fault comes later. `merges_failures`: attempts
  /// without success are one call together with the attempt after them. Throws std::bad_alloc.
  RecordedEvents(std::size_t capacity, bool merges_failures)
      : capacity_(capacity),
        first_windows_(std::min(capacity / events_of_a_window, most_windows)),
        merges_failures_(merges_failures),
        events_(new RecordedEvent[capacity]()) {}

  void begins(std::uint64_t ticks) noexcept {
    if (has_failure_) {
      has_failure_ = false;  // the call goes on that the first attempt began
      return;
    }
    store({ticks, passed_ << RecordedEvent::kind_bits | RecordedEvent::begin});
    if (capacity_ - size_ < least_free) thin();
  }

  void ends(bool with_message, std::uint64_t ticks) noexcept {
    const std::uint64_t word = passed_ << RecordedEvent::kind_bits | mark_;
    if (with_message) {
      ++passed_;
      store({ticks, word | RecordedEvent::end});
      mark_ = 0;
      return;
    }
    ++failed_;
    const RecordedEvent event{ticks, word | RecordedEvent::failed};
    if (merges_failures_) {
      has_failure_ = true;
      failure_ = event;
    } else {
      store(event);
      mark_ = 0;
    }
  }

  /// Stores what is still held back. Neither begins nor ends may follow.
  void finish() noexcept {
    if (has_failure_) store(failure_);
    has_failure_ = false;
    store_last_before();
  }

  const RecordedEvent* data() const { return events_.get(); }
  std::size_t size() const { return size_; }
  unsigned shift() const { return shift_; }
  unsigned level() const { return level_; }
  std::uint64_t passed() const { return passed_; }
  std::uint64_t failed() const { return failed_; }

 private:
  /// Room for the end of a call and what finish() adds.
  static constexpr std::size_t least_free = 8;
  /// As many windows as are spread well over a run. Each has events enough to follow messages from
  /// the push to the pop.
  static constexpr std::size_t most_windows = 256;
  static constexpr std::size_t events_of_a_window = 64;
  static constexpr unsigned most_bits = 60;  ///< of a period: readers have signed numbers

  void store(RecordedEvent event) noexcept {
    if (level_ == 0) {
      append(event);
    } else {
      store_in_window(event);
    }
  }

  void append(RecordedEvent event) noexcept {
    if (size_ < capacity_) events_[size_++] = event;  // full only where ends have no begins
  }

  void store_in_window(RecordedEvent event) noexcept {
    const std::uint64_t window = event.ticks >> shift_;
    if (window >> level_ != period_) {
      store_last_before();
      period_ = window >> level_;
      has_first_after_ = false;
    }
    if (window == period_ << level_) {
      append(event);
    } else if (!has_first_after_) {
      has_first_after_ = true;
      append(event);
    } else {
      has_last_before_ = true;
      last_before_ = event;
    }
  }

  void store_last_before() noexcept {
    if (has_last_before_) append(last_before_);
    has_last_before_ = false;
  }

  void thin() noexcept {
    store_last_before();
    const std::uint64_t span = events_[size_ - 1].ticks - events_[0].ticks;
    if (level_ == 0) {
      while (span >> (shift_ + 1) >= first_windows_) ++shift_;
    }
    while (size_ > capacity_ / 4 * 3 && shift_ + level_ < most_bits) {
      // Few windows hold all of it: the run became faster. Then the windows become shorter.
      if (level_ > 0 && shift_ > 0 && span >> (shift_ + level_) < first_windows_ / 4) --shift_;
      ++level_;
      filter();
    }
    mark_ = RecordedEvent::thinned;
  }

  void filter() noexcept {
    const std::size_t before = size_;
    size_ = 0;
    period_ = ~std::uint64_t{0};
    // Never beyond the event that was just read: what is stored is a part of what was read.
    for (std::size_t i = 0; i < before; ++i) store_in_window(events_[i]);
    store_last_before();
  }

  const std::size_t capacity_;
  const std::uint64_t first_windows_;
  const bool merges_failures_;
  const std::unique_ptr<RecordedEvent[]> events_;
  std::size_t size_ = 0;
  std::uint64_t passed_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t mark_ = 0;  ///< of the call in progress
  unsigned shift_ = 0;
  unsigned level_ = 0;
  bool has_failure_ = false;
  bool has_first_after_ = false;
  bool has_last_before_ = false;
  std::uint64_t period_ = ~std::uint64_t{0};  ///< of the last event: a kept window and the dropped
  RecordedEvent failure_{};                   ///< held back: an attempt may follow
  RecordedEvent last_before_{};  ///< of a dropped window, perhaps the last before a kept one
};

}  // namespace bq::detail
