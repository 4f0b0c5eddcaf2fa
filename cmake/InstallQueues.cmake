# cmake --install: the queues as a package of headers, for find_package(bounded_queues). Nothing has
# to be built first.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
# The same name inside the tree and out of it.
add_library(bounded_queues::bounded_queues ALIAS bounded_queues)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/bounded_queues")
set(headers_dir "${CMAKE_INSTALL_INCLUDEDIR}/bounded_queues")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/queues/" DESTINATION "${headers_dir}/queues"
        FILES_MATCHING PATTERN "*.h")
target_include_directories(bounded_queues INTERFACE "$<INSTALL_INTERFACE:${headers_dir}>")
install(TARGETS bounded_queues EXPORT bounded_queues)
install(EXPORT bounded_queues NAMESPACE bounded_queues:: DESTINATION "${package_dir}"
        FILE bounded_queues-targets.cmake)
# Before 1.0, a minor version may change the interface.
write_basic_package_version_file("${CMAKE_BINARY_DIR}/bounded_queues-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${CMAKE_CURRENT_LIST_DIR}/bounded_queues-config.cmake"
              "${CMAKE_BINARY_DIR}/bounded_queues-config-version.cmake"
        DESTINATION "${package_dir}")
