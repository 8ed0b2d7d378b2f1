# pgkeep_version: the interface library behind #include "base/version.h". Apart from the rooms, so
# that only its users see the build directory in their include path.
configure_file("${PROJECT_SOURCE_DIR}/cmake/version.h.in"
               "${PROJECT_BINARY_DIR}/generated/base/version.h" @ONLY)
add_library(pgkeep_version INTERFACE)
target_include_directories(pgkeep_version INTERFACE "${PROJECT_BINARY_DIR}/generated")
