# Hardening of everything we build: the program reads hostile bytes (repositories, dumps, archives).
include(CheckCXXCompilerFlag)

add_compile_definitions(_GLIBCXX_ASSERTIONS)
add_compile_options(-fstack-protector-strong)
foreach(flag IN ITEMS -fstack-clash-protection -fcf-protection -mbranch-protection=standard)
  string(MAKE_C_IDENTIFIER "PGKEEP_HAS${flag}" known) # the last two exist on one processor family each
  check_cxx_compiler_flag(${flag} ${known})
  if(${known})
    add_compile_options(${flag})
  endif()
endforeach()

# Fortification needs an optimised build, and hides accesses from the sanitizers' own checks.
if(NOT PGKEEP_SANITIZE)
  add_compile_options("$<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3>")
endif()

include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)
add_link_options(LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
