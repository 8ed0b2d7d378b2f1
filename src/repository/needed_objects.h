// Which objects of a repository must not go.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// What was found out about that. A plain value.
struct NeededObjects {
  // Ascending, each once.
  std::vector<std::string> keys;
  // Why what some backups need is not known, or not all of it: a damaged or missing decision or
  // reference list. Whoever may write can make such a decision, so it must not hide the rest.
  std::vector<Error> damage;
};

// All objects that are needed to restore the backups that have not expired, and to open the
// repository at all. Needs no keys of the repository. What is needed and missing is named all the
// same. Errors: those of the store. Memory: some 100 bytes for each pack.
Result<NeededObjects> ListNeededObjects(const RepositoryContext& context);

}  // namespace pgkeep::repository
