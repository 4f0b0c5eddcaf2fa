// Writes a recording (record.h) in the format of docs/recording.md: the whole file under a
// temporary name, to the disk, then its name.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

#include "queues/detail/recorded_events.h"

namespace bq::detail {

/// One side of one thread, finished.
struct RecordedStream {
  std::uint32_t thread;
  Role role;
  const RecordedEvents* events;
};

/// What is known of a recording as a whole. A cost or capacity that is not known is 0.
struct RecordingFacts {
  double ns_per_tick = 1;
  std::uint64_t capacity = 0;
  double call_cost_ns = 0;     ///< of one call of the recorder
  double service_cost_ns = 0;  ///< as which a service that takes no time appears
  std::int64_t date = 0;       ///< seconds since 1970, UTC
  std::uint32_t streams_left_out = 0;
  std::string note;
};

/// Bytes in the order of the file (little endian), with the CRC-32 of zlib and Ethernet.
class RecordingBytes {
 public:
  void add(const void* data, std::size_t size) {
    const char* from = static_cast<const char*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
  }
  template <class Number>
  void add(Number value) {
    add(&value, sizeof value);
  }
  void pad() { bytes_.resize((bytes_.size() + 7) / 8 * 8); }
  std::vector<char>& bytes() { return bytes_; }

  /// Puts the checksum of all that follows it into the 4 bytes at `where`.
  void set_crc(std::size_t where) {
    static const std::array<std::uint32_t, 256> table = make_table();
    std::uint32_t crc = ~std::uint32_t{0};
    for (std::size_t i = where + 4; i < bytes_.size(); ++i)
      crc = table[(crc ^ static_cast<unsigned char>(bytes_[i])) & 0xff] ^ (crc >> 8);
    crc = ~crc;
    std::memcpy(&bytes_[where], &crc, sizeof crc);
  }

 private:
  static std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      table[i] = i;
      for (int bit = 0; bit < 8; ++bit)
        table[i] = table[i] & 1 ? 0xedb88320u ^ (table[i] >> 1) : table[i] >> 1;
    }
    return table;
  }

  std::vector<char> bytes_;
};

/// A file that has its name only when it is whole. Every function throws std::system_error that
/// names the file.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path)
      : path_(path), temporary_(path + "." + std::to_string(::getpid()) + ".tmp") {
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail("cannot create");
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }

  void write(const std::vector<char>& bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
      const ::ssize_t count = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("cannot write");
      done += static_cast<std::size_t>(count);
    }
  }

  void commit() {
    if (::fsync(descriptor_) != 0) fail("cannot write");
    const int descriptor = descriptor_;
    descriptor_ = -1;
    if (::close(descriptor) != 0) fail("cannot write");
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot rename into place");
    temporary_.clear();
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw std::system_error(errno, std::generic_category(), "recording " + path_ + ": " + what);
  }

  std::string path_;
  std::string temporary_;
  int descriptor_ = -1;
};

inline void write_recording_header(AtomicFile& file, const RecordingFacts& facts,
                                   const std::vector<RecordedStream>& streams) {
  constexpr std::size_t fixed = 80, of_a_stream = 40;
  const std::size_t header = fixed + (facts.note.size() + 7) / 8 * 8 + streams.size() * of_a_stream;
  std::uint64_t events = 0;
  for (const RecordedStream& stream : streams) events += stream.events->size();
  RecordingBytes out;
  out.add("BQREC\x1a\r\n", 8);
  out.add(std::uint32_t{1});  // the version
  out.add(std::uint32_t{0});  // the checksum
  out.add(static_cast<std::uint32_t>(header));
  out.add(static_cast<std::uint32_t>(streams.size()));
  out.add(events);
  out.add(facts.ns_per_tick);
  out.add(facts.capacity);
  out.add(facts.call_cost_ns);
  out.add(facts.service_cost_ns);
  out.add(facts.date);
  out.add(facts.streams_left_out);
  out.add(static_cast<std::uint32_t>(facts.note.size()));
  out.add(facts.note.data(), facts.note.size());
  out.pad();
  for (const RecordedStream& stream : streams) {
    out.add(stream.thread);
    out.add(static_cast<std::uint32_t>(stream.role));
    out.add(static_cast<std::uint32_t>(stream.events->shift()));
    out.add(static_cast<std::uint32_t>(stream.events->level()));
    out.add(static_cast<std::uint64_t>(stream.events->size()));
    out.add(stream.events->passed());
    out.add(stream.events->failed());
  }
  out.set_crc(12);
  file.write(out.bytes());
}

/// The events in slices of time, each with those of all streams: a file that was cut still has
/// whole ones.
inline void write_recording_slices(AtomicFile& file, const std::vector<RecordedStream>& streams) {
  constexpr std::uint64_t events_of_a_slice = 1 << 16;
  std::uint64_t events = 0, first = ~std::uint64_t{0}, last = 0;
  for (const RecordedStream& stream : streams) {
    if (stream.events->size() == 0) continue;
    events += stream.events->size();
    first = std::min(first, stream.events->data()[0].ticks);
    last = std::max(last, stream.events->data()[stream.events->size() - 1].ticks);
  }
  if (events == 0) return;
  const std::uint64_t slices = events / events_of_a_slice + 1;
  const std::uint64_t length = (last - first) / slices + 1;
  std::vector<std::size_t> next(streams.size(), 0);
  for (std::uint64_t until = first + length; first <= last; first = until, until += length) {
    RecordingBytes out;
    out.add("BQSL", 4);
    out.add(std::uint32_t{0});  // the checksum
    out.add(until);
    std::vector<std::size_t> ends(streams.size());
    for (std::size_t i = 0; i < streams.size(); ++i) {
      const RecordedEvent* data = streams[i].events->data();
      const RecordedEvent* end =
          std::lower_bound(data + next[i], data + streams[i].events->size(), until,
                           [](const RecordedEvent& e, std::uint64_t t) { return e.ticks < t; });
      ends[i] = static_cast<std::size_t>(end - data);
      out.add(static_cast<std::uint64_t>(ends[i] - next[i]));
    }
    for (std::size_t i = 0; i < streams.size(); ++i) {
      out.add(streams[i].events->data() + next[i], (ends[i] - next[i]) * sizeof(RecordedEvent));
      next[i] = ends[i];
    }
    out.set_crc(4);
    file.write(out.bytes());
  }
}

/// Throws std::system_error that names the file; there is no file of this name then, or an old one.
inline void write_recording(const std::string& path, const RecordingFacts& facts,
                            const std::vector<RecordedStream>& streams) {
  static_assert(sizeof(RecordedEvent) == 16, "as in the file");
  AtomicFile file(path);
  write_recording_header(file, facts, streams);
  write_recording_slices(file, streams);
  RecordingBytes mark;
  mark.add("BQRECEND", 8);
  file.write(mark.bytes());
  file.commit();
}

}  // namespace bq::detail
