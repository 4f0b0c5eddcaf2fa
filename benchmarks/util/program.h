// What the main functions of all programs have in common.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "benchmarks/util/exit_status.h"

namespace CLI {
class App;
}

namespace bq::bench {

/// Calls `body`, prints what it throws, and makes sure that all that was printed has arrived.
/// Returns the exit status. A closed pipe is no failure: its reader has read enough.
int run_program(const std::function<ExitStatus()>& body);

/// The same, with the arguments parsed before. `--help` prints the help instead.
int run_program(CLI::App& app, int argc, char** argv, const std::function<ExitStatus()>& body);

/// What CLI::Option::check takes: says what is wrong with a text; nothing, if it is right.
using OptionCheck = std::function<std::string(const std::string& text)>;

/// The text is a whole number from `low` to `high`. CLI::Range would take -1 for 2^64 - 1.
OptionCheck whole_number(std::uint64_t low, std::uint64_t high);

/// The text is a number from `low` to `high`. CLI::Range would let NaN pass.
OptionCheck number(double low, double high);

/// A whole number from the command line. `name`: of the argument, for messages. Throws UsageError.
std::uint64_t parse_number(std::string_view name, std::string_view text, std::uint64_t low,
                           std::uint64_t high);

}  // namespace bq::bench
