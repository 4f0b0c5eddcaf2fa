// Hashes for the keys of random streams and shuffles.
#pragma once

#include <cstdint>
#include <string_view>

namespace bq::bench {

/// The output function of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection that mixes
/// every bit into every other.
constexpr std::uint64_t mix64(std::uint64_t z) noexcept {
  z += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/// A 64-bit hash of the bytes of `text`. Not for untrusted input.
constexpr std::uint64_t hash_text(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = mix64(seed);
  for (const char c : text) hash = mix64(hash ^ static_cast<unsigned char>(c));
  return hash;
}

}  // namespace bq::bench
