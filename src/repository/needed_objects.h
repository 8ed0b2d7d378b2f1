// Which objects of a repository must not go.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// The keys of all objects that are needed to restore the backups that have not expired, and to open
// the repository at all: ascending, each once. Needs no keys of the repository. What is needed and
// missing is named all the same, but for the reference list of a live backup, whose absence is
// kCorruption. Memory: some 100 bytes for each pack.
Result<std::vector<std::string>> ListNeededObjects(const RepositoryContext& context);

}  // namespace pgkeep::repository
