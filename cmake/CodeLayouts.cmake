# Programs of the same objects with their code at other places. The place of a function alone makes
# a lock-based queue up to 10 % faster or slower, so what is measured in one layout may not outlive
# the next link.

# bq_add_program_in_layout(<program> <layout> <part>...): an executable of object libraries. Their
# order is rotated by <layout>, and a multiple of 16 bytes before them moves each function against
# pages and cache lines.
function(bq_add_program_in_layout program layout)
  math(EXPR padding "${layout} * 208 % 4096")
  set(padding_source "${CMAKE_CURRENT_BINARY_DIR}/padding/${layout}.cpp")
  file(CONFIGURE OUTPUT "${padding_source}" @ONLY CONTENT
       "asm(\".text\\n.if @padding@\\n.skip @padding@\\n.endif\\n\");\n")
  set(parts ${ARGN})
  list(LENGTH parts count)
  math(EXPR first "${layout} % ${count}")
  list(SUBLIST parts ${first} -1 front)
  list(SUBLIST parts 0 ${first} back)
  set(parts ${front} ${back})
  # The padding is an object library, too: CMake puts a program's own sources behind its objects.
  if(NOT TARGET padding_${layout})
    add_library(padding_${layout} OBJECT EXCLUDE_FROM_ALL "${padding_source}")
  endif()
  list(PREPEND parts padding_${layout})
  list(TRANSFORM parts REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>")
  add_executable(${program} ${parts})
  set_target_properties(${program} PROPERTIES LINKER_LANGUAGE CXX)
endfunction()
