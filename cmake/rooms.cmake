# The few functions with which rooms, tests, programs and fuzz targets are declared. Every function
# takes an explicit list of sources (headers too: tools/tidy reports a file that nobody lists). A
# name in DEPS is a room ("base"), or any CMake target ("OpenSSL::Crypto", "version").

# What the two builds of ./test need: unit tests and fuzz targets under the sanitizers, programs and
# everything larger than a unit as shipped.
add_custom_target(unit_tests)
add_custom_target(system_tests)
add_custom_target(fuzzers)

# Whether the test programs of the current folder are unit tests (they stand beside what they test).
function(pgkeep_test_kind out)
  cmake_path(IS_PREFIX PROJECT_SOURCE_DIR "${CMAKE_CURRENT_SOURCE_DIR}" inside)
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY "${PROJECT_SOURCE_DIR}"
             OUTPUT_VARIABLE folder)
  if(inside AND folder MATCHES "^src/")
    set(${out} unit PARENT_SCOPE)
  else()
    set(${out} system PARENT_SCOPE)
  endif()
endfunction()

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
  pgkeep_use_precompiled_headers(pgkeep_${name} pgkeep_room_headers)
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
  add_dependencies(system_tests ${name})
endfunction()

# Headers that nearly every source includes, compiled once per build instead of once per file: for
# rooms, and for tests. Not with PGKEEP_PCH=OFF (preset 'clang'), where a source that misses one of
# its own includes is noticed.
function(pgkeep_add_precompiled_headers)
  if(NOT PGKEEP_PCH)
    return()
  endif()
  set(standard <algorithm> <array> <atomic> <chrono> <functional> <map> <memory> <mutex> <optional>
      <set> <span> <string> <string_view> <thread> <vector>)
  set(ours "${PROJECT_SOURCE_DIR}/src/base/result.h")
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/generated/headers.cc" CONTENT "int main() {}\n")

  add_library(pgkeep_room_headers OBJECT "${PROJECT_BINARY_DIR}/generated/headers.cc")
  pgkeep_keep_cacheable(pgkeep_room_headers)
  target_include_directories(pgkeep_room_headers PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(pgkeep_room_headers PRIVATE tl::expected fmt::fmt Threads::Threads)
  target_precompile_headers(pgkeep_room_headers PRIVATE ${standard} ${ours})

  if(PGKEEP_BUILD_TESTS)
    add_executable(pgkeep_test_headers "${PROJECT_BINARY_DIR}/generated/headers.cc")
    pgkeep_lighten_test(pgkeep_test_headers)
    target_include_directories(pgkeep_test_headers PRIVATE "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(pgkeep_test_headers PRIVATE tl::expected fmt::fmt GTest::gmock
                          Threads::Threads)
    target_precompile_headers(pgkeep_test_headers PRIVATE
      <gmock/gmock.h> <gtest/gtest.h> ${standard} ${ours})
  endif()
endfunction()

function(pgkeep_use_precompiled_headers name headers)
  if(PGKEEP_PCH)
    pgkeep_keep_cacheable(${name})
    target_precompile_headers(${name} REUSE_FROM ${headers})
  endif()
endfunction()

# Without these the compiler cache does not take what uses precompiled headers.
function(pgkeep_keep_cacheable name)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${name} PRIVATE -fpch-preprocess)
  else()
    target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()

# Tests compile much faster with less optimisation; what they test stays as shipped.
function(pgkeep_lighten_test name)
  pgkeep_keep_cacheable(${name})
  target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1;-g1>)
  if(PGKEEP_BUILD_FUZZERS)
    # The build that everybody waits for. What is looked for there is undefined behaviour of the
    # rooms; preset 'asan' looks into the tests too.
    target_compile_options(${name} PRIVATE -O0 -g0 -fno-sanitize=undefined)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # At -O1 these are wrong about std::string more often than right.
    target_compile_options(${name} PRIVATE -Wno-array-bounds -Wno-maybe-uninitialized
                                           -Wno-stringop-overflow)
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

# pgkeep_test(NAME [DEPS ...] SOURCES ... [LABELS quick|full ...] [TIMEOUT SECONDS] [ONE_PROCESS]):
# one GoogleTest program (gtest_main is linked); ctest sees every test case as one test
# "NAME/Suite.Case", or with ONE_PROCESS the whole program as one test "NAME", for cases that share
# what is costly to start, such as a server. Labels:
# quick (the default: seconds) or full, always the name of the folder, and unit (below
# src/) or system. A program below src/ with the label system runs as shipped, not under sanitizers.
# TIMEOUT is per test case, 300 s unless told; it is a safety net against hanging, not an assertion.
function(pgkeep_test name)
  if(NOT PGKEEP_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "ONE_PROCESS" "TIMEOUT" "DEPS;SOURCES;LABELS")
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
  target_link_libraries(${name} PRIVATE ${deps} fmt::fmt GTest::gmock GTest::gtest_main
                        Threads::Threads)
  pgkeep_lighten_test(${name})
  pgkeep_use_precompiled_headers(${name} pgkeep_test_headers)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")

  # ctest adds up repeated LABELS; a list in one LABELS does not survive gtest_discover_tests.
  get_filename_component(folder "${CMAKE_CURRENT_SOURCE_DIR}" NAME)
  set(properties)
  if(system IN_LIST arg_LABELS)
    set(kind system)
    list(REMOVE_ITEM arg_LABELS system)
  else()
    pgkeep_test_kind(kind)
  endif()
  add_dependencies(${kind}_tests ${name})
  if(arg_ONE_PROCESS)
    add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
    # First, since nothing shortens the longest ones: what starts last would run alone.
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} COST 1000
                                            LABELS "${arg_LABELS};${kind};${folder}")
    return()
  endif()
  foreach(label IN LISTS arg_LABELS ITEMS ${kind} ${folder})
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
