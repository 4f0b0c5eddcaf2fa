// What BlockingAdapter makes of queues that lack calls, under the contract suite.
#include "tests/contract/register_subject.h"

#undef BQ_QUEUE
#define BQ_QUEUE(Class, name) \
  [[maybe_unused]] static const bool added_##name = ::bq::test::register_subject<Class>(#name)
#include "tests/contract/partial_queues.h"
