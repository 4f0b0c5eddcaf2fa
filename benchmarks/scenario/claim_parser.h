// The [[claim]]s of a scenario file. See scenarios/README.md for every key.
#pragma once

#include <vector>

#include "benchmarks/scenario/point.h"
#include "benchmarks/scenario/toml_diagnostics.h"

namespace bq::bench {

/// Throws UsageError, with the nearest names, where there is no counter `name`.
void check_counter(const TomlDiagnostics& diagnostics, const toml::node& node,
                   const std::string& key, const std::string& name);

/// Reads the claims of `file` and resolves the `points` that they are about. Whether their queues
/// exist is for somebody who knows queues. Throws UsageError.
std::vector<Claim> read_claims(const TomlDiagnostics& diagnostics, const toml::table& file,
                               const std::vector<Point>& points);

}  // namespace bq::bench
