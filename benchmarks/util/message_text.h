// Text from outside as messages show it: on one line, printable, short.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bq::bench {

inline constexpr std::size_t max_shown_name = 80;   ///< characters
inline constexpr std::size_t max_shown_path = 400;  ///< characters
inline constexpr std::size_t max_message = 1'000;   ///< characters

/// The character at the beginning of a text.
struct Character {
  std::size_t bytes;  ///< at least 1
  char32_t code;
  bool is_valid;  ///< false: a byte that is not UTF-8
};

/// `text` must not be empty.
Character first_character(std::string_view text);

/// Whether the text is UTF-8 throughout.
bool is_utf8(std::string_view text);

/// Number of characters of a text in UTF-8.
std::size_t character_count(std::string_view text);

/// Whether no terminal, table or XML file can take it: control characters, U+FFFE and U+FFFF.
bool is_control(char32_t code);

/// Control characters and bytes that are not UTF-8 become escapes: \n, \x1b. What is longer than
/// `most` characters ends with "...".
std::string shown(std::string_view text, std::size_t most = max_shown_name);

/// A whole message: escaped likewise; of more than max_message characters the middle is left out,
/// since a message begins with the place and ends with the remedy.
std::string message_line(std::string_view text);

}  // namespace bq::bench
