#include "benchmarks/scenario/claim_parser.h"

#include <algorithm>
#include <cmath>

#include "benchmarks/scenario/counters.h"
#include "benchmarks/scenario/keys.h"
#include "benchmarks/scenario/rules.h"
#include "benchmarks/scenario/text_reader.h"
#include "benchmarks/util/did_you_mean.h"

namespace bq::bench {

namespace {

std::string path_of(std::string_view key) {
  return "claim." + toml_name(key);
}

void check_claim_keys(const TomlDiagnostics& diagnostics, const toml::table& claim) {
  const std::vector<std::string> known = key_names_of("claim");
  for (const auto& [name, node] : claim) {
    const std::string_view key = name.str();
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    diagnostics.fail(node, path_of(key), "unknown; the nearest are " + closest_names(key, known));
  }
}

std::string require_text(const TomlDiagnostics& diagnostics, const toml::table& claim,
                         const char* key, const std::string& missing) {
  const toml::node* node = claim.get(key);
  if (!node) diagnostics.fail(claim, path_of(key), "missing: " + missing);
  return read_text(diagnostics, *node, path_of(key), max_sentence_characters, "a text");
}

// ----------------------------------------------------------------------------------------- history

EarlierClaim read_earlier_claim(const TomlDiagnostics& diagnostics, const toml::table& table,
                                const std::string& since) {
  const std::string path = path_of("replaces") + ".", keys = "until, says, bound and why";
  const std::vector<std::string> known = key_names_of("claim.replaces");
  for (const auto& [name, node] : table) {
    if (std::find(known.begin(), known.end(), name.str()) == known.end())
      diagnostics.fail(node, path + toml_name(name.str()), "unknown; the keys are " + keys);
  }
  const auto node_of = [&](const char* key) -> const toml::node& {
    const toml::node* node = table.get(key);
    if (!node) diagnostics.fail(table, path + key, "missing: every [[claim.replaces]] has " + keys);
    return *node;
  };
  const auto text_of = [&](const char* key, std::size_t most, Lines lines) {
    return read_text(diagnostics, node_of(key), path + key, most, "a text", lines);
  };
  EarlierClaim earlier;
  earlier.until = read_date(diagnostics, node_of("until"), path + "until");
  if (earlier.until > since) {
    diagnostics.fail(
        node_of("until"), path + "until",
        "must not be later than claim.since, " + since + ": what replaced it was stated by then");
  }
  earlier.says = text_of("says", max_sentence_characters, Lines::one);
  earlier.bound = text_of("bound", max_sentence_characters, Lines::one);
  earlier.why = text_of("why", max_text_characters, Lines::several);
  return earlier;
}

void read_history(const TomlDiagnostics& diagnostics, const toml::table& table, Claim& claim) {
  const toml::node* since = table.get("since");
  if (!since) {
    diagnostics.fail(table, path_of("since"),
                     "missing: give the day on which the claim was stated in this form, such as "
                     "since = 2026-11-28");
  }
  claim.since = read_date(diagnostics, *since, path_of("since"));
  const toml::node* replaces = table.get("replaces");
  if (!replaces) return;
  const toml::array* tables = replaces->as_array();
  if (!tables || tables->empty() || !tables->is_array_of_tables())
    diagnostics.fail(*replaces, path_of("replaces"), "must be tables: [[claim.replaces]]");
  check_length(diagnostics, *replaces, path_of("replaces"), max_tables);
  for (const toml::node& each : *tables)
    claim.replaces.push_back(read_earlier_claim(diagnostics, *each.as_table(), claim.since));
}

// --------------------------------------------------------------------------------- queues, bounds

std::optional<double> read_bound(const TomlDiagnostics& diagnostics, const toml::table& claim,
                                 const char* key) {
  const toml::node* node = claim.get(key);
  if (!node) return std::nullopt;
  const auto value = node->is_number() ? node->value<double>() : std::nullopt;
  if (!value || !std::isfinite(*value)) diagnostics.fail(*node, path_of(key), "must be a number");
  return value;
}

// A name, a list of names, or "each": an empty list.
std::vector<std::string> read_queues(const TomlDiagnostics& diagnostics, const toml::table& claim) {
  const toml::node* node = claim.get("queue");
  if (!node)
    diagnostics.fail(claim, path_of("queue"), "missing: name a queue, a list of them, or \"each\"");
  const auto name_in = [&](const toml::node& from) {
    return read_name(diagnostics, from, path_of("queue"), "a name, a list of names, or \"each\"");
  };
  if (!node->is_array()) {
    const std::string name = name_in(*node);
    return name == "each" ? std::vector<std::string>{} : std::vector{name};
  }
  std::vector<std::string> names;
  check_length(diagnostics, *node, path_of("queue"), max_listed_queues);
  for (const toml::node& each : *node->as_array()) {
    names.push_back(name_in(each));
    if (names.back() == "each")
      diagnostics.fail(each, path_of("queue"), "\"each\" stands alone, not in a list");
    if (std::count(names.begin(), names.end(), names.back()) > 1) {
      diagnostics.fail(each, path_of("queue"), "'" + names.back() + "' comes twice");
    }
  }
  if (names.empty()) diagnostics.fail(*node, path_of("queue"), "the list is empty");
  return names;
}

// -------------------------------------------------------------------------------------------------
// points

const Point::Value* param_of(const Point& point, std::string_view name) {
  const auto param = std::find_if(point.params.begin(), point.params.end(),
                                  [&](const auto& p) { return p.first == name; });
  return param == point.params.end() ? nullptr : &param->second;
}

bool equals(const Point::Value& value, const toml::node& node) {
  if (const auto* text = std::get_if<std::string>(&value))
    return node.value_exact<std::string>() == *text;
  const auto* whole = std::get_if<std::int64_t>(&value);
  const double number = whole ? static_cast<double>(*whole) : std::get<double>(value);
  return node.is_number() && node.value<double>() == number;
}

std::vector<std::string> param_names(const std::vector<Point>& points) {
  std::vector<std::string> names;
  for (const Point& point : points) {
    for (const auto& [name, value] : point.params) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

// The points at which every parameter of the table has its value, or one of its values.
std::vector<std::string> select(const TomlDiagnostics& diagnostics, const toml::table& claim,
                                const char* key, const std::vector<Point>& points) {
  const toml::node* node = claim.get(key);
  const toml::table* wanted = node ? node->as_table() : nullptr;
  if (node && (!wanted || wanted->empty())) {
    diagnostics.fail(*node, path_of(key), "must be a table of swept parameters: { capacity = 1 }");
  }
  std::vector<const Point*> left;
  for (const Point& point : points) left.push_back(&point);
  if (wanted) {
    for (const auto& [name, choice] : *wanted) {
      const std::string param(name.str());
      const std::string path = path_of(key) + "." + toml_name(param);
      if (const auto known = param_names(points);
          std::find(known.begin(), known.end(), param) == known.end()) {
        diagnostics.fail(choice, path,
                         known.empty()
                             ? "the scenario sweeps nothing"
                             : "is not swept; the nearest are " + closest_names(param, known));
      }
      toml::array alone;
      if (!choice.is_array()) alone.push_back(choice);
      const toml::array& values = choice.is_array() ? *choice.as_array() : alone;
      if (values.empty()) diagnostics.fail(choice, path, "the list is empty");
      check_length(diagnostics, choice, path, max_points);
      const auto has = [&](const Point& point, const toml::node& value) {
        const Point::Value* own = param_of(point, param);
        return own && equals(*own, value);
      };
      for (const toml::node& value : values) {
        if (std::none_of(points.begin(), points.end(),
                         [&](const Point& point) { return has(point, value); })) {
          std::ostringstream what;
          what << toml::node_view(value);
          diagnostics.fail(choice, path, "no point has " + param + " = " + shown(what.str()));
        }
      }
      std::erase_if(left, [&](const Point* point) {
        return std::none_of(values.begin(), values.end(),
                            [&](const toml::node& value) { return has(*point, value); });
      });
    }
    if (left.empty())
      diagnostics.fail(*node, path_of(key), "selects no point: none has all of these values");
  }
  std::vector<std::string> names;
  for (const Point* point : left) names.push_back(point->name);
  return names;
}

Claim read_claim(const TomlDiagnostics& diagnostics, const toml::table& table,
                 const std::vector<Point>& points) {
  check_claim_keys(diagnostics, table);
  Claim claim;
  claim.says =
      require_text(diagnostics, table, "says", "every claim states its prediction in plain words");
  claim.counter =
      require_text(diagnostics, table, "counter", "name one (queue_bench --counters lists them)");
  check_counter(diagnostics, *table.get("counter"), path_of("counter"), claim.counter);
  claim.queues = read_queues(diagnostics, table);
  claim.queue_line = table.get("queue")->source().begin.line;
  claim.points = select(diagnostics, table, "where", points);

  if (const toml::node* than = table.get("than")) {
    claim.than = require_text(diagnostics, table, "than", "");
    claim.than_line = than->source().begin.line;
    if (table.contains("than_where"))
      diagnostics.fail(*than, path_of("than"), "give either this or than_where, not both");
    if (std::find(claim.queues.begin(), claim.queues.end(), claim.than) != claim.queues.end()) {
      diagnostics.fail(*than, path_of("than"), "compares '" + claim.than + "' with itself");
    }
  }
  if (const toml::node* than_where = table.get("than_where")) {
    claim.than_points = select(diagnostics, table, "than_where", points);
    for (const std::string& point : claim.than_points) {
      if (std::find(claim.points.begin(), claim.points.end(), point) != claim.points.end()) {
        diagnostics.fail(*than_where, path_of("than_where"),
                         "compares " + point + " with itself: narrow this or where");
      }
    }
  }

  claim.above = read_bound(diagnostics, table, "above");
  claim.below = read_bound(diagnostics, table, "below");
  if (!claim.above && !claim.below)
    diagnostics.fail(table, path_of("above"), "missing: give above, below or both");
  if (claim.above && claim.below && !(*claim.above < *claim.below)) {
    diagnostics.fail(*table.get("above"), path_of("above"),
                     "must be less than below: nothing can lie between");
  }
  if ((!claim.than.empty() || !claim.than_points.empty()) && claim.below.value_or(1) <= 0) {
    diagnostics.fail(*table.get("below"), path_of("below"), "must be above 0: it bounds a ratio");
  }
  read_history(diagnostics, table, claim);
  return claim;
}

}  // namespace

void check_counter(const TomlDiagnostics& diagnostics, const toml::node& node,
                   const std::string& key, const std::string& name) {
  if (find_counter(name)) return;
  std::vector<std::string> known;
  for (const Counter& counter : counters) known.emplace_back(counter.name);
  diagnostics.fail(node, key,
                   "there is no counter '" + shown(name) + "'; the nearest are " +
                       closest_names(name, known) + " (queue_bench --counters lists all)");
}

std::vector<Claim> read_claims(const TomlDiagnostics& diagnostics, const toml::table& file,
                               const std::vector<Point>& points) {
  std::vector<Claim> claims;
  const toml::node* node = file.get("claim");
  if (!node) return claims;
  check_length(diagnostics, *node, "claim", max_tables);
  for (const toml::node& table : *node->as_array())
    claims.push_back(read_claim(diagnostics, *table.as_table(), points));
  return claims;
}

}  // namespace bq::bench
