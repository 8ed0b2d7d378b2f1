# Warnings of both compilers, as errors. Third-party headers come in as SYSTEM and stay silent.
add_compile_options(
  -Wall -Wextra -Wpedantic
  -Wconversion -Wsign-conversion -Wdouble-promotion
  -Wshadow -Wold-style-cast -Wcast-qual -Wcast-align
  -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi
  -Wformat=2 -Wundef -Wimplicit-fallthrough -Wmissing-declarations)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wduplicated-cond -Wlogical-op)
  # GCC bug 105651: std::string concatenation is reported as an overlapping copy.
  add_compile_options(-Wno-restrict)
  if(PGKEEP_SANITIZE OR PGKEEP_COVERAGE)
    # Instrumentation hides initialisation from the optimiser; the plain builds keep this an error.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
else()
  # Locks are types that the compiler checks (base/mutex.h).
  add_compile_options(-Wthread-safety -Werror=thread-safety)
endif()

if(PGKEEP_WERROR)
  add_compile_options(-Werror)
endif()
