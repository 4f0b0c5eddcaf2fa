// The model of the storage of one message: reports misuse and data races.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "explorer/execution.h"
#include "explorer/model_sleepers.h"

namespace bq::explorer {

/// No access is a step, since nothing depends on its place: two that are not ordered are a data
/// race in every order in which they can be seen.
template <class T>
class ModelSlot {
 public:
  ModelSlot() = default;
  ModelSlot(const ModelSlot&) = delete;
  ModelSlot& operator=(const ModelSlot&) = delete;
  // As the real one, it does not destroy the message.
  ~ModelSlot() = default;

  void put(T&& value) {
    check_order("put");
    if (is_full_) {
      detail::run().fail("a message is written over another that nobody has taken");
      throw Abandoned();
    }
    const WithoutSteps whole;
    ::new (static_cast<void*>(bytes_)) T(std::move(value));
    is_full_ = true;
    detail::run().remark([] { return "writes a message into its slot"; });
  }
  void take(std::optional<T>& out) {
    check_order("take");
    if (!is_full_) {
      detail::run().fail("a message is taken that is not there");
      throw Abandoned();
    }
    const WithoutSteps whole;
    out.emplace(std::move(*object()));
    std::destroy_at(object());
    is_full_ = false;
    detail::run().remark([] { return "takes a message out of its slot"; });
  }
  void destroy() noexcept {
    check_order("destruction");
    if (!is_full_) return detail::run().fail("a message is destroyed that is not there");
    const WithoutSteps whole;
    std::destroy_at(object());
    is_full_ = false;
  }

 private:
  T* object() { return std::launder(reinterpret_cast<T*>(bytes_)); }
  void check_order(const char* what) {
    Execution& run = detail::run();
    if (!run.knows(last_user_, last_access_)) {
      run.fail(std::string("data race: ") + what + " of a message beside what " +
               run.thread_names().at(last_user_) + " did to the slot; nothing orders the two");
    }
    last_user_ = run.running();
    last_access_ = run.access_number();
  }

  alignas(T) std::byte bytes_[sizeof(T)];
  bool is_full_ = false;
  int last_user_ = host;
  std::uint32_t last_access_ = 0;
};

}  // namespace bq::explorer
