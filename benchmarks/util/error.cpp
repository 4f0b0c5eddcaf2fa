#include "benchmarks/util/error.h"

#include <errno.h>  // program_invocation_short_name

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>
#include <system_error>

#include "benchmarks/util/message_text.h"

namespace bq::bench {

namespace {

void print(const std::string& message) {
  const std::string line =
      std::string(program_invocation_short_name) + ": " + message_line(message) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);  // one call: threads do not mix their lines
}

}  // namespace

void fatal(ExitStatus status, const std::string& message) {
  print(message);
  std::_Exit(static_cast<int>(status));
}

ExitStatus report_current_exception() {
  try {
    throw;
  } catch (const UsageError& error) {
    print(error.what());
    return ExitStatus::usage;
  } catch (const IoError& error) {
    print(error.what());
    return ExitStatus::io_error;
  } catch (const std::filesystem::filesystem_error& error) {
    print(error.what());
    return ExitStatus::io_error;
  } catch (const ResourceError& error) {
    print(error.what());
    return ExitStatus::resource_limit;
  } catch (const std::bad_alloc&) {
    print("out of memory: use less capacity or smaller messages");
    return ExitStatus::resource_limit;
  } catch (const std::system_error& error) {
    print(std::string("the system refused a resource: ") + error.what());
    return ExitStatus::resource_limit;
  } catch (const std::exception& error) {
    print(std::string("internal error: ") + error.what());
    return ExitStatus::internal_error;
  }
}

}  // namespace bq::bench
