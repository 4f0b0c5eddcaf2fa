# What the harness and the tests need; all of it comes from the system. One message names all that
# is missing, with the Debian package that brings each. (The libraries of wrapped queues are wanted,
# not needed: Peers.cmake.)
set(missing_packages "")

# bq_need(<found-variable> <what it is> <Debian package>)
macro(bq_need found what package)
  if(NOT ${found})
    list(APPEND missing_packages ${package})
    message(STATUS "Missing: ${what} (Debian package ${package})")
  endif()
endmacro()

find_package(benchmark QUIET)
bq_need(benchmark_FOUND "Google Benchmark" libbenchmark-dev)
find_package(nlohmann_json 3.11 QUIET)
bq_need(nlohmann_json_FOUND "nlohmann-json" nlohmann-json3-dev)

find_package(CLI11 2 QUIET)
bq_need(CLI11_FOUND "CLI11" libcli11-dev)

find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h)
bq_need(TOMLPLUSPLUS_INCLUDE_DIR "toml++" libtomlplusplus-dev)

find_path(RE2_INCLUDE_DIR re2/re2.h)
bq_need(RE2_INCLUDE_DIR "RE2" libre2-dev)
find_library(RE2_LIBRARY re2)
if(RE2_INCLUDE_DIR)
  bq_need(RE2_LIBRARY "the library of RE2" libre2-dev)
endif()

if(BQ_TESTS)
  find_package(GTest QUIET)
  bq_need(GTest_FOUND "GoogleTest" libgtest-dev)
  find_package(Boost 1.74 QUIET COMPONENTS context)
  bq_need(Boost_CONTEXT_FOUND "Boost.Context" libboost-context-dev)
endif()

if(missing_packages)
  list(JOIN missing_packages " " missing_packages)
  message(FATAL_ERROR "Missing libraries. On Debian: apt-get install ${missing_packages}")
endif()
