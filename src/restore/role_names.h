// The roles that the statements of an archive name: grants, policies, owners.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "archive/toc.h"
#include "base/result.h"
#include "restore/restore_options.h"

namespace pgkeep::restore {

// Which parts of the entries count: those that a restore will use.
struct RoleUse {
  bool owners = true;
  bool privileges = true;
};

// The roles that these entries need to be there.
std::set<std::string> RolesNamed(const std::vector<archive::TocEntry>& entries, const RoleUse& use,
                                 bool standard_strings);

// Puts other roles in the place of some, in owners, privileges, default privileges, policies, user
// mappings and the settings of roles in a database. What other statements do with the name of a
// role, functions for instance, stays.
void MapRoles(std::vector<archive::TocEntry>& entries, const std::vector<RoleMapping>& mapping,
              bool standard_strings);

}  // namespace pgkeep::restore
