// Calls that are expected to block.
#pragma once

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>

#include "tests/contract/calls_in_progress.h"

namespace bq::test {

using namespace std::chrono_literals;

/// Nothing has moved for so long: what a test waits for does not happen.
inline constexpr auto hang_time = 2s;
/// Long enough that only a hang takes longer, and far below the limit that ctest sets.
inline constexpr auto longest_wait = 20s;

/// Waits until `has_happened()`. False: it does not, and the calls in progress are printed.
bool await(const auto& has_happened) {
  const auto end = std::chrono::steady_clock::now() + longest_wait;
  for (Stillness stillness(hang_time); !has_happened();) {
    if (stillness.lasts() || std::chrono::steady_clock::now() > end) {
      std::cout << "hangs: " << CallInProgress::text() << std::endl;
      return false;
    }
    std::this_thread::sleep_for(50us);
  }
  return true;
}

/// A call on a thread of its own. The tests are right whatever the timing; that they have *seen*
/// the call wait makes them strong.
template <class Result>
class Caller {
 public:
  template <class Call>
  explicit Caller(Call call)
      : thread_([this, call = std::move(call)]() mutable {
          // When it is woken it takes no core from the thread that woke it. So this one, the test,
          // gets further before those that wait find out.
          const sched_param lowest{};
          sched_setscheduler(0, SCHED_BATCH, &lowest);
          thread_id_.store(gettid());
          result_.emplace(call());
          returned_.store(true);
        }) {}
  ~Caller() {
    if (thread_.joinable()) thread_.join();
  }

  /// Whether the call is seen to wait, asleep or spinning, before it returns.
  bool blocks() {
    const ExpectsStillness expects_stillness;
    const auto end = std::chrono::steady_clock::now() + longest_wait;
    const auto cpu_time = this->cpu_time();
    while (!returned_.load()) {
      if (is_asleep() || this->cpu_time() - cpu_time > 5ms) return !returned_.load();
      if (std::chrono::steady_clock::now() > end) {
        ADD_FAILURE() << "the call neither waits nor returns";
        return false;
      }
      std::this_thread::sleep_for(50us);
    }
    return false;
  }
  /// Whether it waits by sleeping, at this moment.
  bool is_asleep() const {
    const std::string stat = text_of("stat");
    const std::size_t name_end = stat.rfind(')');
    return name_end != std::string::npos && stat.size() > name_end + 2 && stat[name_end + 2] == 'S';
  }
  /// How often the thread has gone to sleep.
  std::int64_t sleeps() const {
    const std::string status = text_of("status");
    const std::string_view key = "\nvoluntary_ctxt_switches:";
    const std::size_t at = status.find(key);
    return at == std::string::npos ? 0 : std::stoll(status.substr(at + key.size()));
  }
  bool has_returned() const { return returned_.load(); }
  /// Whether the call returns. If it does not, a test frees it by closing the queue, or ctest stops
  /// it.
  bool returns() {
    return await([this] { return returned_.load(); });
  }
  /// Waits for the call to return.
  Result& result() {
    if (thread_.joinable()) thread_.join();
    return *result_;
  }

 private:
  /// What the kernel says of the thread; empty if it is not yet at the call, or has ended.
  std::string text_of(const char* name) const {
    const pid_t id = thread_id_.load();
    if (id == 0) return {};
    std::ifstream file("/proc/self/task/" + std::to_string(id) + "/" + name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::chrono::nanoseconds cpu_time() {
    clockid_t clock{};
    timespec used{};
    if (pthread_getcpuclockid(thread_.native_handle(), &clock) != 0 ||
        clock_gettime(clock, &used) != 0)
      return 0ns;
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
  }

  std::atomic<pid_t> thread_id_{0};
  std::atomic<bool> returned_{false};
  std::optional<Result> result_;
  std::thread thread_;  // last: it uses the others
};
template <class Call>
Caller(Call) -> Caller<std::invoke_result_t<Call&>>;

}  // namespace bq::test
