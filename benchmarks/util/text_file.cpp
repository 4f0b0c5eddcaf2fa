#include "benchmarks/util/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "benchmarks/util/error.h"

namespace bq::bench {

namespace {

class FileDescriptor {
 public:
  // O_NONBLOCK: the file may have become a FIFO since it was looked at.
  explicit FileDescriptor(const std::filesystem::path& file,
                          int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      : number_(open(file.c_str(), flags, 0666)) {}
  ~FileDescriptor() {
    if (number_ >= 0) close(number_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

std::string error_text(int error) {
  const std::string reason = std::strerror(error);
  switch (error) {
    case ENOENT:
      return "no such file: check the path";
    case EACCES:
      return "cannot be read: check its permissions and those of its folder";
    case ELOOP:
      return "cannot be read: its symbolic links lead in a circle; name the file itself";
    default:
      return "cannot be read: " + reason + "; name another file";
  }
}

std::string kind_error(const struct stat& status) {
  if (S_ISREG(status.st_mode)) return "";
  const char* kind = S_ISDIR(status.st_mode)    ? "a folder"
                     : S_ISFIFO(status.st_mode) ? "a FIFO"
                     : S_ISSOCK(status.st_mode) ? "a socket"
                                                : "a device";
  return std::string("is ") + kind + ", not a regular file: name a regular file";
}

}  // namespace

FileText read_text_file(const std::filesystem::path& file, std::size_t max_bytes) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return {"", error_text(errno)};
  if (std::string error = kind_error(status); !error.empty()) return {"", std::move(error)};
  const FileDescriptor descriptor(file);
  if (descriptor.number() < 0 || fstat(descriptor.number(), &status) != 0)
    return {"", error_text(errno)};
  if (std::string error = kind_error(status); !error.empty()) return {"", std::move(error)};

  std::string text;
  std::array<char, 65'536> part;
  while (true) {
    const ssize_t count = read(descriptor.number(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return {"", error_text(errno)};
    if (count == 0) return {std::move(text), ""};
    text.append(part.data(), static_cast<std::size_t>(count));
    if (text.size() > max_bytes) {
      return {"", "is larger than " + std::to_string(max_bytes) + " bytes, the limit: shorten it"};
    }
  }
}

void write_text_file(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const std::filesystem::path temporary =
      folder / ("." + file.filename().string() + "." + std::to_string(getpid()) + ".tmp");
  const auto fail = [&](int error) {
    unlink(temporary.c_str());
    throw IoError(file.string() + ": cannot be written: " + std::strerror(error));
  };
  {
    const FileDescriptor output(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
    if (output.number() < 0) fail(errno);
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t count = write(output.number(), text.data() + done, text.size() - done);
      if (count < 0 && errno != EINTR) fail(errno);
      if (count > 0) done += static_cast<std::size_t>(count);
    }
    if (fsync(output.number()) != 0) fail(errno);
  }
  if (std::rename(temporary.c_str(), file.c_str()) != 0) fail(errno);
  const FileDescriptor names(folder);
  if (names.number() >= 0) fsync(names.number());  // some file systems refuse; the text is safe
}

}  // namespace bq::bench
