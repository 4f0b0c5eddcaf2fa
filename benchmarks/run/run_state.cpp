#include "benchmarks/run/run_state.h"

#include "benchmarks/util/enum_names.h"

namespace bq::bench {

void RunState::recall(const std::vector<Json>& rows, std::uint64_t round) {
  for (const Json& row : rows) {
    const std::string kind = row["kind"];
    if (kind == "start") {
      unfinished = {
          row["cell"],
          enumerator_of<Level>(row["level"].get<std::string>()).value_or(Level::timestamped)};
      continue;
    }
    if (kind == "plan" || kind == "skip" || kind == "syscalls" || kind == "trial")
      unfinished.reset();
    if (kind == "plan")
      sizes[row["cell"]] = {row["messages_per_producer"], row["warmup_messages_per_producer"]};
    if (kind == "skip") skipped.insert(row["cell"]);
    if (kind == "syscalls") syscalls_counted.insert(row["cell"]);
    if (kind == "block" && row["round"] == round) finished_points.insert(row["point"]);
    if (kind != "trial") continue;
    if (row["status"] == "error") {
      failed.insert(row["cell"]);
      if (row.value("hung", false)) hung_queues[row["queue"]] = row["cell"];
    }
    if (row["status"] == "ok" && row["level"] == name_of(Level::timestamped))
      verified.insert(row["cell"]);
  }
}

}  // namespace bq::bench
