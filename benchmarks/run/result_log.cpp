#include "benchmarks/run/result_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "benchmarks/util/error.h"
#include "benchmarks/util/json.h"

namespace bq::bench {

ResultLog::ResultLog(const std::filesystem::path& file) : name_(file.string()) {
  descriptor_ = open(name_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw IoError(name_ + ": cannot be written: " + std::strerror(errno));
  const off_t size = lseek(descriptor_, 0, SEEK_END);
  char last = '\n';
  if (size > 0 && pread(descriptor_, &last, 1, size - 1) == 1 && last != '\n' &&
      write(descriptor_, "\n", 1) != 1) {
    throw IoError(name_ + ": cannot be written: " + std::strerror(errno));
  }
}

ResultLog::ResultLog(ResultLog&& other) noexcept
    : name_(std::move(other.name_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

ResultLog::~ResultLog() {
  if (descriptor_ >= 0) close(descriptor_);
}

void ResultLog::append(const nlohmann::ordered_json& row) {
  const std::string line =
      row.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  const off_t before = lseek(descriptor_, 0, SEEK_END);
  const ssize_t written = write(descriptor_, line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) return;
  const std::string why = written < 0 ? std::strerror(errno) : "No space left on device";
  if (written > 0 && ftruncate(descriptor_, before) != 0) {
    throw IoError(name_ + ": cannot be written, and its last line is cut short: " + why);
  }
  throw IoError(name_ + ": cannot be written: " + why +
                "; what is there is whole, --resume continues");
}

}  // namespace bq::bench
