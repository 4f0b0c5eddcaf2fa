# The standard headers that nearly every source includes, parsed once instead of some 180 times. No
# header of this project is among them: a gate's arm may have other queues. Headers of libraries are
# not worth it: reading a larger precompiled header takes each source longer than it saves. With
# CMAKE_DISABLE_PRECOMPILE_HEADERS, as .ci/lint clang builds, a source that lacks an include does
# not compile.

# bq_add_precompiled_headers(<name> <flags target>): for the targets that compile with these flags.
function(bq_add_precompiled_headers name flags)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
  file(CONFIGURE OUTPUT "${source}" CONTENT
       "// Nothing: the target is there for its precompiled header.\n")
  add_library(${name} OBJECT "${source}")
  target_link_libraries(${name} PRIVATE bounded_queues ${flags})
  target_precompile_headers(${name} PRIVATE
    <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <functional> <map> <memory>
    <mutex> <optional> <stop_token> <string> <thread> <tuple> <utility> <vector>)
endfunction()

# bq_precompile(<name> <target>...)
function(bq_precompile name)
  foreach(target IN LISTS ARGN)
    target_precompile_headers(${target} REUSE_FROM ${name})
  endforeach()
endfunction()
