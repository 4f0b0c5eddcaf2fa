# Objects whose names are theirs alone. Two headers from outside the tree may define the same class,
# or one that is a listed queue's: by the rules of C++ the linker would keep one definition for all.

# bq_add_own_symbols(<out> <library> <archives> <libraries> <harness>...): the path of an object
# that holds an object library and what it needs of the archives, with every name local to it, but
# for data that the harness (static or object libraries that know no queue) has, too: a count, a
# flag or a pool of waiters that both must see is one. If it brings other libraries, whose data it
# may share, all data keeps its name. The code is left as the compiler wrote it.
function(bq_add_own_symbols out library archives libraries)
  target_compile_options(${library} PRIVATE
                         $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)  # which no tool makes local
  set(harness)
  foreach(target IN LISTS ARGN)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "OBJECT_LIBRARY")
      list(APPEND harness "$<TARGET_OBJECTS:${target}>")
    else()
      list(APPEND harness "$<TARGET_FILE:${target}>")
    endif()
  endforeach()
  set(script "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/own_symbols.cmake")
  set(object "${CMAKE_CURRENT_BINARY_DIR}/own_symbols/${library}.o")
  add_custom_command(OUTPUT "${object}"
    COMMAND ${CMAKE_COMMAND} "-DOBJECTS=$<TARGET_OBJECTS:${library}>" "-DARCHIVES=${archives}"
            "-DLIBRARIES=${libraries}" "-DHARNESS=${harness}" "-DOUTPUT=${object}"
            "-DLINKER=${CMAKE_LINKER}" "-DOBJDUMP=${CMAKE_OBJDUMP}" "-DOBJCOPY=${CMAKE_OBJCOPY}"
            -P "${script}"
    DEPENDS "$<TARGET_OBJECTS:${library}>" ${archives} ${ARGN} "${script}"
    COMMENT "Making the names of ${library} its own" VERBATIM)
  set_source_files_properties("${object}" PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
  set(${out} "${object}" PARENT_SCOPE)
endfunction()
