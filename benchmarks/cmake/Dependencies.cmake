# Every library comes from the system. One message names all that is missing, with the Debian package that brings each.
set(missing_packages "")

# bq_need(<found-variable> <what it is> <Debian package>)
macro(bq_need found what package)
  if(NOT ${found})
    list(APPEND missing_packages ${package})
    message(STATUS "Missing: ${what} (Debian package ${package})")
  endif()
endmacro()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

find_package(benchmark QUIET)
bq_need(benchmark_FOUND "Google Benchmark" libbenchmark-dev)
find_package(Boost 1.74 QUIET)
bq_need(Boost_FOUND "Boost (Lockfree)" libboost-dev)
find_package(nlohmann_json 3.11 QUIET)
bq_need(nlohmann_json_FOUND "nlohmann-json" nlohmann-json3-dev)

find_package(CLI11 2 QUIET)
bq_need(CLI11_FOUND "CLI11" libcli11-dev)

find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h)
bq_need(TOMLPLUSPLUS_INCLUDE_DIR "toml++" libtomlplusplus-dev)

find_path(CONCURRENTQUEUE_INCLUDE_DIR concurrentqueue/blockingconcurrentqueue.h)
bq_need(CONCURRENTQUEUE_INCLUDE_DIR "moodycamel::ConcurrentQueue" libconcurrentqueue-dev)

if(BQ_TESTS)
  find_package(GTest QUIET)
  bq_need(GTest_FOUND "GoogleTest" libgtest-dev)
endif()

if(missing_packages)
  list(JOIN missing_packages " " missing_packages)
  message(FATAL_ERROR "Missing libraries. On Debian: apt-get install ${missing_packages}")
endif()

if(NOT TARGET concurrentqueue::concurrentqueue)
  add_library(concurrentqueue::concurrentqueue INTERFACE IMPORTED)
  target_include_directories(concurrentqueue::concurrentqueue SYSTEM INTERFACE
                             "${CONCURRENTQUEUE_INCLUDE_DIR}")
endif()

# The header carries no version; the package does.
execute_process(COMMAND dpkg-query -W -f "\${Version}" libconcurrentqueue-dev OUTPUT_VARIABLE CONCURRENTQUEUE_VERSION
                ERROR_QUIET RESULT_VARIABLE no_package)
if(no_package)
  set(CONCURRENTQUEUE_VERSION unknown)
endif()
