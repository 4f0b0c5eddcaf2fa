// Text forms of enumerations. Each enumeration has one function
//
//     constexpr std::string_view name_of(E value) {
//       switch (value) { case E::a: return "a"; ... }
//       return {};
//     }
//
// beside its declaration: the only place that knows the names. A forgotten enumerator is a compile
// error (-Werror=switch). The list of all names and the way back from a name are derived here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bq::bench {

/// All enumerators that have a name, by value. They must be numbered 0, 1, 2, ... without a hole.
template <class E>
constexpr std::size_t enumerator_count() {
  std::size_t count = 0;
  while (!name_of(static_cast<E>(count)).empty()) ++count;
  return count;
}

/// The names in the order of the enumerators.
template <class E>
std::vector<std::string> names_of() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < enumerator_count<E>(); ++i)
    names.emplace_back(name_of(static_cast<E>(i)));
  return names;
}

/// The enumerator of that name; absent if there is none.
template <class E>
constexpr std::optional<E> enumerator_of(std::string_view name) {
  for (std::size_t i = 0; i < enumerator_count<E>(); ++i) {
    if (name_of(static_cast<E>(i)) == name) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace bq::bench
