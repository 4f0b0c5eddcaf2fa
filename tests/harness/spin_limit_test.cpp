// The spin limit of `--adapt-spin-limits`.
#include "benchmarks/run/spin_limit.h"

#include <gtest/gtest.h>

#include "queues/sync.h"

namespace bq::bench {
namespace {

TEST(SpinLimit, SpinsAsLongAsTheReference) {
  EXPECT_EQ(spin_limit_for(StdSync::reference_relax_ns), StdSync::reference_spin_limit);
  EXPECT_EQ(spin_limit_for(50), 100U);
  EXPECT_EQ(spin_limit_for(2.5), 2'000U);
}

TEST(SpinLimit, StaysWithinBounds) {
  EXPECT_EQ(spin_limit_for(1e9), 10U);
  EXPECT_EQ(spin_limit_for(0), 5'000U);
}

TEST(SpinLimit, IsSetToWhatTheContextSays) {
  const Json context = adapt_spin_limit();
  EXPECT_GT(context["pause_ns"].get<double>(), 0);
  EXPECT_EQ(context["spin_limit"].get<unsigned>(), StdSync::spin_limit.load());
  StdSync::spin_limit = StdSync::reference_spin_limit;
}

}  // namespace
}  // namespace bq::bench
