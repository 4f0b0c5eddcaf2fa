# queues.list -> one small translation unit a queue, so that an edit rebuilds one queue and build time is linear in their number.

# bq_read_queue_list(<file> <out-var>): sets <out-var> to "header|class|name|line-up" entries; a malformed line is a fatal error.
function(bq_read_queue_list file out)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  file(STRINGS "${file}" lines)
  set(entries "")
  set(number 0)
  foreach(line IN LISTS lines)
    math(EXPR number "${number} + 1")
    string(REGEX REPLACE "#.*" "" line "${line}")
    string(STRIP "${line}" line)
    if(line STREQUAL "")
      continue()
    endif()
    if(NOT line MATCHES "^([^ \t]+)[ \t]+([A-Za-z_0-9]+)[ \t]+([a-z_0-9]+)[ \t]+(default|extra|named)$")
      message(FATAL_ERROR "${file}:${number}: expected 'header ClassTemplate name default|extra|named', got '${line}'")
    endif()
    list(APPEND entries "${CMAKE_MATCH_1}|${CMAKE_MATCH_2}|${CMAKE_MATCH_3}|${CMAKE_MATCH_4}")
  endforeach()
  set(${out} "${entries}" PARENT_SCOPE)
endfunction()

# bq_add_registrations(<target> <list file> <include prefix>): an object library that registers each listed queue.
function(bq_add_registrations target file prefix)
  bq_read_queue_list("${file}" entries)
  set(sources "")
  foreach(entry IN LISTS entries)
    string(REPLACE "|" ";" fields "${entry}")
    list(GET fields 0 header)
    list(GET fields 1 class)
    list(GET fields 2 name)
    list(GET fields 3 line_up)
    string(REPLACE default by_default line_up ${line_up})
    set(source "${CMAKE_CURRENT_BINARY_DIR}/${target}/${name}.cpp")
    file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [[
// Generated from @file@.
#include "@prefix@@header@"

#include "benchmarks/register_queue.h"

static const bool registered = bq::bench::register_queue<bq::@class@>("@name@", bq::bench::LineUp::@line_up@);
]])
    list(APPEND sources "${source}")
  endforeach()
  add_library(${target} OBJECT ${sources})
  target_link_libraries(${target} PRIVATE bounded_queues bq_flags)
endfunction()
