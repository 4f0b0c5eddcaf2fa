// Which capacities a queue can be asked for, by its labels. Here rather than beside Traits, since
// the regression gate compiles the harness with the queues/ of earlier commits.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <optional>
#include <string>

#include "queues/bounded_queue.h"

namespace bq {

constexpr bool can_have(const Traits& traits, std::size_t capacity) {
  const bool in_range =
      capacity > 0 && traits.min_capacity <= capacity && capacity <= traits.max_capacity;
  return in_range &&
         (traits.capacities != Capacities::power_of_two || std::has_single_bit(capacity));
}

/// The least from `wanted` on, or, where there is none, the largest below. Absent if the labels
/// exclude every capacity.
constexpr std::optional<std::size_t> nearest_capacity(const Traits& traits, std::size_t wanted) {
  std::size_t capacity = std::min(std::max(wanted, traits.min_capacity), traits.max_capacity);
  if (traits.capacities == Capacities::power_of_two) {
    const std::size_t below = std::bit_floor(capacity);
    capacity = below < capacity && can_have(traits, 2 * below) ? 2 * below : below;
  }
  return can_have(traits, capacity) ? std::optional(capacity) : std::nullopt;
}

/// What is wrong with a queue whose constructor throws at a capacity that it can have.
inline std::string refused_capacity(std::size_t capacity, const std::string& why) {
  return "it cannot be made with capacity " + std::to_string(capacity) +
         ", which its traits allow: " + why;
}

}  // namespace bq
