// Properties and limits of queues whose truth is known.
#include "benchmarks/run/queue_properties.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/platform/affinity.h"
#include "benchmarks/run/machine_baselines.h"
#include "benchmarks/util/json.h"
#include "queues/sync.h"

namespace bq::bench {
namespace {

enum class Waits { asleep, spinning, yielding, not_at_all };

// Waits as it is told, carries nothing, and keeps `heap_per_slot` bytes a slot from the beginning
// on and one more block of `heap_when_full` once it is full.
template <Waits waits, std::size_t heap_per_slot = 0, std::size_t temporary = 0,
          std::size_t heap_when_full = 0>
class KnownQueue {
 public:
  using value_type = std::uint64_t;
  static constexpr Traits traits{};

  explicit KnownQueue(std::size_t capacity) : capacity_(capacity) {
    if (temporary > 0) const Block gone = std::make_unique<std::byte[]>(temporary);
    if (heap_per_slot > 0) slots_ = std::make_unique<std::byte[]>(capacity * heap_per_slot);
  }
  bool push(value_type&&) { return wait(), false; }
  Status try_push(value_type&&) {
    if (size_ == capacity_) return Status::full;
    if (++size_ == capacity_ && heap_when_full > 0)
      late_ = std::make_unique<std::byte[]>(heap_when_full);
    return Status::done;
  }
  std::optional<value_type> pop() { return wait(), std::nullopt; }
  Status try_pop(std::optional<value_type>&) { return Status::empty; }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  bool is_closed() const { return closed_; }
  std::size_t capacity() const { return capacity_; }
  std::size_t size_approx() const { return size_; }

 private:
  using Block = std::unique_ptr<std::byte[]>;

  void wait() {
    if (waits == Waits::asleep) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return closed_.load(); });
    }
    while (waits != Waits::not_at_all && !closed_) {
      if (waits == Waits::yielding) {
        StdSync::yield();
      } else {
        StdSync::relax();
      }
    }
  }

  const std::size_t capacity_;
  std::size_t size_ = 0;
  std::atomic<bool> closed_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  Block slots_, late_;
};

using Kind = Property::Kind;

template <class Q>
double measured(const Property& property, const std::string& value) {
  for (const auto& [name, number] : measure_property(any_queue_type<Q>, property)) {
    if (name == value) return number;
  }
  ADD_FAILURE() << "no " << value;
  return -1;
}

class IdleTest : public testing::TestWithParam<std::pair<Kind, std::string>> {};
INSTANTIATE_TEST_SUITE_P(Sides, IdleTest,
                         testing::Values(std::pair{Kind::idle_pop, "idle_pop"},
                                         std::pair{Kind::idle_push, "idle_push"}),
                         [](const auto& side) { return side.param.second; });

// The shares are CPU accounting, an order of magnitude apart even where a spinner gets a tenth of a
// core.
TEST_P(IdleTest, ASpinnerUsesItsCoreAndASleeperDoesNot) {
  const auto& [kind, name] = GetParam();
  double spinning = 0;
  for (int attempt = 0; attempt < 50 && spinning < 0.1; ++attempt) {
    spinning = measured<KnownQueue<Waits::spinning>>({kind}, name + "_cpu_share");
  }
  EXPECT_GT(spinning, 0.1);
  EXPECT_LT(spinning, 1.1);
  EXPECT_LT(measured<KnownQueue<Waits::asleep>>({kind}, name + "_cpu_share"), 0.01);
}

TEST_P(IdleTest, YieldsAreCountedWhereTheyAreMade) {
  const auto& [kind, name] = GetParam();
  EXPECT_GT(measured<KnownQueue<Waits::yielding>>({kind}, name + "_yields_per_s"), 100);
  EXPECT_EQ(measured<KnownQueue<Waits::spinning>>({kind}, name + "_yields_per_s"), 0);
  EXPECT_EQ(measured<KnownQueue<Waits::asleep>>({kind}, name + "_yields_per_s"), 0);
  EXPECT_EQ(measured<KnownQueue<Waits::asleep>>({kind}, name + "_switches_per_s"), 0);
}

