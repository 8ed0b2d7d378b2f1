#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
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

// Chooses among live backups: the newest one of this source and kind; while those are partial,
// older ones too, so that a database that failed yesterday is compared with the day before. At most
// kMaxBases. Backups whose manifest cannot be read, and those of `damaged`, are passed over. With
// `incremental` false no base is chosen, but the sequence goes on.
BaseChoice ChooseBases(std::span<const BackupSummary> backups, std::string_view source,
                       BackupKind kind, bool incremental, const std::set<BackupId>& damaged);

}  // namespace pgkeep::repository
