// Append-only JSON lines: one object, one line, one write. What is written once is never changed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace bq::bench {

class ResultLog {
 public:
  /// Opens or creates. A last line that a kill cut short is ended, so that the next one starts afresh. Throws
  /// IoError.
  explicit ResultLog(const std::filesystem::path& file);
  ResultLog(ResultLog&& other) noexcept;
  ~ResultLog();

  /// Appends one line. If it does not fit (a full disk), nothing of it stays and IoError is thrown. Thread-safe.
  void append(const nlohmann::ordered_json& row);

  /// The rows of a file; lines that do not parse are skipped. Empty if there is no such file.
  static std::vector<nlohmann::ordered_json> read(const std::filesystem::path& file);

 private:
  std::string name_;
  int descriptor_ = -1;
};

}  // namespace bq::bench
