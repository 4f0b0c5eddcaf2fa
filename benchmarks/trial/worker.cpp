#include "benchmarks/trial/worker.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "benchmarks/util/error.h"
#include "benchmarks/util/hash.h"

namespace bq::bench {

WorkingSet::WorkingSet(std::size_t bytes) {
  if (bytes == 0) return;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    fatal(ExitStatus::resource_limit, "cannot take " + std::to_string(bytes) +
                                          " bytes for a working set: " + std::strerror(errno) +
                                          " (smaller working_set_bytes, or fewer threads)");
  }
  // Small pages always: the kernel has huge ones at one time and not at another, and a step would
  // cost more in one trial than in the next. Where it knows no huge pages, it refuses.
  madvise(memory, bytes, MADV_NOHUGEPAGE);
  lines_ = {static_cast<Line*>(memory), bytes / sizeof(Line)};
  for (Line& line : lines_) line = {&line, 0};
  // One cycle through all lines, drawn from all such cycles alike (Sattolo, 1986).
  for (std::size_t i = lines_.size() - 1; i > 0; --i)
    std::swap(lines_[i].next, lines_[mix64(i) % i].next);
  at_ = lines_.data();
  walk(static_cast<std::uint32_t>(lines_.size()));
}

WorkingSet::~WorkingSet() {
  if (!lines_.empty()) munmap(lines_.data(), lines_.size_bytes());
}

}  // namespace bq::bench
