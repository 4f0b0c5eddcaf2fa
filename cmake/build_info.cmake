# Run at every build: writes OUTPUT (a header) only when something in it has changed. The commit is
# unknown without git, and for files that no checkout holds: those of an unpacked archive, which may
# lie inside another checkout. They may belong to somebody else, as in a container: whoever builds
# them trusts them.
file(REAL_PATH "${SOURCE_DIR}" folder)
set(git git -c "safe.directory=${folder}" -C "${folder}")
execute_process(COMMAND ${git} ls-files --error-unmatch CMakeLists.txt RESULT_VARIABLE is_untracked
                OUTPUT_QUIET ERROR_QUIET)
execute_process(COMMAND ${git} rev-parse --verify HEAD OUTPUT_VARIABLE commit
                RESULT_VARIABLE has_no_commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND ${git} status --porcelain --untracked-files=no OUTPUT_VARIABLE changes
                ERROR_QUIET)
set(dirty 0)
if(is_untracked OR has_no_commit)
  set(commit unknown)
elseif(changes)
  set(dirty 1)
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [[
#pragma once
#define BQ_VERSION "@VERSION@"
#define BQ_COMMIT "@commit@"
#define BQ_DIRTY @dirty@
#define BQ_BUILD_TYPE "@BUILD_TYPE@"
#define BQ_FLAGS "@FLAGS@"
#define BQ_LIBRARIES R"(@LIBRARIES@)"
#define BQ_SCENARIOS_DIR "@SOURCE_DIR@/scenarios"
]])
