#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "repository/backup_list.h"
#include "repository/manifest.h"

namespace pgkeep::repository {

// What a new backup stands on.
struct BaseChoice {
  // Newest first; empty for a first backup.
  std::vector<BackupId> bases;
  // The new backup's place after the newest one of its source.
  SourceSequence sequence;
};

// What a base is wanted for.
struct BaseRequest {
  std::string_view source;
  BackupKind kind = BackupKind::kFiles;
  // Names of the sub-trees that the new backup will have; empty if they are not known.
  std::span<const std::string> subtrees = {};
  // False: no base is chosen, but the sequence goes on.
  bool incremental = true;
};

// Chooses among live backups of this source and kind. With names of sub-trees: for each of them the
// newest backup that has it, so that a database that failed yesterday, or that was left out, is
// compared with the day before. Without: the newest one, and older ones while those are partial. At
// most kMaxBases. Backups whose manifest cannot be read, and those of `damaged`, are passed over.
BaseChoice ChooseBases(std::span<const BackupSummary> backups, const BaseRequest& request,
                       const std::set<BackupId>& damaged);

}  // namespace pgkeep::repository
