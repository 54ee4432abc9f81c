# One static library a folder of src/, so that an include can only go down; their objects together are the
# shared library `harmonium`.
set(HARMONIUM_FOLDERS "" CACHE INTERNAL "")

# harmonium_folder(NAME [USES folders below] [LINKS other libraries, private])
function(harmonium_folder name)
  cmake_parse_arguments(ARG "" "" "USES;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/${name}/*.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/src/${name}/*/*.cpp)
  if(NOT sources)
    set(empty ${CMAKE_CURRENT_BINARY_DIR}/empty_${name}.cpp)
    if(NOT EXISTS ${empty})
      file(WRITE ${empty} "")
    endif()
    set(sources ${empty})
  endif()
  add_library(harmonium_${name} STATIC ${sources})
  target_include_directories(harmonium_${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
  # Position-independent code stays as fast as other code when no one may put another function in a call's place.
  target_compile_options(harmonium_${name} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-restrict
    -fno-semantic-interposition $<$<BOOL:${HARMONIUM_WERROR}>:-Werror>)
  target_link_libraries(harmonium_${name} PUBLIC Threads::Threads PRIVATE ${ARG_LINKS})
  foreach(below ${ARG_USES})
    target_link_libraries(harmonium_${name} PUBLIC harmonium_${below})
  endforeach()
  if(HARMONIUM_SANITIZE)
    target_compile_options(harmonium_${name} PUBLIC -fsanitize=address,undefined -fno-omit-frame-pointer
      -fno-sanitize-recover=undefined)
    target_link_options(harmonium_${name} PUBLIC -fsanitize=address,undefined)
  endif()
  set_target_properties(harmonium_${name} PROPERTIES ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
  string(JOIN " " uses ${ARG_USES})
  set_property(GLOBAL APPEND_STRING PROPERTY HARMONIUM_FOLDER_RULE "${name} ${uses}\n")
  set_property(GLOBAL APPEND PROPERTY HARMONIUM_PRIVATE_LINKS ${ARG_LINKS})
  set(HARMONIUM_FOLDERS "${HARMONIUM_FOLDERS};${name}" CACHE INTERNAL "")
endfunction()

# `harmonium` (installed as harmonium::harmonium): what programs link. Everything it needs is linked into it
# privately, and it shows only names of ours, so that a program may use other versions of the same libraries.
function(harmonium_library)
  set(objects "")
  foreach(folder ${HARMONIUM_FOLDERS})
    list(APPEND objects $<TARGET_OBJECTS:harmonium_${folder}>)
  endforeach()
  add_library(harmonium SHARED ${objects})
  add_library(harmonium::harmonium ALIAS harmonium)
  get_property(links GLOBAL PROPERTY HARMONIUM_PRIVATE_LINKS)
  list(REMOVE_DUPLICATES links)
  target_link_libraries(harmonium PRIVATE Threads::Threads ${links})
  target_include_directories(harmonium INTERFACE
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(harmonium INTERFACE cxx_std_20)
  set(exports ${CMAKE_CURRENT_SOURCE_DIR}/cmake/exports.map)
  target_link_options(harmonium PRIVATE -Wl,--version-script=${exports} -Wl,-Bsymbolic-functions -Wl,-z,defs
    -Wl,--as-needed)
  if(HARMONIUM_SANITIZE)
    target_link_options(harmonium PUBLIC -fsanitize=address,undefined)
  endif()
  set_target_properties(harmonium PROPERTIES
    LINKER_LANGUAGE CXX
    LINK_DEPENDS ${exports}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib
    VERSION ${PROJECT_VERSION}
    # Before 1.0 a minor release may change the interface.
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endfunction()
