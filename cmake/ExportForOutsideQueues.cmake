# What benchmarks/with links queues from outside the tree with: the parts of this build, and how
# they were compiled.
if(BQ_TESTS)
  set_property(GLOBAL APPEND PROPERTY bq_exports bq_contract_suite)
endif()
get_property(targets GLOBAL PROPERTY bq_exports)
get_property(parts GLOBAL PROPERTY bq_queue_parts)

# parts_of_<program>: all that benchmarks/with links <program> with. The target of a library of
# objects does not build the libraries that these need.
function(bq_add_parts_of program)
  add_custom_target(parts_of_${program})
  add_dependencies(parts_of_${program} ${ARGN})
endfunction()
bq_add_parts_of(queue_bench bq_main bq_bench bq_util ${parts})
bq_add_parts_of(gate_programs bq_gate_trial bq_gate_counts bq_bench bq_util ${parts})
if(BQ_TESTS)
  bq_add_parts_of(contract_test bq_contract_suite)
  bq_add_parts_of(explore bq_explore_main bq_explorer bq_util)
endif()

export(TARGETS ${targets} FILE "${CMAKE_BINARY_DIR}/with/targets.cmake")
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/with/settings.cmake" @ONLY CONTENT [[
set(CMAKE_CXX_COMPILER "@CMAKE_CXX_COMPILER@")
set(CMAKE_BUILD_TYPE "@CMAKE_BUILD_TYPE@")
set(CMAKE_CXX_STANDARD @CMAKE_CXX_STANDARD@)
set(CMAKE_CXX_EXTENSIONS @CMAKE_CXX_EXTENSIONS@)
set(CMAKE_CXX_FLAGS "@CMAKE_CXX_FLAGS@")
set(CMAKE_CXX_FLAGS_RELEASE "@CMAKE_CXX_FLAGS_RELEASE@")
set(CMAKE_EXE_LINKER_FLAGS "@CMAKE_EXE_LINKER_FLAGS@")
set(CMAKE_PREFIX_PATH "@CMAKE_PREFIX_PATH@")
set(BQ_SANITIZE "@BQ_SANITIZE@")
set(BQ_TESTS "@BQ_TESTS@")
set(BQ_WITHOUT "@BQ_WITHOUT@")
set(bq_listed_queues_parts "@parts@")
]])
