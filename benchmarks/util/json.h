// JSON whose objects keep the order of insertion. Its class is instantiated once, in
// json.cpp, and not in each source that uses it: that takes the compiler seconds.
#pragma once

#include <nlohmann/json.hpp>

namespace bq::bench {

using Json = nlohmann::ordered_json;

}  // namespace bq::bench

extern template class nlohmann::basic_json<nlohmann::ordered_map>;
