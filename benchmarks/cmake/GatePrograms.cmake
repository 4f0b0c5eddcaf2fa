# bq_add_gate_programs(<parts> [<source>...]): the programs of the regression gate, with the listed queues, whose object
# libraries are <parts>, and those that the sources register; gate_trial twice, linked in opposite orders.
function(bq_add_gate_programs parts)
  add_executable(gate_trial ${ARGN})
  target_link_libraries(gate_trial PRIVATE bq_gate_trial bq_listed_queues bq_flags)

  list(REVERSE parts)
  list(TRANSFORM parts REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>")
  add_executable(gate_trial_relinked ${parts} ${ARGN})
  target_link_libraries(gate_trial_relinked PRIVATE bq_gate_trial bq_listed_queues_libraries bq_flags)

  add_executable(gate_counts ${ARGN})
  target_link_libraries(gate_counts PRIVATE bq_gate_counts bq_listed_queues bq_flags)

  set_target_properties(gate_trial gate_trial_relinked gate_counts PROPERTIES
                        RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}" EXCLUDE_FROM_ALL ON)
  add_custom_target(gate_programs DEPENDS gate_trial gate_trial_relinked gate_counts)
endfunction()
