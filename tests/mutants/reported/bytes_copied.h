// A push prepares the message in a buffer of its own and then copies the bytes into the ring. An
// object that points into itself, such as a short std::string, points into a buffer that is gone.
//
// Source: after ETLCPP/etl#30, strings that were sent through a queue that copies bytes.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <utility>

#include "tests/mutants/reported/locked.h"
#include "tests/mutants/reported/plain_ring.h"

namespace bq::test::reported {

template <class T, bool is_faulty>
struct ByteCopyingRing : PlainRing<T> {
  using PlainRing<T>::PlainRing;
  void push_back(T&& value) {
    if constexpr (!is_faulty) return PlainRing<T>::push_back(std::move(value));
    // Not destroyed here: from now on the object is the one in the ring.
    alignas(T) std::byte buffer[sizeof(T)];
    ::new (static_cast<void*>(buffer)) T(std::move(value));
    std::memcpy(this->back_place(), buffer, sizeof(T));
    this->add_back();
  }
};

template <class T, class Sync = StdSync, bool is_faulty = true>
class BytesCopied
    : public Locked<BytesCopied<T, Sync, is_faulty>, T, Sync, ByteCopyingRing<T, is_faulty>> {
 public:
  using BytesCopied::Locked::Locked;
};

}  // namespace bq::test::reported