TEST_P(IdleTest, ACallThatDoesNotWaitIsAFault) {
  EXPECT_THROW(measure_property(any_queue_type<KnownQueue<Waits::not_at_all>>, {GetParam().first}),
               QueueFault);
}

TEST(CloseProperty, TellsWhetherTheWaitersSlept) {
  for (const std::size_t waiters : {1, 8}) {
    EXPECT_GT(
        measured<KnownQueue<Waits::asleep>>({Kind::close, waiters}, "close_to_last_return_ns"), 0);
    EXPECT_EQ(measured<KnownQueue<Waits::spinning>>({Kind::close, waiters}, "asleep_share"), 0);
  }
  EXPECT_GT(measured<KnownQueue<Waits::asleep>>({Kind::close, 1}, "asleep_share"), 0);
  EXPECT_THROW(measure_property(any_queue_type<KnownQueue<Waits::not_at_all>>, {Kind::close, 8}),
               QueueFault);
}

bool heap_is_known() {
  return !measure_property(any_queue_type<KnownQueue<Waits::asleep, 24>>, {Kind::memory, 1})
              .empty();
}

// malloc adds 8 bytes to a block and rounds up to 16.
void expect_bytes(double counted, std::size_t queue, std::size_t block) {
  EXPECT_GE(counted, static_cast<double>(queue + block));
  EXPECT_LE(counted, static_cast<double>(queue + block + 8 + 15));
}

TEST(MemoryProperty, CountsTheQueueAndWhatItKeepsOnTheHeap) {
  if (!heap_is_known()) GTEST_SKIP() << "not the C library's allocator";
  using Small = KnownQueue<Waits::asleep, 24>;
  for (const std::size_t capacity : {1, 64, 4096}) {
    expect_bytes(measured<Small>({Kind::memory, capacity}, "bytes"), sizeof(Small), 24 * capacity);
    EXPECT_EQ(measured<Small>({Kind::memory, capacity}, "reported_capacity"),
              static_cast<double>(capacity));
  }
  using Large = KnownQueue<Waits::asleep, 1000>;  // malloc maps pages of their own for so much
  EXPECT_NEAR(measured<Large>({Kind::memory, 4096}, "bytes"),
              sizeof(Large) + std::size_t{4096} * 1000, 2 * 4096);
}

TEST(MemoryProperty, LeavesOutWhatWasOnlyBorrowed) {
  if (!heap_is_known()) GTEST_SKIP() << "not the C library's allocator";
  using Same = KnownQueue<Waits::asleep, 40, 40>;  // given back, and then taken again
  expect_bytes(measured<Same>({Kind::memory, 1}, "bytes"), sizeof(Same), 40);
  using Other = KnownQueue<Waits::asleep, 40, 600>;
  expect_bytes(measured<Other>({Kind::memory, 1}, "bytes"), sizeof(Other), 40);
}

