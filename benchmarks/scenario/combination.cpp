#include "benchmarks/scenario/combination.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <variant>

#include "benchmarks/scenario/keys.h"
#include "benchmarks/scenario/rules.h"
#include "benchmarks/scenario/text_reader.h"
#include "benchmarks/util/message_text.h"

namespace bq::bench {

namespace {

const toml::node* node_at(const toml::table& file, std::string_view path) {
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return file.get(path);
  const toml::table* table = file.get_as<toml::table>(path.substr(0, dot));
  return table ? table->get(path.substr(dot + 1)) : nullptr;
}

// Absent where a swept key cannot have such a value.
std::optional<Point::Value> value_of(const toml::node& node) {
  if (const auto* whole = node.as_integer()) return whole->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* text = node.as_string()) return text->get();
  return std::nullopt;
}

}  // namespace

std::string text_of(const Point::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  std::ostringstream out;
  out.precision(12);
  std::visit([&](const auto& v) { out << v; }, value);
  return out.str();
}

Combination::Combination(const TomlDiagnostics& diagnostics, const toml::table& file,
                         const toml::table* overlay, TraceFiles& traces)
    : diagnostics_(diagnostics), file_(file), overlay_(overlay), traces_(traces) {
  for (const Key& key : keys()) {
    const std::string path = key.path();
    const toml::node* node = key.swept ? raw(path) : nullptr;
    if (node && node->is_array()) axes_.push_back({path, node->as_array(), 0});
  }
}

bool Combination::advance() {
  for (auto axis = axes_.rbegin(); axis != axes_.rend(); ++axis) {
    if (++axis->choice < axis->values->size()) return true;
    axis->choice = 0;
  }
  return false;
}

std::size_t Combination::count() const {
  std::size_t product = 1;
  for (const Axis& axis : axes_) {
    const std::size_t length = axis.values->size();
    if (length > SIZE_MAX / product) return SIZE_MAX;
    product *= length;
  }
  return product;
}

void Combination::check_repeats() const {
  for (const Axis& axis : axes_) {
    std::set<std::string> texts;
    for (const toml::node& node : *axis.values) {
      const auto value = value_of(node);
      if (!value || texts.insert(text_of(*value)).second) continue;
      diagnostics_.fail(node, axis.path,
                        "the list holds " + shown(text_of(*value)) + " twice: remove one");
    }
  }
}

std::vector<Combination::Axis> Combination::longest_first() const {
  std::vector<Axis> axes = axes_;
  std::stable_sort(axes.begin(), axes.end(), [](const Axis& a, const Axis& b) {
    return a.values->size() > b.values->size();
  });
  return axes;
}

std::string Combination::sweep_text() const {
  constexpr std::size_t most = 4;
  std::string text;
  for (const Axis& axis : longest_first()) {
    if (std::size_t(std::count(text.begin(), text.end(), ',')) + 1 == most) return text + ", ...";
    text += (text.empty() ? "" : ", ") + axis.path + " (" + std::to_string(axis.values->size()) +
            " values)";
  }
  return text;
}

toml::source_index Combination::sweep_line() const {
  const std::vector<Axis> axes = longest_first();
  return axes.empty() ? line() : axes.front().values->source().begin.line;
}

const toml::node* Combination::find(std::string_view path) const {
  for (const Axis& axis : axes_) {
    if (axis.path == path) return axis.values->get(axis.choice);
  }
  return raw(path);
}

const toml::node* Combination::raw(std::string_view path) const {
  if (overlay_) {
    if (const toml::node* node = node_at(*overlay_, path)) return node;
    // A case that redefines a side's work, or the arrivals, starts that table afresh: keys left
    // over from another process would not apply.
    const std::string table(path.substr(0, path.find('.')));
    for (const char* leaf : {".work", ".process"}) {
      if (table.size() < path.size() && node_at(*overlay_, table + leaf)) return nullptr;
    }
  }
  return node_at(file_, path);
}

void Combination::fail(std::string_view path, const std::string& what) const {
  const toml::node* node = find(path);
  diagnostics_.fail(node ? node->source().begin.line : line(), path, what);
}

std::optional<std::int64_t> Combination::read_count(std::string_view path, std::int64_t low,
                                                    std::int64_t high) const {
  const toml::node* node = find(path);
  if (!node) return std::nullopt;
  const auto value = node->value_exact<std::int64_t>();
  if (!value || *value < low || *value > high) {
    fail(path,
         "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return value;
}

std::optional<double> Combination::read_positive(std::string_view path, double high) const {
  const toml::node* node = find(path);
  if (!node) return std::nullopt;
  const auto value = node->is_number() ? node->value<double>() : std::nullopt;
  if (!value || !(*value > 0) || !(*value <= high)) {
    std::ostringstream what;
    what << "must be a number above 0 and at most " << high;
    fail(path, what.str());
  }
  return value;
}

std::optional<std::string> Combination::read_text(std::string_view path) const {
  const toml::node* node = find(path);
  if (!node) return std::nullopt;
  return bench::read_text(diagnostics_, *node, path, max_sentence_characters, "a string");
}

std::optional<std::string> Combination::read_choice_of(
    std::string_view path, const std::vector<std::string>& choices) const {
  const toml::node* node = find(path);
  if (!node) return std::nullopt;
  const auto value = node->value_exact<std::string>();
  if (value && std::find(choices.begin(), choices.end(), *value) != choices.end()) return value;
  std::string list;
  for (const std::string& choice : choices) list += (list.empty() ? "\"" : ", \"") + choice + "\"";
  fail(path, "must be one of " + list);
}

std::vector<std::pair<std::string, Point::Value>> Combination::params() const {
  std::vector<std::pair<std::string, Point::Value>> result;
  for (const Axis& axis : axes_) {
    if (axis.values->size() < 2) continue;
    std::string name = axis.path;
    std::replace(name.begin(), name.end(), '.', '_');
    result.emplace_back(name, value_of(*axis.values->get(axis.choice)).value_or(""));
  }
  return result;
}

}  // namespace bq::bench
