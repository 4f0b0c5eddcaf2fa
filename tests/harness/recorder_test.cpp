// A recorded queue is the queue, and each of its calls lies between a begin and an end that says
// how it went.
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "queues/recorded_queue.h"
#include "queues/spsc_ring.h"
#include "queues/two_condvar.h"

namespace bq {
namespace {

struct Noted {
  explicit Noted(std::string /*path*/ = {}, RecorderOptions given = {})
      : options(std::move(given)) {}
  void push_begins() { calls += "push("; }
  void push_ends(bool delivered) { calls += delivered ? "done)" : "refused)"; }
  void pop_begins() { calls += "pop("; }
  void pop_ends(bool with_message) { calls += with_message ? "done)" : "empty)"; }
  std::string take() { return std::exchange(calls, {}); }

  RecorderOptions options;
  std::string calls;
};

using Queue = TwoCondvarQueue<int>;
static_assert(TimedBoundedQueue<RecordedQueue<Queue>>);
static_assert(BoundedQueue<RecordedQueue<SpscRingSpin<int>>>);
static_assert(RecordedQueue<SpscRingSpin<int>>::traits.producers == Endpoints::one);
static_assert(TimedBoundedQueue<SpscRingSpin<int>> ==
              TimedBoundedQueue<RecordedQueue<SpscRingSpin<int>>>);

TEST(RecordedQueue, EachCallSaysHowItWent) {
  Noted noted;
  RecordedQueue<Queue, Noted> queue(2, noted);
  std::optional<int> out;
  EXPECT_EQ(queue.try_pop(out), Status::empty);
  EXPECT_EQ(queue.try_pop_until(out, Deadline::min()), Status::timeout);
  EXPECT_EQ(noted.take(), "pop(empty)pop(empty)");
  EXPECT_TRUE(queue.push(1));
  EXPECT_EQ(queue.try_push(2), Status::done);
  EXPECT_EQ(queue.try_push(3), Status::full);
  EXPECT_EQ(queue.try_push_until(3, Deadline::min()), Status::timeout);
  EXPECT_EQ(noted.take(), "push(done)push(done)push(refused)push(refused)");
  EXPECT_EQ(queue.size_approx(), 2U);
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(out), Status::done);
  EXPECT_EQ(out, 2);
  EXPECT_TRUE(queue.push(4));
  EXPECT_EQ(queue.try_pop(out), Status::done);
  EXPECT_TRUE(queue.push(5));
  EXPECT_EQ(queue.try_pop_until(out, Deadline::min()), Status::done);
  EXPECT_EQ(noted.take(), "pop(done)pop(done)push(done)pop(done)push(done)pop(done)");
  queue.close();
  EXPECT_TRUE(queue.is_closed());
  EXPECT_FALSE(queue.push(6));
  EXPECT_EQ(queue.pop(), std::nullopt);
  EXPECT_EQ(queue.pop(out), Status::closed);
  EXPECT_EQ(noted.take(), "push(refused)pop(empty)pop(empty)");
  EXPECT_EQ(queue.capacity(), 2U);
  EXPECT_EQ(queue.queue().capacity(), 2U);
}

struct Throwing {
  Throwing() = default;
  Throwing(Throwing&& /*other*/) { throw std::runtime_error("no move"); }
  Throwing& operator=(Throwing&&) = default;
};

TEST(RecordedQueue, ACallThatThrowsEnds) {
  Noted noted;
  RecordedQueue<TwoCondvarQueue<Throwing>, Noted> queue(2, noted);
  EXPECT_THROW(queue.push(Throwing()), std::runtime_error);
  EXPECT_EQ(noted.take(), "push(refused)");
}

TEST(RecordedQueue, WithoutARecorderOnlyTheQueueIsThere) {
  unsetenv("BQ_RECORDING");
  RecordedQueue<Queue, Noted> queue(2);
  EXPECT_TRUE(queue.push(1));
  EXPECT_EQ(queue.pop(), 1);
}

TEST(Recorder, RefusesTooLittleMemory) {
  RecorderOptions options;
  options.memory_bytes = 16 * 4095;
  EXPECT_THROW(Recorder("unused", options), std::invalid_argument);
}

TEST(Recorder, SaysThatItCouldNotWrite) {
  Recorder recorder("/nonexistent/folder/file");
  recorder.push_begins();
  recorder.push_ends();
  try {
    recorder.finish();
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(std::string(error.what()),
              "recording /nonexistent/folder/file: cannot create: No such file or directory");
  }
  recorder.finish();  // once is enough
}

}  // namespace
}  // namespace bq
