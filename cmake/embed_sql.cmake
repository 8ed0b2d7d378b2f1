# pgkeep_embed_migrations(OUTPUT HEADER FUNCTION FILES...): writes a C++ source with the text and
# the SHA-256 of each "NNNN_name.sql". Runs at configure time; an edited file configures anew.
function(pgkeep_embed_migrations output header function)
  set(entries)
  foreach(file IN LISTS ARGN)
    set(path "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
    get_filename_component(name "${file}" NAME_WE)
    if(NOT name MATCHES "^0*([0-9]+)_([a-z0-9_]+)$")
      message(FATAL_ERROR "${file}: a migration is named NNNN_name.sql")
    endif()
    set(number "${CMAKE_MATCH_1}")
    set(title "${CMAKE_MATCH_2}")
    file(SHA256 "${path}" checksum)
    file(READ "${path}" sql)
    string(APPEND entries "    Migration{${number}, \"${title}\",\n              \"${checksum}\",\n"
                          "              R\"pgkeep_sql(${sql})pgkeep_sql\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT "${output}" @ONLY CONTENT [=[
// Written by cmake/embed_sql.cmake.
#include "@header@"

#include <array>

namespace pgkeep::catalog {

std::span<const Migration> @function@() {
  static constexpr auto kMigrations = std::to_array<Migration>({
@entries@  });
  return kMigrations;
}

}  // namespace pgkeep::catalog
]=])
endfunction()
