// Names of SQL as users write them in arguments.
#pragma once

#include <string>
#include <string_view>

#include "archive/selection.h"
#include "base/result.h"
#include "restore/restore_options.h"

namespace pgkeep::cli {

// Reads a table's name as SQL does: `public.orders`, `"My Schema"."Or""ders"`. Letters outside
// quotes become small. Without a schema it is in `public`. kInvalidArgument with the right form as
// the hint.
Result<archive::TableName> ParseTableName(std::string_view text);

// Reads one name: `app`, `"App"`.
Result<std::string> ParseSqlName(std::string_view text, std::string_view what);

// Reads `old=new`, two names of roles.
Result<restore::RoleMapping> ParseRoleMapping(std::string_view text);

}  // namespace pgkeep::cli
