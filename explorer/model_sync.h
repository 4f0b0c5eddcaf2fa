// ModelSync: the synchronisation policy (see queues/sync.h) whose primitives are models, for the explorer to run a
// queue's own source over. Each operation is a step of the execution; what the real primitive leaves open is a choice.
//
//   mutex               lock waits; unlock is no turn of its own: whatever could run just before it could run just after
//   condition_variable  releasing the mutex and falling asleep are one step; wakes any sleeper; may wake for no reason
//   semaphore           counts permits; any waiter may get one
//   atomic              every order; a weak compare-exchange may fail for no reason; in weak mode a load may return any
//                       value that C++20 allows, except what is said below
//   futex, atomic::wait compare with the newest value and fall asleep in one step
//   slot                no step: the queue's protocol must order what happens to it. Overwriting, taking what is not
//                       there, and data races are failures
//   fences              as sync.h promises them, no stronger: a heavy and a light one order, two light ones do not
//   now                 virtual time. It passes when a timed wait runs out, or at any look at the clock
//   relax, yield        the thread goes on when something that it has looked at has changed
//
// Weak mode follows the operational reading of the C++20 model in which a thread knows what it has synchronised with:
// a load returns the newest store that its thread knows of, or any later one in the order of modification. Modelled
// stronger than C++20: the order of modification is the order of execution (no load buffering: a value is never read
// before it is written), sequentially consistent operations read and write in the order of execution, and
// read-modify-writes and failed compare-exchanges see the newest value (the latter more than they must).
#pragma once

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "explorer/execution.h"
#include "queues/bounded_queue.h"

namespace bq::explorer {

namespace detail {

inline Execution& run() {
  return Execution::current();
}

inline constexpr std::int64_t no_deadline = INT64_MAX;
inline std::int64_t instant(Deadline deadline) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count();
}

/// Threads asleep at an object.
class Sleepers {
 public:
  /// False: the deadline has passed.
  bool sleep(const char* what, Object& at, std::int64_t deadline = no_deadline) {
    bool is_woken = false;
    const bool for_no_reason = run().choose(2, 1) == 1;
    if (for_no_reason) run().trace([] { return " (will wake for no reason)"; });
    asleep_.push_back(&is_woken);
    run().note_write(at, for_no_reason);
    ++run().sleeps();
    const Leave leave{asleep_, &is_woken};
    Readiness readiness = run().step(what, at, [&] {
      if (is_woken || for_no_reason) return Readiness::yes;
      return deadline != no_deadline ? Readiness::late : Readiness::no;
    });
    // Woken, and yet too late by the clock.
    if (readiness == Readiness::yes && deadline != no_deadline && run().choose(2, 1) == 1) readiness = Readiness::late;
    run().note_write(at, static_cast<std::uint64_t>(readiness));
    if (readiness == Readiness::late) run().pass_time_until(deadline);
    return readiness == Readiness::yes;
  }
  void wake(Object& at, std::size_t count) {
    for (; count > 0 && !asleep_.empty(); --count) {
      const int all = static_cast<int>(asleep_.size());
      const int picked = count >= asleep_.size() ? 0 : run().choose(all, all);
      *asleep_[picked] = true;
      asleep_.erase(asleep_.begin() + picked);
      run().note_write(at, static_cast<std::uint64_t>(picked));
    }
  }
  bool nobody() const { return asleep_.empty(); }

 private:
  struct Leave {
    std::vector<bool*>& asleep;
    bool* self;
    ~Leave() { std::erase(asleep, self); }
  };
  std::vector<bool*> asleep_;
};

inline bool is_acquire(std::memory_order order) {
  return order != std::memory_order_relaxed && order != std::memory_order_release;
}
inline bool is_release(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}
inline const char* to_string(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_consume:
      return "consume";
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "seq_cst";
  }
  return "?";
}

template <class T>
std::string value_text(T value) {
  if constexpr (std::is_same_v<T, bool>) return value ? "true" : "false";
  if constexpr (std::is_enum_v<T>) return std::to_string(static_cast<std::int64_t>(value));
  if constexpr (std::is_integral_v<T>) return std::to_string(value);
  return "?";
}

}  // namespace detail

struct ModelSync {
  class mutex : public Object {
   public:
    explicit mutex(const char* name = "mutex") : Object(name) {}

    void lock() {
      if (owner_ == running()) detail::run().fail(std::string("locks ") + name() + ", which it holds already");
      detail::run().step("lock", *this, [this] { return owner_ == nobody ? Readiness::yes : Readiness::no; });
      take();
    }
    bool try_lock() {
      unlock_is_a_turn_ = true;
      detail::run().step("try_lock", *this);
      if (owner_ != nobody) {
        detail::run().note_read(*this);
        return false;
      }
      take();
      return true;
    }
    void unlock() {
      detail::run().step("unlock", *this, unlock_is_a_turn_);
      give();
    }
    std::string condition() const override {
      return owner_ == nobody || owner_ == host ? "" : "held by " + detail::run().thread_names().at(owner_);
    }

