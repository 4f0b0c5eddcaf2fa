include(CodeLayouts)

set(BQ_BENCH_LAYOUTS 6 CACHE STRING
    "How many programs to link for ./scripts/bench, each with its code at other places")

# bq_add_bench_programs(<parts> [<library>...]): queue_bench, with the listed queues, whose object
# libraries are <parts>, and those that the other libraries register; and the same in other layouts,
# queue_bench.layout_1, queue_bench.layout_2, ...
function(bq_add_bench_programs parts)
  add_executable(queue_bench)
  target_link_libraries(queue_bench PRIVATE bq_main ${ARGN} bq_listed_queues bq_flags)
  set_target_properties(queue_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
  # scripts/bqb/running/driver.py takes whichever lie beside queue_bench: none may be left over that
  # a build with fewer of them no longer links.
  math(EXPR last "${BQ_BENCH_LAYOUTS} - 1")
  file(GLOB left_over RELATIVE "${CMAKE_BINARY_DIR}" "${CMAKE_BINARY_DIR}/queue_bench.layout_*")
  foreach(program IN LISTS left_over)
    string(REGEX REPLACE ".*_" "" number "${program}")
    if(number GREATER last)
      file(REMOVE "${CMAKE_BINARY_DIR}/${program}")
    endif()
  endforeach()
  set(layout 0)
  while(layout LESS last)
    math(EXPR layout "${layout} + 1")
    set(program queue_bench_layout_${layout})
    bq_add_program_in_layout(${program} ${layout} ${parts})
    target_link_libraries(${program} PRIVATE
                          bq_main ${ARGN} bq_listed_queues_libraries bq_flags)
    set_target_properties(${program} PROPERTIES OUTPUT_NAME "queue_bench.layout_${layout}"
                                                RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
    add_dependencies(queue_bench ${program})
  endwhile()
endfunction()
