# queues.list -> one small translation unit a queue, so that an edit rebuilds one queue and build
# time is linear in their number.

# A line of queues.list; what the parentheses match: 1 header, 2 class template, 3 name, 4 line-up,
# 6 library.
set(BQ_QUEUE_LINE "^([^ \t]+)[ \t]+([A-Za-z_0-9]+)[ \t]+([a-z][a-z_0-9]*)")
string(APPEND BQ_QUEUE_LINE "[ \t]+(default|extra|named)([ \t]+([a-z_0-9]+))?$")

# bq_read_queue_list(<file> <out-var>): sets <out-var> to "header|class|name|line-up|library"
# entries, where library is a key of Peers.cmake or empty. Leaves out, with a notice, queues whose
# library is not here; a malformed line is a fatal error.
function(bq_read_queue_list file out)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  file(STRINGS "${file}" lines)
  set(entries "")
  set(absent "")
  set(number 0)
  foreach(line IN LISTS lines)
    math(EXPR number "${number} + 1")
    string(REGEX REPLACE "#.*" "" line "${line}")
    string(STRIP "${line}" line)
    if(line STREQUAL "")
      continue()
    endif()
    if(NOT line MATCHES "${BQ_QUEUE_LINE}")
      set(expected "header ClassTemplate name default|extra|named [library]")
      message(FATAL_ERROR "${file}:${number}: expected '${expected}', got '${line}'")
    endif()
    set(name ${CMAKE_MATCH_3})
    set(key "${CMAKE_MATCH_6}")
    set(entry "${CMAKE_MATCH_1}|${CMAKE_MATCH_2}|${name}|${CMAKE_MATCH_4}|${key}")
    if(key)
      bq_check_peer(${key} "${file}:${number}")
    endif()
    if(NOT key OR TARGET bq_peer_${key})
      list(APPEND entries "${entry}")
    else()
      list(APPEND absent ${key})
      list(APPEND queues_of_${key} ${name})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES absent)
  foreach(key IN LISTS absent)
    bq_report_peer(${key} ${queues_of_${key}})
  endforeach()
  set(${out} "${entries}" PARENT_SCOPE)
endfunction()

# bq_add_queues(<target> <list file> <include prefix>
#               INCLUDE <header> REGISTER <expression> [EXCEPT <queue>...]): a library whose users
# have each listed queue (of BQ_ONLY, if that is set) registered by <expression>, in which @class@,
# @name@ and @line_up@ stand for the queue's. Each is compiled in a target of its own, so that only
# it sees the library that it wraps; <target>_parts is set to their names, and <target>_libraries
# links what they need.
function(bq_add_queues target file prefix)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "INCLUDE;REGISTER" "EXCEPT")
  bq_read_queue_list("${file}" entries)
  add_library(${target} INTERFACE)
  add_library(${target}_libraries INTERFACE)
  target_link_libraries(${target} INTERFACE ${target}_libraries)
  set(parts "")
  foreach(entry IN LISTS entries)
    string(REPLACE "|" ";" fields "${entry}")
    list(GET fields 0 header)
    list(GET fields 1 class)
    list(GET fields 2 name)
    list(GET fields 3 line_up)
    list(GET fields 4 key)
    if(name IN_LIST arg_EXCEPT OR (BQ_ONLY AND NOT name IN_LIST BQ_ONLY))
      continue()
    endif()
    string(REPLACE default by_default line_up ${line_up})
    string(CONFIGURE "${arg_REGISTER}" registration @ONLY)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/${target}/${name}.cpp")
    file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [[
// Generated from @file@.
#include "@prefix@@header@"

#include "@arg_INCLUDE@"

static const bool registered = @registration@;
]])
    set(part ${target}_${name})
    add_library(${part} OBJECT "${source}")
    target_link_libraries(${part} PRIVATE bounded_queues bq_flags)
    bq_precompile(bq_precompiled ${part})
    bq_link_peer(${part} "${key}")
    target_sources(${target} INTERFACE $<TARGET_OBJECTS:${part}>)
    bq_link_peer(${target}_libraries "${key}")
    list(APPEND parts ${part})
  endforeach()
  set(${target}_parts "${parts}" PARENT_SCOPE)
endfunction()

# bq_use_all_queues(<out> <libraries out>): sets <out> to the text of a source that includes each
# listed queue and makes every call of the contract of it, and <libraries out> to the keys of the
# libraries that it needs.
function(bq_use_all_queues out keys_out)
  set(list "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../queues/queues.list")
  cmake_path(NORMAL_PATH list)
  bq_read_queue_list("${list}" entries)
  set(text "// Generated from ${list}.\n#include \"tests/contract/register_subject.h\"\n")
  set(keys)
  foreach(entry IN LISTS entries)
    string(REPLACE "|" ";" fields "${entry}")
    list(GET fields 0 header)
    list(GET fields 1 class)
    list(GET fields 2 name)
    list(GET fields 4 key)
    list(APPEND keys "${key}")
    string(APPEND text "#include \"queues/${header}\"\n"
                       "bool use_${name}() { return bq::test::use_every_call<bq::${class}>(); }\n")
  endforeach()
  list(REMOVE_DUPLICATES keys)
  set(${out} "${text}" PARENT_SCOPE)
  set(${keys_out} "${keys}" PARENT_SCOPE)
endfunction()