   private:
    friend struct ModelSync;
    static constexpr int nobody = -1;
    static int running() { return detail::run().running(); }
    void take() {
      owner_ = running();
      join(detail::run().known(), released_);
      detail::run().note_write(*this);
    }
    void give() {
      if (owner_ != running() && !detail::run().is_over()) {
        detail::run().fail(std::string("gives up ") + name() + ", which it does not hold");
      }
      owner_ = nobody;
      released_ = detail::run().known();
      detail::run().note_write(*this);
    }

    int owner_ = nobody;
    Knowledge released_;
    bool unlock_is_a_turn_ = false;
  };

  class condition_variable : public Object {
   public:
    explicit condition_variable(const char* name = "condition_variable") : Object(name) {}
    void notify_one() { notify("notify_one", 1); }
    void notify_all() { notify("notify_all", SIZE_MAX); }
    void wait(std::unique_lock<mutex>& lock) { sleep("wait", lock, detail::no_deadline); }
    bool wait_until(std::unique_lock<mutex>& lock, Deadline deadline) {
      return sleep("wait_until", lock, detail::instant(deadline));
    }

   private:
    bool sleep(const char* what, std::unique_lock<mutex>& lock, std::int64_t deadline) {
      detail::run().step(what, *this);
      detail::run().note_write(*this);
      lock.mutex()->give();
      // If the run ends here, the caller's lock must not give up what it has not got back.
      mutex* const released = lock.release();
      const bool in_time = sleepers_.sleep("sleep at", *this, deadline);
      released->lock();
      lock = std::unique_lock<mutex>(*released, std::adopt_lock);
      return in_time;
    }
    void notify(const char* what, std::size_t count) {
      detail::run().step(what, *this);
      if (sleepers_.nobody()) detail::run().trace([] { return " (nobody sleeps)"; });
      sleepers_.wake(*this, count);
      detail::run().note_write(*this);
    }
    detail::Sleepers sleepers_;
  };

  class semaphore : public Object {
   public:
    static constexpr std::ptrdiff_t max = PTRDIFF_MAX;
    static constexpr std::string_view defect = {};
    explicit semaphore(std::ptrdiff_t permits, const char* name = "semaphore") : Object(name), permits_(permits) {}

    void acquire() {
      detail::run().step("sleep until a permit of", *this,
                         [this] { return permits_ > 0 ? Readiness::yes : Readiness::no; });
      take();
    }
    bool try_acquire() {
      detail::run().step("try_acquire", *this);
      if (permits_ > 0) {
        take();
        return true;
      }
      detail::run().note_read(*this);
      detail::run().trace([] { return ": none"; });
      return false;
    }
    bool try_acquire_until(Deadline deadline) {
      const auto ready = [this] { return permits_ > 0 ? Readiness::yes : Readiness::late; };
      if (detail::run().step("try_acquire_until", *this, ready) == Readiness::yes) {
        take();
        return true;
      }
      detail::run().note_read(*this, 1);
      detail::run().pass_time_until(detail::instant(deadline));
      return false;
    }
    void release() {
      detail::run().step("release a permit of", *this);
      ++permits_;
      join(released_, detail::run().known());
      detail::run().note_write(*this);
    }
    std::string condition() const override { return permits_ == 0 ? "there is none" : ""; }

   private:
    void take() {
      --permits_;
      join(detail::run().known(), released_);
      detail::run().note_write(*this);
    }
    std::ptrdiff_t permits_;
    Knowledge released_;
  };
  using posix_semaphore = semaphore;

  template <class T>
  class atomic : public Object {
   public:
    explicit atomic(T value = T{}, const char* name = "atomic") : Object(name) {
      stores_.push_back({value, detail::run().known(), {}});
      notice(stores_.back());
    }

