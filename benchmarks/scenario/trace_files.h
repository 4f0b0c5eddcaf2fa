// Trace files: recorded times, one number a line.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "benchmarks/scenario/point.h"

namespace bq::bench {

/// The traces of one scenario, each read once however many points use it.
class TraceFiles {
 public:
  /// `folder`: names of files are relative to it.
  explicit TraceFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Throws UsageError, which names the file and the line.
  std::shared_ptr<const Trace> read(const std::string& name);

 private:
  std::filesystem::path folder_;
  std::map<std::string, std::shared_ptr<const Trace>> traces_;
  std::size_t times_ = 0;  // of all of them
};

}  // namespace bq::bench
