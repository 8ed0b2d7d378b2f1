# One sanitizer set for the whole build, chosen by preset; every report ends the process.
if(PGKEEP_SANITIZE)
  set(flags -fsanitize=${PGKEEP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(PGKEEP_BUILD_FUZZERS)
    list(APPEND flags -fsanitize=fuzzer-no-link)
    if(PGKEEP_SANITIZE MATCHES "undefined")
      # A fifth of the time to compile. AddressSanitizer finds most of what they find, and preset
      # 'asan' has them.
      list(APPEND flags -fno-sanitize=null,alignment,object-size,vptr)
    endif()
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
