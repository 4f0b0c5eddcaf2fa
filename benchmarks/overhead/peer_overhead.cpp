// What a wrapped library costs by itself, and what the house's waiting, the contract's close, the
// adapter under queues/peers and the harness add to it, one at a time: one producer, one consumer,
// with and without work.
//   peer_overhead [ROUNDS] [--peers a,b] [--work-ns 0,1000] [--json FILE]
// A round runs every arm once, in random order; ratios are taken inside a round only, because whole
// minutes of a virtual machine run slow. `again` is `by hand` once more: how far equal things
// differ. Our own rings run in the same rounds.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "benchmarks/overhead/peer_loop.h"
#include "benchmarks/overhead/peers_by_hand.h"
#include "benchmarks/run/calibration.h"
#include "benchmarks/run/run_description.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/json.h"
#include "benchmarks/util/message_text.h"
#include "benchmarks/util/program.h"
#include "benchmarks/util/text_file.h"
#include "queues/mpmc_ring.h"
#include "queues/peers/atomic_queue.h"
#include "queues/peers/boost_lockfree.h"
#include "queues/peers/boost_spsc.h"
#include "queues/peers/moodycamel_blocking.h"
#include "queues/peers/moodycamel_spsc.h"
#include "queues/peers/moodycamel_trying.h"
#include "queues/peers/tbb.h"
#include "queues/peers/tbb_trying.h"
#include "queues/spsc_ring.h"

