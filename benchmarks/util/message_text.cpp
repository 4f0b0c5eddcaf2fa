#include "benchmarks/util/message_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace bq::bench {

namespace {

constexpr std::string_view cut_mark = "...";

std::string escaped(const Character& character, std::string_view bytes) {
  if (character.is_valid && !is_control(character.code)) return std::string(bytes);
  if (bytes == "\n") return "\\n";
  if (bytes == "\t") return "\\t";
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += {'\\', 'x', digits[value / 16], digits[value % 16]};
  }
  return text;
}

// The last bytes of the text that hold at most `most` characters, from a character's beginning on.
std::string_view end_of(std::string_view text, std::size_t most) {
  std::size_t begin = text.size() - std::min(text.size(), most);
  const auto continues = [&] { return (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80; };
  while (begin < text.size() && continues()) ++begin;
  return text.substr(begin);
}

}  // namespace

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const Character invalid{1, first, false};
  if (first < 0x80) return {1, first, true};
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return invalid;
  char32_t code = first & (0x7f >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return invalid;
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < least[bytes] || code > 0x10ffff || is_surrogate) return invalid;
  return {bytes, code, true};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (!character.is_valid) return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
  }));
}

bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xfffe || code == 0xffff;
}

std::string shown(std::string_view text, std::size_t most) {
  std::string result;
  std::size_t length = 0;  // of the result, in characters
  std::size_t kept = 0;    // bytes of the result that leave room for the mark
  while (!text.empty()) {
    const Character character = first_character(text);
    const std::string next = escaped(character, text.substr(0, character.bytes));
    length += character_count(next);
    if (length > most) return result.substr(0, kept) + std::string(cut_mark);
    result += next;
    if (length + cut_mark.size() <= most) kept = result.size();
    text.remove_prefix(character.bytes);
  }
  return result;
}

std::string message_line(std::string_view text) {
  constexpr std::size_t max_end = 300;  // a remedy fits
  std::string line = shown(text, std::string::npos);
  if (character_count(line) <= max_message) return line;
  return shown(line, max_message - max_end) + std::string(end_of(line, max_end));
}

}  // namespace bq::bench
