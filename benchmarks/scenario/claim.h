// A claim: the author's prediction, stated so exactly that a run can score it. Plain data.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace bq::bench {

/// What a claim said before it was stated anew.
struct EarlierClaim {
  std::string until;  ///< the day on which it was replaced: 2026-11-28
  std::string says;
  std::string bound;  ///< in words, with the counter
  std::string why;    ///< why it was replaced
};

/// A counter of some queues at some points lies above or below a bound; or its ratio to another
/// queue's there, or to the same queue's at other points.
struct Claim {
  std::string says;  ///< in plain words
  std::string counter;
  /// It must hold for all of them; empty: for each bounded queue that ran.
  std::vector<std::string> queues;
  /// The queue to divide by, inside each block; empty: none.
  std::string than;
  std::vector<std::string> points;       ///< by name, in the order of the scenario
  std::vector<std::string> than_points;  ///< the points to divide by; empty: none
  /// In the counter's unit, or of the ratio; one of them at least.
  std::optional<double> above, below;
  std::string since;  ///< the day on which it was stated in this form: 2026-11-28
  std::vector<EarlierClaim> replaces;
  std::size_t queue_line = 0, than_line = 0;  ///< where the file names the queues
};

}  // namespace bq::bench
