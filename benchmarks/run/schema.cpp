#include "benchmarks/run/schema.h"

#include <sstream>
#include <string>

#include "benchmarks/registry/queue_labels.h"
#include "benchmarks/run/queue_properties.h"
#include "benchmarks/run/result_rows.h"
#include "benchmarks/run/row_check.h"
#include "benchmarks/scenario/counters.h"
#include "benchmarks/scenario/keys.h"
#include "benchmarks/scenario/message.h"
#include "benchmarks/scenario/point.h"
#include "benchmarks/scenario/rules.h"
#include "benchmarks/util/enum_names.h"
#include "benchmarks/util/exit_status.h"

namespace bq::bench {

namespace {

Json keys_json() {
  Json all = Json::array();
  for (const Key& key : keys()) {
    Json json{{"path", key.path()},     {"table", key.table},
              {"name", key.name},       {"type", key.type},
              {"unit", key.unit},       {"swept", key.swept},
              {"in_case", key.in_case}, {"default", key.default_text},
              {"meaning", key.meaning}};
    if (!key.values.empty()) json["values"] = key.values;
    if (key.write) json["default_value"] = key.type == "table" ? Json() : key.default_value;
    all.push_back(json);
  }
  return all;
}

Json counters_json() {
  Json all = Json::array();
  for (const Counter& counter : counters) {
    all.push_back({{"name", counter.name},
                   {"better", name_of(counter.better)},
                   {"unit", counter.unit()},
                   {"meaning", counter.meaning}});
  }
  return all;
}

Json rows_json(const std::vector<RowKind>& kinds) {
  Json all = Json::array();
  for (const RowKind& kind : kinds) {
    Json fields = Json::array();
    for (const RowField& field : kind.fields) {
      fields.push_back({{"name", field.name},
                        {"type", field.type},
                        {"required", field.required},
                        {"meaning", field.meaning}});
    }
    all.push_back({{"kind", kind.kind}, {"when", kind.when}, {"fields", fields}});
  }
  return all;
}

Json properties_json() {
  Json all = Json::array();
  for (const PropertyKindText& property : property_kinds) {
    Json values = Json::array();
    std::istringstream names{std::string(property.values)};
    for (std::string name; names >> name;) values.push_back(name);
    Json json{{"name", name_of(property.kind)}, {"values", values}, {"meaning", property.meaning}};
    if (!property.parameter.empty()) {
      json["parameter"] = property.parameter;
      json["parameters"] = property.parameters;
    }
    all.push_back(json);
  }
  return all;
}

Json rules_json() {
  Json all = Json::array();
  for (const Rule& rule : rules) {
    all.push_back({{"name", rule.name}, {"value", rule.value}, {"meaning", rule.meaning}});
  }
  return all;
}

Json exit_statuses_json() {
  Json all = Json::array();
  for (const ExitStatusText& entry : exit_statuses) {
    all.push_back({{"name", entry.name},
                   {"status", static_cast<int>(entry.status)},
                   {"meaning", entry.meaning}});
  }
  return all;
}

}  // namespace

Json schema_json() {
  return {{"schema", schema_version},       {"keys", keys_json()},
          {"enums", row_enumerations()},    {"message_bytes", InQueueMessages::bytes},
          {"counters", counters_json()},    {"distributions", distribution_names()},
          {"labels", label_vocabulary()},   {"properties", properties_json()},
          {"rows", rows_json(row_kinds())}, {"objects", rows_json(object_kinds())},
          {"rules", rules_json()},          {"exit_statuses", exit_statuses_json()}};
}

}  // namespace bq::bench
