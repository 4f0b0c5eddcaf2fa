// A queue that can neither wait nor be closed, made one of this suite. See docs/your_own_queue.md.
#pragma once

#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>

#include "queues/blocking_adapter.h"

namespace my {

template <class T>
class RingPart {
 public:
  static constexpr bq::Traits traits{.producers = bq::Endpoints::one,
                                     .consumers = bq::Endpoints::one,
                                     .element = bq::Element::trivial,
                                     .stall = bq::Stall::nobody};
  explicit RingPart(std::size_t capacity) : ring_(capacity) {}
  bool try_push(const T& message) { return ring_.push(message); }
  bool try_pop(T& out) { return ring_.pop(out); }

 private:
  boost::lockfree::spsc_queue<T> ring_;
};

template <class T>
using Ring = bq::BlockingAdapter<T, RingPart>;

}  // namespace my

BQ_QUEUE(my::Ring, my_ring);