    T load(std::memory_order order = std::memory_order_seq_cst) const {
      return const_cast<atomic*>(this)->read("load", order);
    }
    void store(T value, std::memory_order order = std::memory_order_seq_cst) {
      detail::run().step("store", *this);
      write(value, order, nullptr);
      trace_write(value, order);
    }
    T exchange(T value, std::memory_order order = std::memory_order_seq_cst) {
      return change("exchange", order, [&](T) { return value; });
    }
    T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst) {
      return change("fetch_add", order, [&](T old) { return static_cast<T>(old + value); });
    }
    T fetch_sub(T value, std::memory_order order = std::memory_order_seq_cst) {
      return change("fetch_sub", order, [&](T old) { return static_cast<T>(old - value); });
    }
    T fetch_or(T value, std::memory_order order = std::memory_order_seq_cst) {
      return change("fetch_or", order, [&](T old) { return static_cast<T>(old | value); });
    }
    T fetch_and(T value, std::memory_order order = std::memory_order_seq_cst) {
      return change("fetch_and", order, [&](T old) { return static_cast<T>(old & value); });
    }
    bool compare_exchange_strong(T& expected, T value, std::memory_order order = std::memory_order_seq_cst) {
      return compare_exchange(expected, value, order, order, false);
    }
    bool compare_exchange_strong(T& expected, T value, std::memory_order success, std::memory_order failure) {
      return compare_exchange(expected, value, success, failure, false);
    }
    bool compare_exchange_weak(T& expected, T value, std::memory_order order = std::memory_order_seq_cst) {
      return compare_exchange(expected, value, order, order, true);
    }
    bool compare_exchange_weak(T& expected, T value, std::memory_order success, std::memory_order failure) {
      return compare_exchange(expected, value, success, failure, true);
    }

    void wait(T old, std::memory_order order = std::memory_order_seq_cst) const {
      auto& self = const_cast<atomic&>(*this);
      while (self.read("wait", order) == old) {
        if (stores_.back().value == old) self.sleepers_.sleep("sleep at", self);
      }
    }
    void notify_one() { wake("notify_one", 1); }
    void notify_all() { wake("notify_all", SIZE_MAX); }

   private:
    friend struct ModelSync;
    /// In SC mode the newest one only.
    struct Store {
      T value;
      Knowledge released;   ///< what a load that acquires it learns
      VectorClock noticed;  ///< by thread: the step from which on it knew of this store; 0: it does not
    };

    static void notice(Store& store) {
      std::uint32_t& step = store.noticed[detail::run().running()];
      if (step == 0) step = detail::run().step_number();
    }
    static bool is_known(const Store& store, const VectorClock& known) {
      for (std::size_t i = 0; i < known.size(); ++i) {
        if (store.noticed[i] != 0 && store.noticed[i] <= known[i]) return true;
      }
      return false;
    }

    T read(const char* what, std::memory_order order) {
      Execution& run = detail::run();
      run.step(what, *this);
      int age = 0;
      if (run.is_weak() && stores_.size() > 1) {
        VectorClock known = run.known().visible;
        if (order == std::memory_order_seq_cst) {
          join(known, run.total_order);
          run.note_read(run.fences());
        }
        int oldest = static_cast<int>(stores_.size()) - 1;
        while (oldest > 0 && !is_known(stores_[oldest], known)) --oldest;
        age = run.choose(static_cast<int>(stores_.size()) - oldest, 1);
      }
      Store& store = stores_[stores_.size() - 1 - age];
      notice(store);
      join(detail::is_acquire(order) ? run.known() : run.acquired(), store.released);
      run.note_read(*this, static_cast<std::uint64_t>(age));
      run.trace([&] {
        return std::string(" (") + detail::to_string(order) + ") = " + detail::value_text(store.value) +
               (age > 0 ? ", an old value" : "");
      });
      return store.value;
    }

    void write(T value, std::memory_order order, const Store* replaced) {
      Execution& run = detail::run();
      Store store{value, detail::is_release(order) ? run.known() : run.released(), {}};
      if (replaced != nullptr) join(store.released, replaced->released);  // continues its release sequence
      if (order == std::memory_order_seq_cst && run.is_weak()) {
        run.total_order[run.running()] = run.step_number();
        run.note_write(run.fences());
      }
      notice(store);
      if (!run.is_weak()) stores_.clear();
      stores_.push_back(store);
      run.note_write(*this);
    }
    void trace_write(T value, std::memory_order order) const {
      detail::run().trace(
          [&] { return std::string(" (") + detail::to_string(order) + ") := " + detail::value_text(value); });
    }

    T change(const char* what, std::memory_order order, const auto& function) {
      Execution& run = detail::run();
      run.step(what, *this);
      const Store replaced = stores_.back();
      join(detail::is_acquire(order) ? run.known() : run.acquired(), replaced.released);
      const T value = function(replaced.value);
      write(value, order, &replaced);
      trace_write(value, order);
      return replaced.value;
    }

    bool compare_exchange(T& expected, T value, std::memory_order success, std::memory_order failure, bool is_weak) {
      Execution& run = detail::run();
      run.step("compare_exchange", *this);
      const Store replaced = stores_.back();
      const bool is_equal = replaced.value == expected;
      if (is_equal && !(is_weak && run.choose(2, 1) == 1)) {
        join(detail::is_acquire(success) ? run.known() : run.acquired(), replaced.released);
        write(value, success, &replaced);
        trace_write(value, success);
        return true;
      }
      join(detail::is_acquire(failure) ? run.known() : run.acquired(), replaced.released);
      notice(stores_.back());
      run.note_read(*this, is_equal ? 1 : 0);
      run.trace([&] {
        return is_equal ? std::string(" fails for no reason") : " fails, it is " + detail::value_text(replaced.value);
      });
      expected = replaced.value;
      return false;
    }

