#include "benchmarks/scenario/process_reader.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "benchmarks/scenario/keys.h"
#include "benchmarks/scenario/rules.h"
#include "benchmarks/scenario/trace_files.h"
#include "benchmarks/util/error.h"

namespace bq::bench {

namespace {

std::shared_ptr<const Trace> read_trace(const Combination& from, const std::string& key) {
  const std::string name = *from.read_text(key);
  try {
    return from.traces().read(name);
  } catch (const UsageError& error) {
    from.fail(key, error.what());
  }
}

// Reads what the distribution needs besides its mean, and refuses what another one would need.
void read_parameters(const Combination& from, const std::string& table, const std::string& name,
                     Process& process) {
  const auto key = [&](const char* leaf) { return table + "." + leaf; };
  const auto only_for = [&](Distribution distribution, std::initializer_list<const char*> leaves) {
    for (const char* leaf : leaves) {
      const bool given = from.gives(key(leaf));
      if (process.distribution != distribution && given) {
        from.fail(key(leaf),
                  "needs " + key("process") + " = \"" + std::string(name_of(distribution)) + "\"");
      }
      if (process.distribution == distribution && !given) {
        from.fail(key(leaf), "missing: a " + name + " process needs it");
      }
    }
  };
  only_for(Distribution::lognormal, {"cv"});
  only_for(Distribution::bursty, {"burst_msgs", "burst_gap_ns"});
  only_for(Distribution::trace, {"trace_file"});
  if (process.distribution == Distribution::lognormal)
    process.cv = *from.read_positive(key("cv"), 10);
  if (process.distribution == Distribution::bursty) {
    process.burst_msgs =
        static_cast<std::uint64_t>(*from.read_count(key("burst_msgs"), 2, 1'000'000));
    process.burst_gap_ns = *from.read_positive(key("burst_gap_ns"), max_mean_ns);
  }
  if (process.distribution == Distribution::trace) {
    process.trace = read_trace(from, key("trace_file"));
    if (process.mean_ns == 0) process.mean_ns = process.trace->mean_ns;
  }
}

// `mean_key`: where the mean comes from, for messages.
void check_process(const Combination& from, const std::string& table, const std::string& mean_key,
                   const Process& process) {
  if (process.mean_ns > max_mean_ns) {
    const std::string limit = "makes a mean of over 0.1 s a message, the limit: ";
    if (from.gives(mean_key)) from.fail(mean_key, limit + "give a shorter one");
    if (from.gives("rho")) from.fail("rho", limit + "give a larger one, or shorter work");
    from.fail(table + ".trace_file", limit + "shorten its times, or scale them by a mean");
  }
  if (process.distribution != Distribution::bursty) return;
  const double burst = static_cast<double>(process.burst_msgs);
  const double pause_ns = process.mean_ns * burst - process.burst_gap_ns * (burst - 1);
  if (pause_ns > max_mean_ns) {
    from.fail(table + ".burst_msgs",
              "makes a mean pause of over 0.1 s: smaller bursts, or a shorter mean");
  }
  if (pause_ns <= 0) {
    from.fail(table + ".burst_gap_ns", "too long: the bursts alone are slower than the mean of " +
                                           std::to_string(std::lround(process.mean_ns)) + " ns");
  }
}

constexpr std::int64_t line_bytes = 64;  // of a cache

void read_working_set(const Combination& from, const std::string& side, Work& work) {
  const std::string key = side + ".working_set_bytes";
  if (work.kind != WorkKind::memory) {
    if (from.gives(key)) from.fail(key, "needs " + side + ".work = \"memory\"");
    return;
  }
  const auto bytes = from.read_count(key, min_working_set_bytes, max_working_set_bytes);
  if (!bytes) {
    from.fail(key,
              "missing: memory work walks a working set; add a line such as "
              "working_set_bytes = 1_048_576");
  }
  if (*bytes % line_bytes != 0)
    from.fail(key, "must be a multiple of 64, the size of a cache line");
  work.working_set_bytes = static_cast<std::size_t>(*bytes);
  work.working_set_line = from.find(key)->source().begin.line;
}

}  // namespace

std::string arrival_name_of(Distribution distribution) {
  return distribution == Distribution::exponential ? "poisson" : std::string(name_of(distribution));
}

Work read_work(const Combination& from, const std::string& side) {
  Work work;
  work.kind = from.read_choice<WorkKind>(side + ".work").value_or(work.kind);
  if (work.kind == WorkKind::none) {
    for (const std::string& leaf : key_names_of(side)) {
      const std::string path = side + "." + leaf;
      if (leaf != "work" && from.gives(path))
        from.fail(path, "needs " + side + ".work, such as \"spin\" or \"sleep\"");
    }
    return work;
  }
  read_working_set(from, side, work);
  work.distribution = from.read_choice<Distribution>(side + ".process").value_or(work.distribution);
  work.mean_ns = from.read_positive(side + ".mean_ns", max_mean_ns).value_or(work.mean_ns);
  read_parameters(from, side, std::string(name_of(work.distribution)), work);
  return work;
}

std::optional<Arrivals> read_arrivals(const Combination& from) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < enumerator_count<Distribution>(); ++i) {
    names.push_back(arrival_name_of(static_cast<Distribution>(i)));
  }
  const auto name = from.read_choice_of("arrivals.process", names);
  if (!name) {
    for (const std::string& leaf : key_names_of("arrivals")) {
      if (from.gives("arrivals." + leaf)) from.fail("arrivals.process", "missing");
    }
    return std::nullopt;
  }
  if (from.gives("producer.work")) {
    from.fail("producer.work",
              "with [arrivals] the producers do nothing but push what arrives: leave it out");
  }
  Arrivals arrivals;
  arrivals.distribution =
      static_cast<Distribution>(std::find(names.begin(), names.end(), *name) - names.begin());
  arrivals.mean_ns =
      from.read_positive("arrivals.mean_gap_ns", max_mean_ns).value_or(arrivals.mean_ns);
  read_parameters(from, "arrivals", *name, arrivals);
  arrivals.wait = from.read_choice<ArrivalWait>("arrivals.wait").value_or(arrivals.wait);
  if (const auto rate = from.read_positive("arrivals.rate_per_s", 1e9)) {
    if (from.gives("arrivals.mean_gap_ns")) {
      from.fail("arrivals.rate_per_s", "give either this or arrivals.mean_gap_ns");
    }
    arrivals.mean_ns = 1e9 / *rate;
  }
  return arrivals;
}

void check_work(const Combination& from, const std::string& side, const Work& work) {
  if (work.kind == WorkKind::none) return;
  if (work.mean_ns <= 0)
    from.fail(side + ".mean_ns", side == "producer" ? "missing: give it, or rho" : "missing");
  check_process(from, side, side + ".mean_ns", work);
}

void check_arrivals(const Combination& from, const Arrivals& arrivals) {
  if (arrivals.mean_ns <= 0) {
    from.fail("arrivals.mean_gap_ns", "missing: give it, or arrivals.rate_per_s, or rho");
  }
  const char* mean_key =
      from.gives("arrivals.rate_per_s") ? "arrivals.rate_per_s" : "arrivals.mean_gap_ns";
  check_process(from, "arrivals", mean_key, arrivals);
}

}  // namespace bq::bench
