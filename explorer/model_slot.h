// The model of the storage of one message: reports misuse and data races.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "explorer/execution.h"
#include "explorer/model_sleepers.h"

namespace bq::explorer {

template <class T>
class ModelSlot {
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
      run.fail(std::string("data race: ") + what + " of a message beside what " +
               run.thread_names().at(last_user_) + " did to the slot; nothing orders the two");
    }
    last_user_ = run.running();
    last_step_ = run.step_number();
  }
  std::optional<T> value_;
  int last_user_ = host;
  std::uint32_t last_step_ = 0;
};

}  // namespace bq::explorer
