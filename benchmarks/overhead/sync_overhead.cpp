// What `Sync` costs where it stands for the system's own primitives: nothing. Two queues of this
// project beside the same two written against the standard library directly, for callgrind to
// count:
//   sync_overhead sync|direct two_condvar|spsc_ring N
// makes N times 16 uncontended pushes, then as many pops.
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "benchmarks/util/error.h"
#include "benchmarks/util/program.h"
#include "queues/spsc_ring.h"
#include "queues/two_condvar.h"

namespace {

constexpr std::size_t capacity = 16;

/// Room for one T.
template <class T>
struct Slot {
  alignas(T) std::byte bytes[sizeof(T)];
  T* object() { return std::launder(reinterpret_cast<T*>(bytes)); }
};

/// queues/two_condvar.h.
template <class T>
class DirectTwoCondvar {
 public:
  explicit DirectTwoCondvar(std::size_t size) : slots_(new Slot<T>[size]), capacity_(size) {}

  bool push(T&& value) {
    std::unique_lock lock(mutex_);
    while (size_ == capacity_ && !closed_) {
      ++sleeping_producers_;
      not_full_.wait(lock);
      --sleeping_producers_;
    }
    if (closed_) return false;
    try {
      ::new (static_cast<void*>(slots_[tail_].bytes)) T(std::move(value));
      tail_ = tail_ + 1 == capacity_ ? 0 : tail_ + 1;
      ++size_;
    } catch (...) {
      not_full_.notify_one();
      throw;
    }
    const bool anybody = sleeping_consumers_ > 0;
    lock.unlock();
    if (anybody) not_empty_.notify_one();
    return true;
  }

  std::optional<T> pop() {
    std::optional<T> out;
    std::unique_lock lock(mutex_);
    while (size_ == 0) {
      if (closed_) return out;
      ++sleeping_consumers_;
      not_empty_.wait(lock);
      --sleeping_consumers_;
    }
    try {
      out.emplace(std::move(*slots_[head_].object()));
      slots_[head_].object()->~T();
      head_ = head_ + 1 == capacity_ ? 0 : head_ + 1;
      --size_;
    } catch (...) {
      not_empty_.notify_one();
      throw;
    }
    const bool anybody = sleeping_producers_ > 0;
    lock.unlock();
    if (anybody) not_full_.notify_one();
    return out;
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<Slot<T>[]> slots_;
  std::size_t capacity_;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
  std::size_t size_ = 0;
  bool closed_ = false;
  std::condition_variable not_full_;
  std::size_t sleeping_producers_ = 0;
  std::condition_variable not_empty_;
  std::size_t sleeping_consumers_ = 0;
};

/// queues/spsc_ring.h, spinning, out of line as there. The fence before the look at `phase` is the
/// light one of a pair: to the compiler.
template <class T>
class DirectSpscRing {
 public:
  explicit DirectSpscRing(std::size_t size)
      : slot_count_(size + 1), slots_(new Slot<T>[slot_count_]) {}

  bool push(T&& value) {
    Outcome outcome = try_push(value);
    if (outcome == Outcome::none) [[unlikely]]
      outcome = spin_and_push(value);
    return outcome == Outcome::done;
  }

  std::optional<T> pop() {
    std::optional<T> out;
    if (try_pop(out) == Outcome::none) [[unlikely]]
      spin_and_pop(out);
    return out;
  }

 private:
  enum class Outcome { done, closed, none };

  Outcome try_push(T& value) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (next(tail) == head_copy_) {
      head_copy_ = head_.load(std::memory_order_acquire);
      if (next(tail) == head_copy_) return is_closed() ? Outcome::closed : Outcome::none;
    }
    pushing_.store(true, std::memory_order_relaxed);
    if (light_is_enough) [[likely]] {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
      std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    const bool closed = is_closed();
    if (!closed) [[likely]] {
      ::new (static_cast<void*>(slots_[tail].bytes)) T(std::move(value));
      tail_.store(next(tail), std::memory_order_release);
    }
    pushing_.store(false, std::memory_order_release);
    return closed ? Outcome::closed : Outcome::done;
  }

  Outcome try_pop(std::optional<T>& out) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_copy_) {
      const bool ended = is_closed() && !pushing_.load(std::memory_order_acquire);
      tail_copy_ = tail_.load(std::memory_order_acquire);
      if (head == tail_copy_) return ended ? Outcome::closed : Outcome::none;
    }
    out.emplace(std::move(*slots_[head].object()));
    slots_[head].object()->~T();
    head_.store(next(head), std::memory_order_release);
    return Outcome::done;
  }

  [[gnu::noinline, gnu::cold]] Outcome spin_and_push(T& value) {
    Outcome outcome;
    while ((outcome = try_push(value)) == Outcome::none) bq::StdSync::relax();
    return outcome;
  }
  [[gnu::noinline, gnu::cold]] void spin_and_pop(std::optional<T>& out) {
    while (try_pop(out) == Outcome::none) bq::StdSync::relax();
  }

  std::size_t next(std::size_t index) const { return index + 1 == slot_count_ ? 0 : index + 1; }
  bool is_closed() const { return phase_.load(std::memory_order_acquire) != 0; }

  static inline const bool light_is_enough =
      syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
  const std::size_t slot_count_;
  const std::unique_ptr<Slot<T>[]> slots_;
  alignas(64) std::atomic<std::size_t> tail_{0};
  alignas(64) std::size_t head_copy_ = 0;
  std::atomic<bool> pushing_{false};
  alignas(64) std::atomic<std::size_t> head_{0};
  alignas(64) std::size_t tail_copy_ = 0;
  alignas(64) std::atomic<std::uint32_t> phase_{0};
};

template <class Q>
[[gnu::noinline]] std::uint64_t run(std::size_t rounds) {
  Q queue(capacity);
  // Another thread would know it, so nothing of it can be kept in registers.
  asm volatile("" : : "r"(&queue) : "memory");
  std::uint64_t sum = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::uint64_t i = 0; i < capacity; ++i) queue.push(i + round);
    for (std::uint64_t i = 0; i < capacity; ++i) sum = sum * 3 + *queue.pop();
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  return bq::bench::run_program([&] {
    const std::string way = argc == 4 ? argv[1] : "";
    const std::string queue = argc == 4 ? argv[2] : "";
    const bool direct = way == "direct";
    const bool ring = queue == "spsc_ring";
    if ((!direct && way != "sync") || (!ring && queue != "two_condvar"))
      throw bq::bench::UsageError("usage: sync_overhead sync|direct two_condvar|spsc_ring N");
    const std::size_t rounds = bq::bench::parse_number("N", argv[3], 1, 1'000'000'000);
    using Message = std::uint64_t;
    const std::uint64_t sum = ring ? (direct ? run<DirectSpscRing<Message>>(rounds)
                                             : run<bq::SpscRingSpin<Message>>(rounds))
                                   : (direct ? run<DirectTwoCondvar<Message>>(rounds)
                                             : run<bq::TwoCondvarQueue<Message>>(rounds));
    std::printf("%016llx\n", static_cast<unsigned long long>(sum));
    return bq::bench::ExitStatus::ok;
  });
}
