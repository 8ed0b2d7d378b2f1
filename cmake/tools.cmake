# Faster builds when the tools are there; the result does not depend on them.

# The directory is not part of the hash and paths are mapped away, so that every build directory of
# one checkout shares the compiler cache, and debug information does not name the machine it was
# built on.
find_program(PGKEEP_CCACHE ccache)
if(PGKEEP_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_NOHASHDIR=1"
      "CCACHE_SLOPPINESS=pch_defines,time_macros;${PGKEEP_CCACHE}")
endif()
add_compile_options("-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")

find_program(PGKEEP_MOLD mold)
if(PGKEEP_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Linking with debug information takes memory; two at a time is enough for the small machines we
# target.
set_property(GLOBAL PROPERTY JOB_POOLS link_pool=2)
set(CMAKE_JOB_POOL_LINK link_pool)
