# The few functions with which rooms, tests, programs and fuzz targets are declared. Every function
# takes an explicit list of sources (headers too: tools/tidy reports a file that nobody lists). A
# name in DEPS is a room ("base"), or any CMake target ("OpenSSL::Crypto", "version").

# All rooms without their tests, and all fuzz targets: what the clang build of ./test needs.
add_custom_target(pgkeep_rooms)
add_custom_target(fuzzers)

# Turns room names into targets. Rooms may be declared later than their users, so a name without a
# target of its own is taken for a room.
function(pgkeep_resolve_deps out)
  set(resolved)
  foreach(dep IN LISTS ARGN)
    if(dep MATCHES "::|^pgkeep_" OR TARGET ${dep})
      list(APPEND resolved ${dep})
    else()
      list(APPEND resolved pgkeep_${dep})
    endif()
  endforeach()
  set(${out} ${resolved} PARENT_SCOPE)
endfunction()

# pgkeep_room(NAME [DEPS ...] SOURCES ...): static library pgkeep_NAME. Includes are written from
# src/ down ("base/result.h"). DEPS are public: whoever links a room gets what its headers need.
function(pgkeep_room name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS;SOURCES")
  pgkeep_check_arguments(pgkeep_room ${name} "${arg_UNPARSED_ARGUMENTS}" "${arg_SOURCES}")
  pgkeep_resolve_deps(deps ${arg_DEPS})
  add_library(pgkeep_${name} STATIC ${arg_SOURCES})
  target_include_directories(pgkeep_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(pgkeep_${name} PUBLIC ${deps} Threads::Threads)
  set_target_properties(pgkeep_${name} PROPERTIES LINKER_LANGUAGE CXX)
  add_dependencies(pgkeep_rooms pgkeep_${name})
endfunction()

# pgkeep_program(NAME [DEPS ...] SOURCES ...): a program at the top of the build directory.
function(pgkeep_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS;SOURCES")
  pgkeep_check_arguments(pgkeep_program ${name} "${arg_UNPARSED_ARGUMENTS}" "${arg_SOURCES}")
  pgkeep_resolve_deps(deps ${arg_DEPS})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(${name} PRIVATE ${deps} Threads::Threads)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
endfunction()

# What every test includes, compiled once per build instead of once per test. Not in the build of
# preset 'clang' (PGKEEP_TEST_PCH=OFF), where a test that misses one of its own includes is noticed.
function(pgkeep_add_test_headers)
  file(WRITE "${PROJECT_BINARY_DIR}/generated/test_headers.cc" "int main() {}\n")
  add_executable(pgkeep_test_headers "${PROJECT_BINARY_DIR}/generated/test_headers.cc")
  pgkeep_lighten_test(pgkeep_test_headers)
  target_link_libraries(pgkeep_test_headers PRIVATE pgkeep_base GTest::gmock Threads::Threads)
  target_precompile_headers(pgkeep_test_headers PRIVATE
    <gmock/gmock.h> <gtest/gtest.h> <algorithm> <functional> <map> <memory> <optional> <random>
    <string> <thread> <vector> "${PROJECT_SOURCE_DIR}/src/base/result.h")
endfunction()

# Tests compile in less than half the time with less optimisation; what they test stays as shipped.
function(pgkeep_lighten_test name)
  target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1;-g1>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # At -O1 these are wrong about string concatenation more often than right.
    target_compile_options(${name} PRIVATE
      $<$<CONFIG:RelWithDebInfo>:-Wno-array-bounds;-Wno-maybe-uninitialized;-Wno-stringop-overflow>)
  endif()
  # Without these the compiler cache does not take what uses precompiled headers.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${name} PRIVATE -fpch-preprocess)
  else()
    target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()

# pgkeep_test_program(NAME [DEPS ...] SOURCES ...): a helper that tests start as a second process.
function(pgkeep_test_program name)
  if(NOT PGKEEP_BUILD_TESTS)
    return()
  endif()
  pgkeep_program(${name} ${ARGN})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
endfunction()

# pgkeep_test(NAME [DEPS ...] SOURCES ... [LABELS quick|full ...] [TIMEOUT SECONDS]): one GoogleTest
# program (gtest_main is linked); ctest sees every test case as one test "NAME/Suite.Case". Labels:
# quick (the default: no server, seconds) or full, and always the name of the folder. TIMEOUT is per
# test case, 300 s unless told; it is a safety net against hanging, not an assertion.
function(pgkeep_test name)
  if(NOT PGKEEP_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "DEPS;SOURCES;LABELS")
  pgkeep_check_arguments(pgkeep_test ${name} "${arg_UNPARSED_ARGUMENTS}" "${arg_SOURCES}")
  if(NOT arg_LABELS)
    set(arg_LABELS quick)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  pgkeep_resolve_deps(deps ${arg_DEPS})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${deps} GTest::gmock GTest::gtest_main Threads::Threads)
  pgkeep_lighten_test(${name})
  if(PGKEEP_TEST_PCH)
    target_precompile_headers(${name} REUSE_FROM pgkeep_test_headers)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")

  # ctest adds up repeated LABELS; a list in one LABELS does not survive gtest_discover_tests.
  get_filename_component(folder "${CMAKE_CURRENT_SOURCE_DIR}" NAME)
  set(properties)
  foreach(label IN LISTS arg_LABELS ITEMS ${folder})
    list(APPEND properties LABELS ${label})
  endforeach()
  include(GoogleTest)
  gtest_discover_tests(${name}
    TEST_PREFIX "${name}/" DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${arg_TIMEOUT} ${properties})
endfunction()

# pgkeep_fuzzer(NAME [DEPS ...] SOURCES ... [CORPUS DIRECTORY]): SOURCES define
# LLVMFuzzerTestOneInput. With PGKEEP_BUILD_FUZZERS it becomes build/<preset>/fuzzers/NAME; in every
# other build the same code replays the corpus once as ctest "fuzz_corpus/NAME", so that a found
# crash stays a regression test everywhere. CORPUS is relative to the current directory; default
# corpus/NAME.
function(pgkeep_fuzzer name)
  if(NOT PGKEEP_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS" "DEPS;SOURCES")
  pgkeep_check_arguments(pgkeep_fuzzer ${name} "${arg_UNPARSED_ARGUMENTS}" "${arg_SOURCES}")
  if(NOT arg_CORPUS)
    set(arg_CORPUS corpus/${name})
  endif()
  pgkeep_resolve_deps(deps ${arg_DEPS})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${deps} Threads::Threads)
  # libFuzzer fixes the entry point's name; nothing declares it.
  target_compile_options(${name} PRIVATE -Wno-missing-declarations)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzzers")
  if(PGKEEP_BUILD_FUZZERS)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${name})
    add_test(NAME fuzz/${name}
             COMMAND "${PROJECT_SOURCE_DIR}/tools/run_fuzzer" $<TARGET_FILE:${name}>
             "${CMAKE_CURRENT_SOURCE_DIR}/${arg_CORPUS}" "${PROJECT_BINARY_DIR}")
    set_tests_properties(fuzz/${name} PROPERTIES LABELS "full;fuzz" TIMEOUT 3600)
    return()
  endif()
  target_sources(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tools/fuzz_replay_main.cc")
  add_test(NAME fuzz_corpus/${name}
           COMMAND ${name} "${CMAKE_CURRENT_SOURCE_DIR}/${arg_CORPUS}")
  set_tests_properties(fuzz_corpus/${name} PROPERTIES LABELS "quick;fuzz" TIMEOUT 120)
endfunction()

# Refuses a misspelt keyword and an empty source list, which CMake itself would accept silently.
function(pgkeep_check_arguments function name unparsed sources)
  if(unparsed)
    message(FATAL_ERROR "${function}(${name}): do not understand: ${unparsed}")
  endif()
  if(NOT sources)
    message(FATAL_ERROR "${function}(${name}): SOURCES is empty")
  endif()
endfunction()
