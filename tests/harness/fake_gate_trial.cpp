// Speaks gate_trial's side of the contract, without measuring anything: driven by
// tests/python/test_gate.py, which starts hundreds in a test. Its folder says which arm it is of;
// behaviour.json there says what its queues do: {"cells": {"queue": {"ns": time a message,
// "spread": share by which it varies, "swing": to and fro, "fault": why, "signal": number, "void":
// true, "hang": true, "garbage": true}}, "context": {...}}.
#include <unistd.h>

#include <boost/crc.hpp>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/gate/exit_status.h"
#include "benchmarks/util/json.h"

namespace {

using bq::bench::Json;
using bq::bench::gate::ExitStatus;

constexpr const char* points[] = {"gate/case:a", "gate/case:b"};
constexpr std::uint64_t turns = 6;  // of a pair: rounds 6, 7, ... 11 are pair 1

struct Options {
  std::filesystem::path folder;
  std::string program;  // as `base/gate_trial_0`: not where the test has it
  std::vector<std::string> queues;
  bool list = false, pilot = false;
  std::map<std::string, std::string> others;
};

Options parsed(int count, char** words) {
  const std::filesystem::path program = words[0];
  Options options;
  options.folder = program.parent_path();
  options.program = options.folder.filename() / program.filename();
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--list") {
      options.list = true;
    } else if (word == "--pilot") {
      options.pilot = true;
    } else if (i + 1 < count) {
      const std::string value = words[++i];
      if (word == "--queue") options.queues.push_back(value);
      options.others[word] = value;
    }
  }
  return options;
}

Json list(const Options& options, const Json& behaviour) {
  Json cells = Json::array();
  for (const std::string& queue : options.queues) {
    for (const char* point : points) {
      Json cell{{"queue", queue}, {"point", point}};
      if (!behaviour["cells"].contains(queue)) cell["why_not"] = "no such queue";
      cells.push_back(cell);
    }
  }
  Json context{
      {"cpu_model", "Toy"},      {"cores", 2},     {"kernel", "Linux 6"}, {"compiler", "g++ 12"},
      {"build_type", "Release"}, {"flags", "-O3"}, {"host_name", "here"}};
  if (behaviour.contains("context")) context.update(behaviour["context"]);
  return {{"cells", cells}, {"context", context}};
}

Json pilot(const Json& queue) {
  return {{"status", "ok"},
          {"messages", 1000},
          {"warmup", 100},
          {"ns_per_step", 1.0},
          {"ns_per_msg", queue["ns"]}};
}

std::uint32_t crc_of(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

// Even, from -1 to 1.
double even_of(const std::string& key) {
  const std::uint32_t crc = crc_of(key);
  char bytes[4];
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<char>(crc >> (24 - 8 * i));
  return crc_of({bytes, sizeof bytes}) / 0x1p31 - 1;  // a CRC of the key alone hardly differs
}

Json trial(const Json& queue, const Options& options, std::uint64_t round) {
  // Noise that is a function of the trial and of what the gate's own random numbers gave it. An
  // even distribution from -1 to 1 has a standard deviation of 0.58.
  const std::uint64_t pair = round / turns;
  const std::string key = options.program + ' ' + options.others.at("--point") + ' ' +
                          options.queues.at(0) + ' ' + std::to_string(pair) + ' ' +
                          std::to_string(std::string(std::getenv("BQ_PADDING")).size());
  const double noise = queue.value("spread", 0.01) * even_of(key) / 0.58;
  const double swing = queue.value("swing", 0.0) * (pair % 2 == 1 ? 1 : -1);
  const auto extra = options.others.find("--extra-ns");
  const double extra_ns = extra == options.others.end() ? 0 : std::stod(extra->second);
  const double ns = (queue["ns"].get<double>() + extra_ns) * (1 + noise + swing);
  return {{"status", "ok"}, {"ns_per_msg", ns}, {"messages", 900}, {"window_ns", 900 * ns}};
}

int answer(const Json& queue, const Options& options) {
  if (queue.contains("signal")) std::raise(queue["signal"].get<int>());
  while (queue.contains("hang")) pause();
  if (queue.contains("garbage")) {
    std::cerr << "gate_trial: something odd" << std::endl;
    return 1;
  }
  if (queue.contains("fault")) {
    std::cout << Json{{"status", "failed"}, {"why", queue["fault"]}} << std::endl;
    return static_cast<int>(ExitStatus::queue_failed);
  }
  for (std::uint64_t round = 0; std::cin >> round;) {
    const bool is_void = queue.contains("void");
    std::cout << (is_void ? Json{{"status", "void"}, {"why", "no window"}}
                          : trial(queue, options, round))
              << std::endl;
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const Options options = parsed(count, words);
  std::ifstream file(options.folder / "behaviour.json");
  const Json behaviour = Json::parse(file);
  if (options.list) {
    std::cout << list(options, behaviour) << std::endl;
    return 0;
  }
  const Json& queue = behaviour["cells"].at(options.queues.at(0));
  if (options.pilot) {
    std::cout << pilot(queue) << std::endl;
    return 0;
  }
  return answer(queue, options);
}
