#include "benchmarks/util/program.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <optional>
#include <sstream>

#include "benchmarks/util/error.h"
#include "benchmarks/util/message_text.h"

namespace bq::bench {

namespace {

// A standard stream that is closed would be given to the next file that is opened, and what is
// printed would go into that file. Here each write fails as on a closed one.
void occupy_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) == -1 && errno == EBADF) {
      // The lowest free number: `stream`.
      if (open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) != stream) return;
    }
  }
}

// The error of a write that has failed is not kept: another write has the same one.
int output_error() {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  if (!flushed && errno != 0) return errno;
  if (flushed && !std::ferror(stdout) && std::cout) return 0;
  return write(STDOUT_FILENO, "\n", 1) == 1 ? EIO : errno;
}

void check_standard_output() {
  std::cout.flush();
  const int error = output_error();
  if (error != 0 && error != EPIPE)
    throw IoError(std::string("standard output: ") + std::strerror(error));
}

}  // namespace

int run_program(const std::function<ExitStatus()>& body) {
  occupy_closed_streams();
  ExitStatus status = ExitStatus::ok;
  try {
    status = body();
  } catch (...) {
    status = report_current_exception();
  }
  try {
    check_standard_output();
  } catch (...) {
    const ExitStatus output = report_current_exception();
    if (status == ExitStatus::ok) status = output;
  }
  return static_cast<int>(status);
}

int run_program(CLI::App& app, int argc, char** argv, const std::function<ExitStatus()>& body) {
  return run_program([&] {
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() != 0) throw UsageError(std::string(error.what()) + " (see --help)");
      app.exit(error);  // prints the help
      return ExitStatus::ok;
    }
    return body();
  });
}

namespace {

// Absent, unless the whole text is a number in the range.
template <class Number>
std::optional<Number> number_of(std::string_view text, Number low, Number high) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole_text = error == std::errc{} && end == text.data() + text.size();
  return is_whole_text && value >= low && value <= high ? std::optional(value) : std::nullopt;
}

template <class Number>
std::string range_error(std::string_view text, const char* kind, Number low, Number high) {
  if (number_of(text, low, high)) return "";
  std::ostringstream error;
  error << "'" << shown(text) << "' is no " << kind << " from " << low << " to " << high;
  return error.str();
}

}  // namespace

OptionCheck whole_number(std::uint64_t low, std::uint64_t high) {
  return [=](const std::string& text) { return range_error(text, "whole number", low, high); };
}

OptionCheck number(double low, double high) {
  return [=](const std::string& text) { return range_error(text, "number", low, high); };
}

std::uint64_t parse_number(std::string_view name, std::string_view text, std::uint64_t low,
                           std::uint64_t high) {
  if (const auto value = number_of(text, low, high)) return *value;
  throw UsageError(std::string(name) + ": " + range_error(text, "whole number", low, high));
}

}  // namespace bq::bench
