#include "benchmarks/util/name_filter.h"

#include <re2/re2.h>

#include "benchmarks/util/error.h"
#include "benchmarks/util/message_text.h"

namespace bq::bench {

namespace {

constexpr std::int64_t max_memory_bytes = 4 << 20;

}  // namespace

NameFilter::NameFilter(std::string_view option, const std::string& text) {
  if (text.empty()) return;
  const auto fail = [&](const std::string& what) {
    throw UsageError(std::string(option) + " " + shown(text) + ": " + what);
  };
  if (character_count(text) > max_characters) {
    fail("is longer than " + std::to_string(max_characters) + " characters: shorten it");
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(max_memory_bytes);
  expression_ = std::make_unique<RE2>(text, options);
  if (!expression_->ok()) {
    fail("not a regular expression: " + shown(expression_->error(), 200) +
         "; the syntax is that of RE2, without look-ahead and back-references");
  }
}

NameFilter::~NameFilter() = default;
NameFilter::NameFilter(NameFilter&&) noexcept = default;
NameFilter& NameFilter::operator=(NameFilter&&) noexcept = default;

bool NameFilter::matches(std::string_view name) const {
  return !expression_ ||
         RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), *expression_);
}

}  // namespace bq::bench
