# For find_package(bounded_queues): the target bounded_queues::bounded_queues. A program that
# includes queues/peers/x.h links the library that x wraps itself.
include(CMakeFindDependencyMacro)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_dependency(Threads)
include("${CMAKE_CURRENT_LIST_DIR}/bounded_queues-targets.cmake")
