# Libraries from the distribution. docs/architecture.md says why each was chosen.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
find_package(GIF 5 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(HIGHWAY REQUIRED IMPORTED_TARGET libhwy)
# Vectors of a length that is known only at run time cannot be members of a class or of an array, as our kernels have
# them. Every file must know the same targets, for it is one of them that is chosen.
add_compile_definitions("HWY_DISABLED_TARGETS=(HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128|HWY_RVV)")
pkg_check_modules(NANOFLANN REQUIRED IMPORTED_TARGET nanoflann)

# toml++ ships headers; older packages have no CMake file.
find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)
add_library(tomlplusplus INTERFACE)
target_include_directories(tomlplusplus SYSTEM INTERFACE ${TOMLPLUSPLUS_INCLUDE_DIR})

# Dense products: oneDNN, found by header and library because the distribution's CMake file asks for OpenCL;
# OpenBLAS where oneDNN is not, or has no fast products.
find_path(ONEDNN_INCLUDE_DIR oneapi/dnnl/dnnl.h)
find_library(ONEDNN_LIBRARY NAMES dnnl)
add_library(harmonium_products INTERFACE)
if(ONEDNN_INCLUDE_DIR AND ONEDNN_LIBRARY AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  find_package(OpenMP REQUIRED COMPONENTS CXX)
  target_include_directories(harmonium_products SYSTEM INTERFACE ${ONEDNN_INCLUDE_DIR})
  target_link_libraries(harmonium_products INTERFACE ${ONEDNN_LIBRARY} OpenMP::OpenMP_CXX)
  target_compile_definitions(harmonium_products INTERFACE HARMONIUM_ONEDNN)
else()
  pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)
  target_link_libraries(harmonium_products INTERFACE PkgConfig::OPENBLAS)
endif()
