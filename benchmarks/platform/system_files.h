// The files under /proc and /sys, or a copy of them below another root.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

namespace bq::bench {

class SystemFiles {
 public:
  explicit SystemFiles(std::filesystem::path root = "/") : root_(std::move(root)) {}

  /// Where a file is: `file` is its path from "/", which it leaves out ("proc/stat").
  std::filesystem::path path(std::string_view file) const { return root_ / file; }

  bool exists(std::string_view file) const {
    std::error_code error;
    return std::filesystem::exists(path(file), error);
  }

  /// Empty where there is no such file, or it cannot be read.
  std::string first_line(std::string_view file) const {
    std::string line;
    std::ifstream stream(path(file));
    std::getline(stream, line);
    return line;
  }

 private:
  std::filesystem::path root_;
};

}  // namespace bq::bench
