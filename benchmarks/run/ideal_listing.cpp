#include "benchmarks/run/ideal_listing.h"

#include <ostream>
#include <string_view>

#include "benchmarks/analysis/planned_ideal.h"
#include "benchmarks/util/error.h"
#include "benchmarks/util/json.h"
#include "benchmarks/util/message_text.h"
#include "benchmarks/util/program.h"
#include "queues/bounded_queue.h"

namespace bq::bench {

namespace {

constexpr std::size_t most_capacities = 1000;
constexpr std::uint64_t most_capacity = 1u << 24;  // as of a scenario

Json json_of(const PlannedIdeal& ideal) {
  Json row{{"capacity", nullptr},
           {"ns_per_msg", ideal.ns_per_msg},
           {"push_blocked_share", ideal.blocked_share},
           {"dropped_share", ideal.dropped_share},
           {"sojourn_mean_ns", ideal.sojourn.mean().value_or(0)}};
  if (ideal.capacity != unbounded_capacity) row["capacity"] = ideal.capacity;
  for (const auto& [name, share] :
       {std::pair{"sojourn_p50_ns", 0.5}, {"sojourn_p99_ns", 0.99}, {"sojourn_p99_9_ns", 0.999}}) {
    if (const auto ns = ideal.sojourn.quantile(share)) row[name] = *ns;
  }
  return row;
}

}  // namespace

std::vector<std::size_t> parse_capacities(const std::string& text) {
  std::vector<std::size_t> capacities;
  for (std::string_view rest = text;;) {
    const std::string_view word = rest.substr(0, rest.find(','));
    capacities.push_back(parse_number("--ideal", word, 1, most_capacity));
    if (capacities.size() > most_capacities) {
      throw UsageError("--ideal: more than " + std::to_string(most_capacities) +
                       " capacities: ask for fewer");
    }
    if (word.size() == rest.size()) return capacities;
    rest.remove_prefix(word.size() + 1);
  }
}

void print_ideals(const std::vector<Scenario>& scenarios, std::uint64_t seed,
                  std::vector<std::size_t> capacities, std::ostream& out) {
  capacities.push_back(unbounded_capacity);
  for (const Scenario& scenario : scenarios) {
    for (const Point& point : scenario.points) {
      Json row{{"point", point.name},
               {"messages", planned_messages(point)},
               {"rho", nullptr},
               {"ideal", Json::array()}};
      if (point.rho) row["rho"] = *point.rho;
      for (const PlannedIdeal& ideal : planned_ideals(point, seed, capacities))
        row["ideal"].push_back(json_of(ideal));
      out << row.dump() << '\n';
    }
  }
}

}  // namespace bq::bench