    void wake(const char* what, std::size_t count) {
      detail::run().step(what, *this);
      if (sleepers_.nobody()) detail::run().trace([] { return " (nobody sleeps)"; });
      sleepers_.wake(*this, count);
      detail::run().note_write(*this);
    }

    std::vector<Store> stores_;  // in the order of modification
    detail::Sleepers sleepers_;
  };

  static void futex_wait(const atomic<std::uint32_t>& word, std::uint32_t expected) {
    sleep_at_futex(word, expected, detail::no_deadline);
  }
  static bool futex_wait_until(const atomic<std::uint32_t>& word, std::uint32_t expected, Deadline deadline) {
    return sleep_at_futex(word, expected, detail::instant(deadline));
  }
  static void futex_wake(atomic<std::uint32_t>& word, int count = INT_MAX) {
    word.wake("futex_wake", static_cast<std::size_t>(count));
  }

  template <class T>
  class slot {
   public:
    void put(T&& value) {
      check_order("put");
      if (value_) detail::run().fail("a message is written over another that nobody has taken");
      value_.emplace(std::move(value));
      detail::run().remark([] { return "writes a message into its slot"; });
    }
    void take(std::optional<T>& out) {
      check_order("take");
      if (!value_) {
        detail::run().fail("a message is taken that is not there");
        throw Abandoned();
      }
      out.emplace(std::move(*value_));
      value_.reset();
      detail::run().remark([] { return "takes a message out of its slot"; });
    }
    void destroy() noexcept {
      if (!value_) detail::run().fail("a message is destroyed that is not there");
      value_.reset();
    }

   private:
    void check_order(const char* what) {
      Execution& run = detail::run();
      if (last_step_ > run.known().happened[last_user_]) {
        run.fail(std::string("data race: ") + what + " of a message beside what " + run.thread_names().at(last_user_) +
                 " did to the slot; nothing orders the two");
      }
      last_user_ = run.running();
      last_step_ = run.step_number();
    }
    std::optional<T> value_;
    int last_user_ = host;
    std::uint32_t last_step_ = 0;
  };

  static void fence_light() {
    Execution& run = detail::run();
    run.step("fence_light", run.fences(), false);
    join(run.known().visible, run.heavy_fences);
    join(run.light_fences, run.known().visible);
    run.note_read(run.fences());  // the order of light fences among themselves makes no difference
  }
  static void fence_heavy() {
    Execution& run = detail::run();
    run.step("fence_heavy", run.fences());
    join(run.known(), run.acquired());
    join(run.known().visible, run.light_fences);
    join(run.known().visible, run.heavy_fences);
    join(run.known().visible, run.total_order);
    run.heavy_fences = run.total_order = run.known().visible;
    run.released() = run.known();
    std::uint64_t met = 0;
    for (const std::uint32_t steps : run.light_fences) met = met * 1'000'003 + steps;
    run.note_write(run.fences(), met);
  }
  /// std::atomic_thread_fence.
  static void fence(std::memory_order order) {
    Execution& run = detail::run();
    run.step("fence", run.fences());
    if (detail::is_acquire(order)) join(run.known(), run.acquired());
    if (order == std::memory_order_seq_cst) {
      join(run.known().visible, run.total_order);
      run.total_order = run.known().visible;
    }
    if (detail::is_release(order)) run.released() = run.known();
    run.note_write(run.fences());
  }

  static void relax() { detail::run().spin("relax"); }
  static void yield() { detail::run().spin("yield"); }

  static Deadline now() {
    Execution& run = detail::run();
    const std::int64_t next = run.next_deadline();
    if (next > run.now && run.choose(2, 1) == 1) {
      run.remark([] { return "finds that the time is up"; });
      run.pass_time_until(next);
    }
    run.note_read(run.time());
    return Deadline(std::chrono::nanoseconds(run.now));
  }

  // Short, so that the explorer gets to the sleeps.
  static constexpr unsigned spin_limit = 1;
  static constexpr unsigned yield_limit = 1;

  static void event(const char* text) {
    detail::run().remark([text] { return std::string(text); });
  }

 private:
  static bool sleep_at_futex(const atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t deadline) {
    auto& self = const_cast<atomic<std::uint32_t>&>(word);
    detail::run().step("futex_wait", self);
    detail::run().note_write(self);
    if (self.stores_.back().value != expected) {
      detail::run().trace([] { return ": the value is another"; });
      return true;
    }
    return self.sleepers_.sleep("sleep at", self, deadline);
  }
};

}  // namespace bq::explorer
