// Append-only JSON lines: one object, one line, one write.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace bq::bench {

class ResultLog {
 public:
  /// Opens or creates the file. Ends a last line that a kill cut short, so that the next one is
  /// whole. Throws IoError.
  explicit ResultLog(const std::filesystem::path& file);
  ResultLog(ResultLog&& other) noexcept;
  ~ResultLog();

  /// Appends one line. On a full disk it leaves no part of the line, and throws IoError.
  /// Thread-safe.
  void append(const nlohmann::ordered_json& row);

 private:
  std::string name_;
  int descriptor_ = -1;
};

}  // namespace bq::bench
