# How CTest runs the programs of the contract suite: under the label `contract`, or `contract_deep`
# those tests that `./scripts/test` leaves to --deep. The target `contract` builds all such
# programs.
include(GoogleTest)

# Of each case; a test that hangs has found something: the limit is far above what any takes,
# sanitizers included.
set(BQ_CASE_SECONDS 60)

function(bq_contract_environment out)
  set(environment "")
  if(BQ_SANITIZE MATCHES "thread")
    set(suppressions "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../tests/contract/tsan.supp")
    cmake_path(NORMAL_PATH suppressions)
    set(environment "TSAN_OPTIONS=suppressions=${suppressions}")
  endif()
  set(${out} "${environment}" PARENT_SCOPE)
endfunction()

function(bq_is_contract_program target)
  if(NOT TARGET contract)
    add_custom_target(contract)
  endif()
  add_dependencies(contract ${target})
endfunction()

# bq_contract_cases(<out> <kind>...): a filter of GoogleTest for the cases of these kinds (HISTORY,
# ONE_THREAD, RACE: see tests/contract/suite.h).
function(bq_contract_cases out)
  list(JOIN ARGN "|" kinds)
  file(GLOB sources "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../tests/contract/*_cases.cpp")
  set(filter "")
  foreach(source IN LISTS sources)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
    file(STRINGS "${source}" cases REGEX "^BQ_(${kinds})_CASE")
    list(TRANSFORM cases REPLACE "^[A-Z_]+\\(([A-Za-z]+).*" "*.\\1")
    list(APPEND filter ${cases})
  endforeach()
  list(JOIN filter ":" filter)
  set(${out} "${filter}" PARENT_SCOPE)
endfunction()

# bq_add_contract_tests(<target>): a process for each test, so that one that hangs or crashes leaves
# the others alone. Races run while nothing else does: beside other tests two threads hardly ever
# run at the same instant.
function(bq_add_contract_tests target)
  bq_is_contract_program(${target})
  bq_contract_environment(environment)
  bq_contract_cases(races RACE)
  set(properties TIMEOUT ${BQ_CASE_SECONDS} LABELS contract)
  if(environment)
    list(APPEND properties ENVIRONMENT "${environment}")
  endif()
  gtest_discover_tests(${target} NO_PRETTY_TYPES DISCOVERY_TIMEOUT 60 TEST_FILTER "-${races}"
                       PROPERTIES ${properties})
  gtest_discover_tests(${target} NO_PRETTY_TYPES DISCOVERY_TIMEOUT 60 TEST_FILTER "${races}"
                       TEST_LIST ${target}_races PROPERTIES ${properties} RUN_SERIAL ON)
endfunction()

# bq_add_contract_processes(<target> <header>): a process for each queue that the header names with
# BQ_QUEUE.
function(bq_add_contract_processes target header)
  bq_is_contract_program(${target})
  file(STRINGS "${header}" lines REGEX "^BQ_QUEUE")
  math(EXPR seconds "10 * ${BQ_CASE_SECONDS}")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE ".*, ([a-z0-9_]+)\\).*" "\\1" queue "${line}")
    add_test(NAME ${target}.${queue} COMMAND ${target} "--gtest_filter=${queue}.*")
    set_tests_properties(${target}.${queue} PROPERTIES TIMEOUT ${seconds} LABELS contract)
  endforeach()
endfunction()

# bq_add_contract_shares(<target>): for a build with a sanitizer, where a process takes as long to
# start as most tests to run: each of 32 processes runs a share of the tests. From what it prints
# scripts/bqb/running/test_outcomes.py reads how each test ended. Tests that repeat in this build
# what others do are left to --deep: see BQ_HISTORY_CASE, BQ_RACE_CASE and BQ_ONE_THREAD_CASE in
# tests/contract/suite.h.
function(bq_add_contract_shares target)
  bq_is_contract_program(${target})
  set(kinds HISTORY RACE)
  if(BQ_SANITIZE MATCHES "thread")
    list(APPEND kinds ONE_THREAD)
  endif()
  bq_contract_cases(deep ${kinds})
  bq_add_shares(${target} contract "-${deep}")
  bq_add_shares(${target} contract_deep "${deep}")
endfunction()

function(bq_add_shares target label filter)
  set(shares 32)
  math(EXPR seconds "10 * ${BQ_CASE_SECONDS}")
  bq_contract_environment(environment)
  foreach(share RANGE 1 ${shares})
    set(name "${label}.${share}_of_${shares}")
    math(EXPR index "${share} - 1")
    add_test(NAME ${name} COMMAND ${target} "--gtest_filter=${filter}")
    set_tests_properties(${name} PROPERTIES TIMEOUT ${seconds} LABELS ${label} ENVIRONMENT
                         "${environment};GTEST_TOTAL_SHARDS=${shares};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()
