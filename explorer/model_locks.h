// The models of the mutex, the condition variable and the semaphore.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "explorer/execution.h"
#include "explorer/model_sleepers.h"
#include "queues/bounded_queue.h"

namespace bq::explorer {

class ModelMutex : public Object {
 public:
  explicit ModelMutex(const char* name = "mutex") : Object(name) {}

  void lock() {
    if (owner_ == running())
      detail::run().fail(std::string("locks ") + name() + ", which it holds already");
    detail::run().step("lock", *this,
                       [this] { return owner_ == nobody ? Readiness::yes : Readiness::no; });
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
    return owner_ == nobody || owner_ == host
               ? ""
               : "held by " + detail::run().thread_names().at(owner_);
  }

 private:
  friend class ModelConditionVariable;
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

class ModelConditionVariable : public Object {
 public:
  explicit ModelConditionVariable(const char* name = "condition_variable") : Object(name) {}
  void notify_one() { notify("notify_one", 1); }
  void notify_all() { notify("notify_all", SIZE_MAX); }
  void wait(std::unique_lock<ModelMutex>& lock) { sleep("wait", lock, detail::no_deadline); }
  bool wait_until(std::unique_lock<ModelMutex>& lock, Deadline deadline) {
    return sleep("wait_until", lock, detail::instant(deadline));
  }

 private:
  bool sleep(const char* what, std::unique_lock<ModelMutex>& lock, std::int64_t deadline) {
    detail::run().step(what, *this);
    detail::run().note_write(*this);
    lock.mutex()->give();
    // If the run ends during the sleep, the caller's lock must not unlock a mutex that it does not
    // hold.
    ModelMutex* const released = lock.release();
    const bool in_time =
        sleepers_.sleep("sleep at", *this, deadline, detail::LateWakeUp::may_be_a_timeout);
    released->lock();
    lock = std::unique_lock<ModelMutex>(*released, std::adopt_lock);
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

class ModelSemaphore : public Object {
 public:
  static constexpr std::ptrdiff_t max = PTRDIFF_MAX;
  static constexpr std::string_view defect = {};
  explicit ModelSemaphore(std::ptrdiff_t permits, const char* name = "semaphore")
      : Object(name), permits_(permits) {}

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
    Execution& run = detail::run();
    const std::int64_t instant = detail::instant(deadline);
    const auto ready = [&] {
      return permits_ > 0 || instant <= run.now ? Readiness::yes : Readiness::late;
    };
    run.step("try_acquire_until", *this, ready, true, instant);
    if (permits_ > 0) {
      take();
      return true;
    }
    run.note_read(*this, 1);
    run.note_read(run.time());
    run.pass_time_until(instant);
    if (run.call_of(run.running()).deadline == never) run.note_poll();
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

}  // namespace bq::explorer