namespace bq::bench {

namespace {

constexpr std::uint64_t seed = 1;  // of the order of arms

struct Arm {
  std::string name;
  std::string differs_from;  ///< the arm that has one thing less; empty: none
  double (*run)(const LoopPlan& plan);
  std::vector<double> ns_per_msg = {};  ///< one a round
};

struct Peer {
  std::string name;
  std::vector<Arm> arms;  ///< the first is what the others are compared with
};

/// `Direct`: the library as its author means it; `Queue`: its adapter, `below` the arm that this
/// differs from.
template <class Direct, class Queue>
Peer peer(std::string name, std::string below, std::vector<Arm> between) {
  Peer made{std::move(name),
            {{"by hand", "", loop_by_hand<Direct>}, {"again", "by hand", loop_by_hand<Direct>}}};
  made.arms.insert(made.arms.end(), between.begin(), between.end());
  const std::vector<Arm> last = {
      {"adapter", std::move(below), loop_by_hand<Adapter<Queue>>},
      {"harness", "adapter", loop_by_harness<Queue>},
      {"house mpmc ring", "", loop_by_hand<Adapter<MpmcRingSpinYieldPark<Message>>>},
      {"house spsc ring", "", loop_by_hand<Adapter<SpscRingSpinYieldPark<Message>>>}};
  made.arms.insert(made.arms.end(), last.begin(), last.end());
  return made;
}

template <class Library>
Arm house_waiting() {
  return {"house waiting", "by hand", loop_by_hand<by_hand::Waiting<Library>>};
}
template <class Library>
Arm closable_house_waiting(std::string below = "house waiting") {
  return {"closable, house waiting", std::move(below),
          loop_by_hand<by_hand::ClosableWaiting<Library>>};
}
template <class Queue>
Arm adapter_house_waiting() {
  return {"adapter, house waiting", "closable, house waiting", loop_by_hand<Adapter<Queue>>};
}

std::vector<Peer> all_peers() {
  using namespace by_hand;
  const std::string closable = "closable", closable_house = "closable, house waiting";
  return {
      peer<Spinning<TryBoostLockfree>, BoostLockfreeQueue<Message>>(
          "boost_lockfree", closable_house,
          {house_waiting<TryBoostLockfree>(),
           {"counted, house waiting", "house waiting", loop_by_hand<Waiting<CountedBoostLockfree>>},
           closable_house_waiting<CountedBoostLockfree>("counted, house waiting")}),
      peer<Moodycamel, MoodycamelBlockingQueue<Message>>(
          "moodycamel_blocking", closable,
          {house_waiting<TryMoodycamel>(),
           {closable, "by hand", loop_by_hand<ClosableMoodycamel>},
           closable_house_waiting<TryMoodycamel>(),
           adapter_house_waiting<MoodycamelSpinYieldPark<Message>>()}),
      peer<by_hand::MoodycamelSpsc, MoodycamelSpscQueue<Message>>(
          "moodycamel_spsc", closable,
          {house_waiting<TryMoodycamelSpsc>(),
           {closable, "by hand", loop_by_hand<ClosableMoodycamelSpsc>}}),
      peer<Tbb, TbbQueue<Message>>("tbb", closable,
                                   {house_waiting<TryTbb>(),
                                    {closable, "by hand", loop_by_hand<ClosableTbb>},
                                    closable_house_waiting<TryTbb>(),
                                    adapter_house_waiting<TbbSpinYieldPark<Message>>()}),
      peer<by_hand::AtomicQueue, AtomicQueuePeer<Message>>(
          "atomic_queue", closable_house,
          {house_waiting<TryAtomicQueue>(), closable_house_waiting<TryAtomicQueue>()}),
      peer<Spinning<TryBoostSpsc>, BoostSpscQueue<Message>>(
          "boost_spsc", closable_house,
          {house_waiting<TryBoostSpsc>(),
           {"by hand, std::optional", "by hand", loop_by_hand<InOptional<Spinning<TryBoostSpsc>>>},
           closable_house_waiting<TryBoostSpsc>()}),
  };
}

struct Options {
  std::size_t rounds = 100;
  std::vector<std::string> peers;
  std::vector<double> work_ns = {0, 1000};
  std::string json;
};

/// How many messages make a trial, by pilots of the first arm.
std::size_t messages_of(const Peer& peer, double work_ns, double step_ns) {
  // Longer with work: a message costs so much that fewer would pass.
  const double trial_ns = work_ns > 0 ? 50e6 : 20e6;
  const std::size_t pilot = work_ns > 0 ? 5'000 : 200'000;
  const LoopPlan plan(work_ns, step_ns, pilot);
  double ns_per_msg = peer.arms[0].run(plan);
  // The fastest of three: a preemption would make all trials of the cell short.
  for (int more = 0; more < 2; ++more) ns_per_msg = std::min(ns_per_msg, peer.arms[0].run(plan));
  return std::max<std::size_t>(1'000, static_cast<std::size_t>(trial_ns / ns_per_msg));
}

void measure(Peer& peer, const LoopPlan& plan, std::size_t rounds, std::mt19937& random) {
  for (Arm& arm : peer.arms) arm.ns_per_msg.clear();
  std::vector<std::size_t> order(peer.arms.size());
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t round = 0; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t arm : order)
      peer.arms[arm].ns_per_msg.push_back(peer.arms[arm].run(plan));
  }
}

void print(const Peer& peer, double work_ns, std::size_t rounds) {
  // Order statistics that hold the median in 95 % of all cases.
  const double half = static_cast<double>(rounds) / 2;
  const double reach = 0.98 * std::sqrt(static_cast<double>(rounds));
  const auto low = static_cast<std::size_t>(std::max(0.0, std::floor(half - reach)));
  const auto high = std::min(rounds - 1, static_cast<std::size_t>(std::ceil(half + reach)));
  std::printf("%s, %.0f ns of work a side, %zu rounds: ns per message, throughput over by hand\n",
              peer.name.c_str(), work_ns, rounds);
  for (const Arm& arm : peer.arms) {
    std::vector<double> ns = arm.ns_per_msg;
    std::vector<double> ratios(rounds);
    std::transform(ns.begin(), ns.end(), peer.arms[0].ns_per_msg.begin(), ratios.begin(),
                   [](double own, double by_hand) { return by_hand / own; });
    std::sort(ns.begin(), ns.end());
    std::sort(ratios.begin(), ratios.end());
    std::printf("  %-24s %7.1f ns  %.3f [%.3f, %.3f]\n", arm.name.c_str(), ns[rounds / 2],
                ratios[rounds / 2], ratios[low], ratios[high]);
  }
  std::fflush(stdout);
}

Json cell_json(const Peer& peer, const LoopPlan& plan, double work_ns, double step_ns) {
  Json arms = Json::array();
  for (const Arm& arm : peer.arms) {
    arms.push_back({{"arm", arm.name},
                    {"differs_from", arm.differs_from.empty() ? Json() : Json(arm.differs_from)},
                    {"ns_per_msg", arm.ns_per_msg}});
  }
  return {{"peer", peer.name},
          {"work_ns", work_ns},
          {"step_ns", step_ns},
          {"steps", plan.steps},
          {"messages", plan.count},
          {"warmup", plan.warmup},
          {"capacity", plan.point.capacity},
          {"arms", arms}};
}

std::vector<Peer> chosen_peers(const std::vector<std::string>& names) {
  std::vector<Peer> peers = all_peers();
  if (names.empty()) return peers;
  for (const std::string& name : names) {
    if (std::none_of(peers.begin(), peers.end(),
                     [&](const Peer& each) { return each.name == name; })) {
      std::string there;
      for (const Peer& each : peers) there += (there.empty() ? "" : ", ") + each.name;
      throw UsageError("--peers: there is no library '" + shown(name) + "' here, but " + there);
    }
  }
  std::erase_if(peers, [&](const Peer& each) {
    return std::find(names.begin(), names.end(), each.name) == names.end();
  });
  return peers;
}

ExitStatus run(const Options& options) {
  std::vector<Peer> peers = chosen_peers(options.peers);
  Json results{{"rounds", options.rounds}, {"context", context_json(seed)}};
  add_busy_cores(results["context"]);
  results["cells"] = Json::array();
  // Written before the first trial, too: a file that cannot be written is no surprise at the end.
  const auto write = [&] {
    if (!options.json.empty()) write_text_file(options.json, results.dump(1) + '\n');
  };
  write();
  std::mt19937 random(seed);
  for (Peer& each : peers) {
    for (const double work_ns : options.work_ns) {
      // Calibrated for each cell: the machine's speed changes. All arms take the same steps.
      const double step_ns =
          work_ns > 0 ? probe_cores(LoopPlan(work_ns, 1, 1).point).step_costs.spin_ns : 1;
      const LoopPlan plan(work_ns, step_ns, messages_of(each, work_ns, step_ns));
      measure(each, plan, options.rounds, random);
      print(each, work_ns, options.rounds);
      results["cells"].push_back(cell_json(each, plan, work_ns, step_ns));
      write();
    }
  }
  return ExitStatus::ok;
}

}  // namespace

}  // namespace bq::bench

int main(int argc, char** argv) {
  bq::bench::Options options;
  CLI::App app{
      "Compares wrapped libraries by hand, with the house's waiting, closable, through their "
      "adapters and through the harness, in loops of one producer and one consumer."};
  app.add_option("rounds,--rounds", options.rounds, "each runs every arm once (default: 100)")
      ->check(bq::bench::whole_number(1, 1'000'000));
  app.add_option("--peers", options.peers, "names of libraries, with commas (default: all)")
      ->delimiter(',');
  app.add_option("--work-ns", options.work_ns,
                 "spin work a message on each side, with commas (default: 0,1000)")
      ->delimiter(',')
      ->check(bq::bench::number(0, 1e6));
  app.add_option("--json", options.json, "file for every figure of every round");
  return bq::bench::run_program(app, argc, argv, [&] { return bq::bench::run(options); });
}
