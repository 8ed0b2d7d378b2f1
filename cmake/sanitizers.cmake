# One sanitizer set for the whole build, chosen by preset; every report ends the process.
if(PGKEEP_SANITIZE)
  set(flags -fsanitize=${PGKEEP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(PGKEEP_BUILD_FUZZERS)
    list(APPEND flags -fsanitize=fuzzer-no-link)
  endif()
  add_compile_options(${flags})
  add_link_options(${flags})
endif()

if(PGKEEP_BUILD_FUZZERS AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "libFuzzer needs clang: use the preset 'fuzz'")
endif()

if(PGKEEP_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
