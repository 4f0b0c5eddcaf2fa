# A step of a build, for OwnSymbols.cmake: links OBJECTS, and what they need of ARCHIVES, into one
# OUTPUT whose names are local, but for those of the data that HARNESS defines; if there are
# LIBRARIES, of all data. Uses LINKER, OBJDUMP and OBJCOPY.

# The data that files define for others. What a compiler writes for a class (_ZTV, _ZTI, ...) is
# none: a class of OBJECTS is not that of HARNESS, whatever its name.
function(names_of_data out)
  execute_process(COMMAND "${OBJDUMP}" --syms ${ARGN} OUTPUT_VARIABLE table
                  COMMAND_ERROR_IS_FATAL ANY)
  # <address> <g: global, u: unique or w: weak> <flags> <section>\t<size> [.hidden] <name>
  string(REGEX MATCHALL "\n[0-9a-f]+ [gu ][w ]..... [.]t?(bss|data)[^\t]*\t[^\n]+" lines "${table}")
  list(TRANSFORM lines REPLACE ".* " "")
  list(FILTER lines EXCLUDE REGEX "^(_ZT[VISTC]|DW[.]ref[.])")
  list(JOIN lines "\n" names)
  set(${out} "${names}" PARENT_SCOPE)
endfunction()

get_filename_component(folder "${OUTPUT}" DIRECTORY)
file(MAKE_DIRECTORY "${folder}")
# Out of their groups: of groups of one name the linker would keep one.
execute_process(COMMAND "${LINKER}" -r --force-group-allocation -o "${OUTPUT}.linked"
                        ${OBJECTS} ${ARCHIVES} COMMAND_ERROR_IS_FATAL ANY)
names_of_data(shared ${HARNESS})
if(LIBRARIES)
  names_of_data(own "${OUTPUT}.linked")
endif()
file(WRITE "${OUTPUT}.shared" "main\n${shared}\n${own}\n")  # an empty list would keep every name
execute_process(COMMAND "${OBJCOPY}" "--keep-global-symbols=${OUTPUT}.shared"
                        "${OUTPUT}.linked" "${OUTPUT}" COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE "${OUTPUT}.linked")
