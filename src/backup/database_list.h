// Which databases of a cluster are backed up.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "postgres/connection.h"

namespace pgkeep::backup {

// Names, in which `*` stands for any text and `?` for one byte. A database is wanted if an entry of
// `include` fits and none of `exclude` does.
struct DatabaseSelection {
  std::vector<std::string> include = {"*"};
  std::vector<std::string> exclude;
};

// A database that is wanted.
struct ListedDatabase {
  std::string name;
  // False for one that is named in the selection and that the cluster does not have, or lets nobody
  // connect to.
  bool available = true;
  std::string reason;  // why not
};

// Lists them, in the order of their names. As pg_dumpall: templates count, but not databases that
// allow no connections (template0) or are left over from a failed DROP, unless they are named:
// these come back as not available. kConfig if nothing is left.
Result<std::vector<ListedDatabase>> ListDatabases(postgres::Connection& connection,
                                                  const DatabaseSelection& selection);

// Whether a name fits a pattern with `*` and `?`.
bool FitsName(std::string_view pattern, std::string_view name);

}  // namespace pgkeep::backup
