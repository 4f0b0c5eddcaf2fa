#include "benchmarks/scenario/combination.h"

#include <algorithm>
#include <sstream>

#include "benchmarks/scenario/keys.h"

namespace bq::bench {

namespace {

const toml::node* node_at(const toml::table& file, std::string_view path) {
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return file.get(path);
  const toml::table* table = file.get_as<toml::table>(path.substr(0, dot));
  return table ? table->get(path.substr(dot + 1)) : nullptr;
}

}  // namespace

Combination::Combination(const TomlDiagnostics& diagnostics, const toml::table& file,
                         const toml::table* overlay)
    : diagnostics_(diagnostics), file_(file), overlay_(overlay) {
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
  for (const Axis& axis : axes_) product *= axis.values->size();
  return product;
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
  const auto value = node->value_exact<std::string>();
  if (!value) fail(path, "must be a string");
  return value;
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
    const toml::node& node = *axis.values->get(axis.choice);
    if (node.is_integer()) {
      result.emplace_back(name, node.as_integer()->get());
    } else if (node.is_floating_point()) {
      result.emplace_back(name, node.as_floating_point()->get());
    } else {
      result.emplace_back(name, node.value<std::string>().value_or(""));
    }
  }
  return result;
}

}  // namespace bq::bench
