// Whole text files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace bq::bench {

struct FileText {
  std::string text;
  std::string error;  ///< why there is none, and the remedy; empty: it was read
};

/// Reads a regular file of at most `max_bytes`. Nothing else is opened: opening a FIFO waits for a
/// writer, and a device has no end.
FileText read_text_file(const std::filesystem::path& file, std::size_t max_bytes);

/// Writes beside `file`, flushes to the disk, renames: a reader sees the old file or the new one,
/// never a part. Throws IoError.
void write_text_file(const std::filesystem::path& file, const std::string& text);

}  // namespace bq::bench
