// replay_recording: makes the calls of a text recording again, each in a thread of the same name
// and at the same time by a clock that stands where the text says, and records them in the binary
// form. So a test knows every event of which a recorder of little memory kept a part. Driven by
// tests/python/test_recorder.py and test_recorder_windows.py.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "benchmarks/util/error.h"
#include "benchmarks/util/program.h"
#include "queues/record.h"

namespace {

using namespace bq::bench;

struct Event {
  std::uint64_t ticks;
  std::string name;
};

/// Each thread is at an instant of its own.
struct ReplayedClock {
  static inline thread_local std::uint64_t ticks = 0;
  std::uint64_t now() const { return ticks; }
  double ns_per_tick() const { return 1; }
};

std::map<std::string, std::vector<Event>> read(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw UsageError(path + ": cannot be read");
  std::map<std::string, std::vector<Event>> threads;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    Event event;
    std::string thread;
    if (line[0] != '#' && words >> event.ticks >> thread >> event.name)
      threads[thread].push_back(event);
  }
  return threads;
}

void replay(const std::vector<Event>& events, bq::BasicRecorder<ReplayedClock>& recorder) {
  for (const Event& event : events) {
    ReplayedClock::ticks = event.ticks;
    if (event.name == "push_begin") recorder.push_begins();
    if (event.name == "push_end") recorder.push_ends();
    if (event.name == "push_refused") recorder.push_ends(false);
    if (event.name == "pop_begin") recorder.pop_begins();
    if (event.name == "pop_end") recorder.pop_ends();
    if (event.name == "pop_empty") recorder.pop_ends(false);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::string text, binary;
  bool retries = false;
  bq::RecorderOptions options;
  CLI::App app{"Records the calls of a text recording again, in the binary form."};
  app.add_option("text", text)->required();
  app.add_option("binary", binary)->required();
  app.add_option("--memory-bytes", options.memory_bytes);
  app.add_option("--most-threads", options.most_threads);
  app.add_option("--capacity", options.capacity);
  app.add_option("--note", options.note);
  app.add_flag("--retries", retries);
  return run_program(app, argc, argv, [&] {
    if (retries) options.when_refused = bq::WhenRefused::retry;
    bq::BasicRecorder<ReplayedClock> recorder(binary, options);
    std::vector<std::jthread> threads;
    for (const auto& [name, events] : read(text)) {
      // In their order, so that the numbers of the threads are always the same.
      threads.push_back(std::jthread([&recorder, mine = events] { replay(mine, recorder); }));
      threads.back().join();
    }
    recorder.finish();
    return ExitStatus::ok;
  });
}
