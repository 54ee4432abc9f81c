# What `cmake --install` puts where: the library with its headers, the CMake package and the pkg-config file,
# the program, the data and the recipes. Nothing installed names the prefix, so the tree may be moved.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/harmonium)
set(generated ${CMAKE_CURRENT_BINARY_DIR}/package)

install(TARGETS harmonium EXPORT harmonium-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/harmonium DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT harmonium-targets NAMESPACE harmonium:: DESTINATION ${package_folder})

configure_package_config_file(cmake/harmonium-config.cmake.in ${generated}/harmonium-config.cmake
  INSTALL_DESTINATION ${package_folder})
# Before 1.0 a program built for one minor release does not fit the next.
write_basic_package_version_file(${generated}/harmonium-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${generated}/harmonium-config.cmake ${generated}/harmonium-config-version.cmake
  DESTINATION ${package_folder})

file(RELATIVE_PATH HARMONIUM_PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" HARMONIUM_PC_PREFIX "${HARMONIUM_PC_PREFIX}")
configure_file(cmake/harmonium.pc.in ${generated}/harmonium.pc @ONLY)
install(FILES ${generated}/harmonium.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY data/ DESTINATION ${CMAKE_INSTALL_DATADIR}/harmonium/data)
install(DIRECTORY recipes/ DESTINATION ${CMAKE_INSTALL_DATADIR}/harmonium/recipes
  FILES_MATCHING PATTERN "*.toml")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/harmonium)

if(TARGET harmonium_program)
  install(TARGETS harmonium_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
