include(CodeLayouts)

set(BQ_GATE_LAYOUTS 2 CACHE STRING
    "How many gate_trials to link, each with its code at other places")

# bq_add_gate_programs(<parts> [<library>...]): the programs of the regression gate, with the listed
# queues, whose object libraries are <parts>, and those that the other libraries register.
# gate_trial_0, gate_trial_1, ... are of the same objects in other layouts.
function(bq_add_gate_programs parts)
  set(programs gate_counts)
  add_executable(gate_counts)
  target_link_libraries(gate_counts PRIVATE bq_gate_counts ${ARGN} bq_listed_queues bq_flags)

  math(EXPR last "${BQ_GATE_LAYOUTS} - 1")
  foreach(layout RANGE ${last})
    bq_add_program_in_layout(gate_trial_${layout} ${layout} ${parts})
    target_link_libraries(gate_trial_${layout} PRIVATE
                          bq_gate_trial ${ARGN} bq_listed_queues_libraries bq_flags)
    list(APPEND programs gate_trial_${layout})
  endforeach()

  set_target_properties(${programs} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}"
                                               EXCLUDE_FROM_ALL ON)
  add_custom_target(gate_programs DEPENDS ${programs})
endfunction()
