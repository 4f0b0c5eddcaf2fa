// What a call of the recorder (queues/record.h) costs: the median over rounds with its interval, in
// ns a call, where nothing else is done.
//   recorder_overhead [ROUNDS] [--json FILE]
// A round runs every arm once, in random order: a timestamp, which every call takes; one thread;
// two threads at once, each on a side of its own; one thread whose memory is full again and again.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <barrier>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "benchmarks/platform/affinity.h"
#include "benchmarks/platform/clock.h"
#include "benchmarks/run/run_description.h"
#include "benchmarks/util/json.h"
#include "benchmarks/util/program.h"
#include "benchmarks/util/statistics.h"
#include "benchmarks/util/text_file.h"
#include "queues/record.h"

namespace bq::bench {

namespace {

constexpr std::uint64_t seed = 1;  // of the order of arms
constexpr std::size_t pairs = 5'000;
constexpr std::size_t calls = 2 * pairs;

struct Options {
  std::size_t rounds = 200;
  std::string json;
};

int core(std::size_t index) {
  return allowed_cores()[index % allowed_cores().size()];
}

/// A recorder whose file is of no use.
class Scratch {
 public:
  Scratch(const std::string& name, std::size_t events_of_a_thread)
      : path_(std::filesystem::temp_directory_path() /
              ("recorder_overhead." + std::to_string(getpid()) + "." + name)),
        recorder_(path_.string(), options(events_of_a_thread)) {
    // The first call of a thread allocates.
    recorder_.push_begins();
    recorder_.push_ends();
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    recorder_.finish();
    std::filesystem::remove(path_);
  }
  Recorder& operator*() { return recorder_; }

 private:
  static RecorderOptions options(std::size_t events_of_a_thread) {
    RecorderOptions made;
    made.most_threads = 3;
    made.memory_bytes = made.most_threads * 16 * events_of_a_thread;
    return made;
  }

  const std::filesystem::path path_;
  Recorder recorder_;
};

double ns_per_call(const std::function<void()>& loop) {
  const Ticks begin = now_ticks();
  loop();
  return ns_between(begin, now_ticks()) / static_cast<double>(calls);
}

void push_pairs(Recorder& recorder) {
  for (std::size_t i = 0; i < pairs; ++i) {
    recorder.push_begins();
    recorder.push_ends();
  }
}

void pop_pairs(Recorder& recorder) {
  for (std::size_t i = 0; i < pairs; ++i) {
    recorder.pop_begins();
    recorder.pop_ends();
  }
}

double timestamps() {
  return ns_per_call([] {
    for (std::size_t i = 0; i < calls; ++i) {
      const Ticks now = now_ticks();
      asm volatile("" : : "r"(now));
    }
  });
}

/// The other thread lives as long as the program, so that it allocates once. The mean of the two.
class TwoThreads {
 public:
  explicit TwoThreads(Recorder& recorder) : recorder_(recorder), other_([this] { run_other(); }) {}
  TwoThreads(const TwoThreads&) = delete;
  TwoThreads& operator=(const TwoThreads&) = delete;
  ~TwoThreads() {
    over_ = true;
    start_.arrive_and_wait();
  }
  double operator()() {
    start_.arrive_and_wait();
    const double own = ns_per_call([&] { push_pairs(recorder_); });
    end_.arrive_and_wait();
    return (own + others_) / 2;
  }

 private:
  void run_other() {
    pin_to(core(1));
    pop_pairs(recorder_);
    for (;;) {
      start_.arrive_and_wait();
      if (over_) return;
      others_ = ns_per_call([&] { pop_pairs(recorder_); });
      end_.arrive_and_wait();
    }
  }

  Recorder& recorder_;
  std::barrier<> start_{2}, end_{2};
  bool over_ = false;
  double others_ = 0;
  std::jthread other_;
};

struct Arm {
  std::string name;
  std::function<double()> run;
  std::vector<double> ns = {};  ///< a call, one a round
};

/// The order statistics that hold the median in 95 % of all cases.
std::array<double, 2> interval(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  const double low = std::max(0.0, std::floor(count / 2 - 0.98 * std::sqrt(count)));
  const double high = std::min(count - 1, std::ceil(count / 2 + 0.98 * std::sqrt(count)));
  return {values[static_cast<std::size_t>(low)], values[static_cast<std::size_t>(high)]};
}

ExitStatus run(const Options& options) {
  Json results{{"rounds", options.rounds}, {"calls", calls}, {"context", context_json(seed)}};
  // Written before the first round, too: a file that cannot be written is no surprise at the end.
  const auto write = [&] {
    if (!options.json.empty()) write_text_file(options.json, results.dump(1) + '\n');
  };
  write();
  pin_to(core(0));
  ns_per_tick();  // measured now, not inside the first loop
  const std::size_t all = (options.rounds + 2) * calls;
  Scratch alone("alone", all), shared("shared", all), thinning("thinning", 2 * pairs);
  TwoThreads two_threads(*shared);
  std::vector<Arm> arms{{"timestamp", timestamps},
                        {"alone", [&] { return ns_per_call([&] { push_pairs(*alone); }); }},
                        {"two_threads", [&] { return two_threads(); }},
                        {"thinning", [&] { return ns_per_call([&] { push_pairs(*thinning); }); }}};
  std::mt19937 random(seed);
  std::vector<std::size_t> order(arms.size());
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t round = 0; round < options.rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t arm : order) arms[arm].ns.push_back(arms[arm].run());
  }
  std::printf("%zu rounds of %zu calls: ns a call, the median and its interval\n", options.rounds,
              calls);
  results["arms"] = Json::array();
  for (const Arm& arm : arms) {
    const auto [low, high] = interval(arm.ns);
    std::printf("  %-12s %6.1f ns [%.1f, %.1f]\n", arm.name.c_str(), median(arm.ns), low, high);
    results["arms"].push_back({{"arm", arm.name},
                               {"median_ns", median(arm.ns)},
                               {"interval_ns", {low, high}},
                               {"ns_per_call", arm.ns}});
  }
  write();
  return ExitStatus::ok;
}

}  // namespace

}  // namespace bq::bench

int main(int argc, char** argv) {
  bq::bench::Options options;
  CLI::App app{"Measures what a call of the recorder of queues/record.h costs."};
  app.add_option("rounds,--rounds", options.rounds, "each runs every arm once (default: 200)")
      ->check(bq::bench::whole_number(1, 2'000));
  app.add_option("--json", options.json, "file for every figure of every round");
  return bq::bench::run_program(app, argc, argv, [&] { return bq::bench::run(options); });
}
