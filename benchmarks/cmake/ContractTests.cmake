# bq_add_contract_tests(<target>): has CTest run the tests of a program of the contract suite, under the label `contract`.
# The target `contract` builds all such programs.
include(GoogleTest)
function(bq_add_contract_tests target)
  # A test that hangs has found something: the limit is far above what any takes, sanitizers included.
  set(properties TIMEOUT 60 LABELS contract)
  if(BQ_SANITIZE MATCHES "thread")
    set(suppressions "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../../tests/contract/tsan.supp")
    cmake_path(NORMAL_PATH suppressions)
    list(APPEND properties ENVIRONMENT "TSAN_OPTIONS=suppressions=${suppressions}")
  endif()
  if(NOT TARGET contract)
    add_custom_target(contract)
  endif()
  add_dependencies(contract ${target})
  gtest_discover_tests(${target} NO_PRETTY_TYPES DISCOVERY_TIMEOUT 60 PROPERTIES ${properties})
endfunction()
