// The exit statuses of the gate's programs, which scripts/bqb/gate reads.
#pragma once

namespace bq::bench::gate {

enum class ExitStatus : int {
  ok = 0,
  usage = 2,         ///< bad arguments, or an error of the program
  unfit = 3,         ///< this queue cannot be measured in this way
  queue_failed = 4,  ///< the queue gave a wrong answer, or hung
};

}  // namespace bq::bench::gate
