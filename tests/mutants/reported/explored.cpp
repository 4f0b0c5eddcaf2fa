// Explores the queues of mutants.list: `reported_explored [NAME...]`, or all of them. Prints for
// each what is found first in the default plan, and how fast. Exit status 1: something was found;
// 2: no such queue.
#include <cstdint>
#include <cstdio>
#include <set>
#include <string>

#include "explorer/explorer.h"
#include "explorer/plan.h"
#include "explorer/scenario.h"

namespace bq::explorer {
namespace {

/// Runs the plan until the first failure. True if there is none.
bool explore_plan(const Subject& subject) {
  std::uint64_t executions = 0;
  double seconds = 0;
  for (const Exploration& what : plan_for(subject, false)) {
    const Outcome outcome = explore(program(subject, what.shape), what.limits);
    executions += outcome.runs;
    seconds += outcome.seconds;
    if (outcome.failure.empty()) continue;
    std::printf("%s dies: %s\n  %s, %s, cost %d; %ju executions, %.3f s\n", subject.name.c_str(),
                outcome.failure.c_str(), to_string(what.shape).c_str(),
                to_string(what.limits).c_str(), outcome.cost, std::uintmax_t{executions}, seconds);
    return false;
  }
  std::printf("%s passes\n  %ju executions, %.3f s\n", subject.name.c_str(),
              std::uintmax_t{executions}, seconds);
  return true;
}

}  // namespace
}  // namespace bq::explorer

int main(int argc, char** argv) {
  std::set<std::string> wanted(argv + 1, argv + argc);
  const bool all = wanted.empty();
  bool all_pass = true;
  for (const bq::explorer::Subject& subject : bq::explorer::subjects()) {
    if (!all && wanted.erase(subject.name) == 0) continue;
    all_pass = bq::explorer::explore_plan(subject) && all_pass;
    std::fflush(stdout);
  }
  for (const std::string& name : wanted)
    std::fprintf(stderr, "reported_explored: no queue '%s'\n", name.c_str());
  if (!wanted.empty()) return 2;
  return all_pass ? 0 : 1;
}
