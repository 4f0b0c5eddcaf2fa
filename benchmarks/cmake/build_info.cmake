# Run at every build: writes OUTPUT (a header) only when something in it has changed.
execute_process(COMMAND git -C "${SOURCE_DIR}" rev-parse HEAD OUTPUT_VARIABLE commit RESULT_VARIABLE failed
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(failed)
  set(commit unknown)
  set(dirty 0)
else()
  execute_process(COMMAND git -C "${SOURCE_DIR}" status --porcelain --untracked-files=no OUTPUT_VARIABLE changes ERROR_QUIET)
  string(COMPARE NOTEQUAL "${changes}" "" dirty)
  if(dirty)
    set(dirty 1)
  else()
    set(dirty 0)
  endif()
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [[
#pragma once
#define BQ_COMMIT "@commit@"
#define BQ_DIRTY @dirty@
#define BQ_BUILD_TYPE "@BUILD_TYPE@"
#define BQ_FLAGS "@FLAGS@"
#define BQ_LIBRARIES R"(@LIBRARIES@)"
#define BQ_SCENARIOS_DIR "@SOURCE_DIR@/scenarios"
]])
