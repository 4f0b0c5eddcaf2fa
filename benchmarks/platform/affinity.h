// The cores that this process may use, and binding threads to them.
#pragma once

#include <vector>

namespace bq::bench {

/// Cores that this process may run on, ascending. Read once. Throws std::system_error.
const std::vector<int>& allowed_cores();

/// Binds the calling thread to `core`. Ends the process (ExitStatus::resource_limit) if that is not
/// allowed.
void pin_to(int core);

}  // namespace bq::bench
