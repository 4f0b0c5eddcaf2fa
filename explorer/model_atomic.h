// The model of an atomic variable, with the old values that a load may return in weak mode.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "explorer/execution.h"
#include "explorer/model_sleepers.h"

namespace bq::explorer {

struct ModelSync;

namespace detail {

inline bool is_acquire(std::memory_order order) {
  return order != std::memory_order_relaxed && order != std::memory_order_release;
}
inline bool is_release(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
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

template <class T>
class ModelAtomic : public Object {
 public:
  explicit ModelAtomic(T value = T{}, const char* name = "atomic") : Object(name) {
    stores_.push_back({value, detail::run().known(), {}});
    notice(stores_.back());
  }

  T load(std::memory_order order = std::memory_order_seq_cst) const {
    return const_cast<ModelAtomic*>(this)->read("load", order);
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
  bool compare_exchange_strong(T& expected, T value,
                               std::memory_order order = std::memory_order_seq_cst) {
    return compare_exchange(expected, value, order, order, false);
  }
  bool compare_exchange_strong(T& expected, T value, std::memory_order success,
                               std::memory_order failure) {
    return compare_exchange(expected, value, success, failure, false);
  }
  bool compare_exchange_weak(T& expected, T value,
                             std::memory_order order = std::memory_order_seq_cst) {
    return compare_exchange(expected, value, order, order, true);
  }
  bool compare_exchange_weak(T& expected, T value, std::memory_order success,
                             std::memory_order failure) {
    return compare_exchange(expected, value, success, failure, true);
  }

  void wait(T old, std::memory_order order = std::memory_order_seq_cst) const {
    auto& self = const_cast<ModelAtomic&>(*this);
    while (self.read("wait", order) == old) {
      if (stores_.back().value == old) self.sleepers_.sleep("sleep at", self);
    }
  }
  void notify_one() { wake("notify_one", 1); }
  void notify_all() { wake("notify_all", SIZE_MAX); }

 private:
  friend struct ModelSync;
  /// Without weak mode only the newest store is kept.
  struct Store {
    T value;
    Knowledge released;   ///< what a load that acquires it synchronises with
    VectorClock noticed;  ///< by thread: the step at which it first saw this store; 0: it has not
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
      return std::string(" (") + detail::to_string(order) +
             ") = " + detail::value_text(store.value) + (age > 0 ? ", an old value" : "");
    });
    return store.value;
  }

  void write(T value, std::memory_order order, const Store* replaced) {
    Execution& run = detail::run();
    Store store{value, detail::is_release(order) ? run.known() : run.released(), {}};
    // Continues its release sequence.
    if (replaced != nullptr) join(store.released, replaced->released);
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
    detail::run().trace([&] {
      return std::string(" (") + detail::to_string(order) + ") := " + detail::value_text(value);
    });
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

  bool compare_exchange(T& expected, T value, std::memory_order success, std::memory_order failure,
                        bool is_weak) {
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
      return is_equal ? std::string(" fails spuriously")
                      : " fails, the value is " + detail::value_text(replaced.value);
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

  std::vector<Store> stores_;  // in modification order
  detail::Sleepers sleepers_;
};

}  // namespace bq::explorer
