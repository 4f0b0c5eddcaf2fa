#include "benchmarks/scenario/serialization.h"

#include <variant>

#include "benchmarks/scenario/counters.h"
#include "benchmarks/scenario/keys.h"

namespace bq::bench {

namespace {

Json claim_json(const Claim& claim) {
  Json json{{"says", claim.says}, {"counter", claim.counter}};
  if (!claim.queues.empty()) json["queues"] = claim.queues;
  json["points"] = claim.points;
  if (!claim.than.empty()) json["than"] = claim.than;
  if (!claim.than_points.empty()) json["than_points"] = claim.than_points;
  if (claim.above) json["above"] = *claim.above;
  if (claim.below) json["below"] = *claim.below;
  json["since"] = claim.since;
  for (const EarlierClaim& earlier : claim.replaces) {
    json["replaces"].push_back({{"until", earlier.until},
                                {"says", earlier.says},
                                {"bound", earlier.bound},
                                {"why", earlier.why}});
  }
  return json;
}

}  // namespace

Json point_json(const Point& point) {
  Json params = Json::object();
  for (const auto& [key, value] : point.params) {
    std::visit([&param = params[key]](const auto& v) { param = v; }, value);
  }
  Json json{{"name", point.name}, {"scenario", point.scenario}, {"params", params}};
  if (!point.case_name.empty()) json["case"] = point.case_name;
  for (const Key& key : keys()) {
    if (key.write) key.write(point, json);
  }
  json["level"] = name_of(point.level());
  return json;
}

Json scenario_json(const Scenario& scenario, const std::vector<std::string>& queues) {
  Json points = Json::array();
  for (const Point& point : scenario.points) points.push_back(point_json(point));
  Json json{{"name", scenario.name},     {"file", scenario.file}, {"question", scenario.question},
            {"expect", scenario.expect}, {"rank", scenario.rank}, {"rounds", scenario.rounds}};
  if (scenario.judged_by) {
    json["judged_by"] = {{"counter", scenario.judged_by->name},
                         {"better", name_of(scenario.judged_by->better)}};
  }
  json["queues"] = queues;
  json["points"] = points;
  for (const EarlierExpect& earlier : scenario.earlier_expect) {
    json["earlier_expect"].push_back(
        {{"until", earlier.until}, {"text", earlier.text}, {"why", earlier.why}});
  }
  for (const Claim& claim : scenario.claims) json["claims"].push_back(claim_json(claim));
  return json;
}

}  // namespace bq::bench