TEST(MemoryProperty, AFullQueueMayHoldMore) {
  if (!heap_is_known()) GTEST_SKIP() << "not the C library's allocator";
  using Growing = KnownQueue<Waits::asleep, 0, 0, 40'000>;
  EXPECT_EQ(measured<Growing>({Kind::memory, 64}, "bytes"), sizeof(Growing));
  expect_bytes(measured<Growing>({Kind::memory, 64}, "full_bytes"), sizeof(Growing), 40'000);
}

TEST(MemoryProperty, IsUnknownWhereMessagesAreNotOnTheHeap) {
  EXPECT_TRUE(
      measure_property(any_queue_type<KnownQueue<Waits::asleep>>, {Kind::memory, 1}).empty());
}

TEST(ConstructionProperty, LeavesNothingBehind) {
  static std::atomic<int> alive{0};
  static std::atomic<int> made{0};
  struct Counted : KnownQueue<Waits::asleep> {
    explicit Counted(std::size_t capacity) : KnownQueue(capacity) { ++alive, ++made; }
    ~Counted() { --alive; }
  };
  EXPECT_GT(measured<Counted>({Kind::construction, 64}, "construct_ns"), 0);
  EXPECT_GT(measured<Counted>({Kind::construction, 64}, "destroy_ns"), 0);
  EXPECT_EQ(alive, 0);
  EXPECT_GE(made, 101);
}

// As KnownQueue, and refuses capacities, whether its labels say so or not.
template <std::size_t min, std::size_t max, bool says_so>
struct ConfinedQueue : KnownQueue<Waits::asleep, 24> {
  static constexpr Traits traits{.min_capacity = says_so ? min : 1,
                                 .max_capacity = says_so ? max : unbounded_capacity};
  explicit ConfinedQueue(std::size_t capacity) : KnownQueue(capacity) {
    if (capacity < min || capacity > max) throw std::invalid_argument("no");
  }
};

TEST(Properties, AreMeasuredAtACapacityThatTheQueueCanHave) {
  const auto measured_all = [](const AnyQueueType& type, const Traits& traits) {
    for (const Property& property : properties_of(traits)) {
      SCOPED_TRACE(property.name() + " " + std::to_string(property.parameter));
      if (property.kind == Kind::memory && !heap_is_known()) continue;
      EXPECT_FALSE(measure_property(type, property).empty());
    }
  };
  using Small = ConfinedQueue<1, 8, true>;
  measured_all(any_queue_type<Small>, Small::traits);
  using Large = ConfinedQueue<1024, 5000, true>;
  measured_all(any_queue_type<Large>, Large::traits);
  using Huge = ConfinedQueue<5000, 6000, true>;
  measured_all(any_queue_type<Huge>, Huge::traits);
}

TEST(Properties, ARefusedCapacityThatTheLabelsAllowIsAFault) {
  using Liar = ConfinedQueue<1, 8, false>;
  for (const Property& property :
       {Property{Kind::idle_pop}, Property{Kind::idle_push}, Property{Kind::close, 1},
        Property{Kind::memory, 64}, Property{Kind::construction, 64}}) {
    EXPECT_THROW(measure_property(any_queue_type<Liar>, property), QueueFault) << property.name();
  }
}

std::vector<std::string> names_of(const Traits& traits) {
  std::vector<std::string> names;
  for (const Property& property : properties_of(traits)) {
    names.push_back(property.name());
    const auto params = property.params();
    for (const auto& [key, value] : params.items()) names.back().append(" ").append(value.dump());
  }
  return names;
}

TEST(PropertiesOf, FollowsTheLabels) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(names_of({}), (Names{"idle_pop", "idle_push", "close 1", "close 8", "close 64",
                                 "memory 1", "memory 64", "memory 4096", "construction 1",
                                 "construction 64", "construction 4096"}));
  EXPECT_EQ(names_of({.consumers = Endpoints::one, .min_capacity = 2, .max_capacity = 100}),
            (Names{"idle_pop", "idle_push", "close 1", "memory 64", "construction 64"}));
  const Names without_bound = names_of({.bound = Bound::none});
  EXPECT_EQ(std::count(without_bound.begin(), without_bound.end(), "idle_push"), 0);
}

TEST(MachineBaselines, ArePresentWhereTheyApply) {
  const MachineBaselines baselines = measure_machine_baselines();
  EXPECT_GT(baselines.park_round_trip_ns, 0);
  EXPECT_EQ(baselines.spsc_msgs_per_s.has_value(), allowed_cores().size() > 1);
  EXPECT_GT(baselines.spsc_msgs_per_s.value_or(1), 0);
}

}  // namespace
}  // namespace bq::bench
