# The libraries that the wrapped queues need, all in this one place. Each may be absent: the build
# then goes on without its queues, and says so. A line of queues/queues.list names the library of
# its queue by key. scripts/setup.sh reads the bq_peer lines, too: key, package and file stand on
# one line.
set(BQ_WITHOUT "" CACHE STRING
    "Peers to do without though they are here: keys of Peers.cmake, as in tbb;xenium")

# bq_peer(<key> <Debian package> <file> [FROM <arguments of find_package>] [LINK <libraries>]):
# makes bq_peer_<key> if the library is here. <file> tells whether it is: a header, or a library
# where the header is another package's.
function(bq_peer key package file)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "" "FROM;LINK")
  set_property(GLOBAL APPEND PROPERTY bq_peers ${key})
  set_property(GLOBAL PROPERTY bq_package_of_${key} ${package})
  if(key IN_LIST BQ_WITHOUT)
    return()
  endif()
  unset(folder)
  if(arg_FROM)
    find_package(${arg_FROM} QUIET)
    list(GET arg_FROM 0 cmake_package)
    set(found ${${cmake_package}_FOUND})
    set_property(GLOBAL PROPERTY bq_version_of_${key} "${${cmake_package}_VERSION}")
  else()
    find_path(folder ${file} NO_CACHE)  # looked for anew each time: it may have come or gone
    set(found ${folder})
  endif()
  if(found)
    add_library(bq_peer_${key} INTERFACE IMPORTED)
    target_include_directories(bq_peer_${key} SYSTEM INTERFACE ${folder})
    target_link_libraries(bq_peer_${key} INTERFACE ${arg_LINK})
  endif()
endfunction()

bq_peer(boost libboost-dev boost/lockfree/queue.hpp FROM Boost 1.74 LINK Boost::headers)
bq_peer(boost_thread libboost-thread-dev libboost_thread.so
        FROM Boost 1.74 COMPONENTS thread LINK Boost::thread)
bq_peer(tbb libtbb-dev tbb/concurrent_queue.h FROM TBB LINK TBB::tbb)
bq_peer(concurrentqueue libconcurrentqueue-dev concurrentqueue/blockingconcurrentqueue.h)
bq_peer(readerwriterqueue libreaderwriterqueue-dev readerwriterqueue/readerwritercircularbuffer.h)
bq_peer(atomic_queue libatomic-queue-dev atomic_queue/atomic_queue.h)
bq_peer(xenium libxenium-dev xenium/vyukov_bounded_queue.hpp)

# bq_check_peer(<key> <where>): a fatal error that names <where> unless <key> is one of the above.
function(bq_check_peer key where)
  get_property(known GLOBAL PROPERTY bq_peers)
  if(NOT key IN_LIST known)
    list(JOIN known ", " known)
    message(FATAL_ERROR
            "${where}: '${key}' is no library of cmake/Peers.cmake; there are: ${known}")
  endif()
endfunction()

foreach(key IN LISTS BQ_WITHOUT)
  bq_check_peer("${key}" BQ_WITHOUT)
endforeach()

# bq_link_peer(<target> <key>): links the library that a queue needs; nothing where <key> is empty.
function(bq_link_peer target key)
  if(key)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "INTERFACE_LIBRARY")
      target_link_libraries(${target} INTERFACE bq_peer_${key})
    else()
      target_link_libraries(${target} PRIVATE bq_peer_${key})
    endif()
  endif()
endfunction()

# bq_report_peer(<key> <queue>...): says, once for each library that is not here, what is missing
# for want of it.
function(bq_report_peer key)
  get_property(said GLOBAL PROPERTY bq_reported_${key})
  if(said)
    return()
  endif()
  set_property(GLOBAL PROPERTY bq_reported_${key} TRUE)
  list(JOIN ARGN ", " queues)
  if(key IN_LIST BQ_WITHOUT)
    message(NOTICE "Without ${queues}: BQ_WITHOUT leaves out the library ${key}.")
  else()
    get_property(package GLOBAL PROPERTY bq_package_of_${key})
    message(NOTICE "Without ${queues}: the library ${key} is not here (Debian package ${package}).")
  endif()
endfunction()

# bq_peer_versions(<out>): sets <out> to a list of `"key": "version"`, for the libraries that are
# here: what find_package says, where it finds the library. Headers tell no version in a common way;
# the Debian package does, where there is one. scripts/peers.toml has the dates of the versions.
function(bq_peer_versions out)
  get_property(keys GLOBAL PROPERTY bq_peers)
  set(members "")
  foreach(key IN LISTS keys)
    if(NOT TARGET bq_peer_${key})
      continue()
    endif()
    get_property(version GLOBAL PROPERTY bq_version_of_${key})
    if(NOT version)
      get_property(package GLOBAL PROPERTY bq_package_of_${key})
      execute_process(COMMAND dpkg-query -W -f "\${Version}" ${package}
                      OUTPUT_VARIABLE version ERROR_QUIET)
    endif()
    if(NOT version)
      set(version unknown)
    endif()
    list(APPEND members "\"${key}\": \"${version}\"")
  endforeach()
  set(${out} "${members}" PARENT_SCOPE)
endfunction()
