// The number of messages of a trial.
#pragma once

#include <cstddef>

namespace bq::bench {

struct TrialSize {
  std::size_t messages_per_producer = 0;  ///< all of them, the warm-up included
  std::size_t warmup_per_producer = 0;
};

}  // namespace bq::bench
