// Patterns for names, as pg_dump and psql take them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pgkeep::backup {

// A pattern as regular expressions of PostgreSQL, anchored at both ends.
struct PatternRegex {
  std::optional<std::string> schema;  // nothing: whatever is found in the search path
  std::string name;
};

// Turns a pattern for tables ("public.order*", "\"Odd.Name\"") into expressions exactly as pg_dump
// does (patternToSQLRegex in src/fe_utils/string_utils.c): letters outside double quotes become
// small, `*` is any text, `?` any character, a dot ends the schema, `$` is itself, and everything
// else outside quotes is left to the regular expression. Bytes above 0x7f stay as they are.
// kConfig if there is more than one dot.
Result<PatternRegex> ParseTablePattern(std::string_view pattern);

// The same for schemas, where a dot is not allowed.
Result<std::string> ParseSchemaPattern(std::string_view pattern);

}  // namespace pgkeep::backup
