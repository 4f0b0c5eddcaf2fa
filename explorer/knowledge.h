// What a thread knows of the steps of others: vector clocks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bq::explorer {

inline constexpr int max_threads = 7;  ///< of a program
/// Constructs the program's objects, and checks them at the end.
inline constexpr int host = max_threads;

/// By thread: the number of its steps that happened before.
using VectorClock = std::array<std::uint32_t, max_threads + 1>;

inline void join(VectorClock& known, const VectorClock& more) {
  for (std::size_t i = 0; i < known.size(); ++i) known[i] = known[i] < more[i] ? more[i] : known[i];
}

/// What a thread has synchronised with, and passes on when it synchronises.
struct Knowledge {
  /// What happens before the next step: accesses to plain data may rely on it.
  VectorClock happened{};
  VectorClock visible{};  ///< also what seq_cst fences order: no load may return anything older
};

inline void join(Knowledge& known, const Knowledge& more) {
  join(known.happened, more.happened);
  join(known.visible, more.visible);
}

}  // namespace bq::explorer
