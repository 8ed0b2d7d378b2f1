// Backups in words and in JSON, the same in every command.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/backup_lookup.h"
#include "cli/json.h"
#include "logical/stream_format.h"
#include "repository/backup_list.h"
#include "repository/manifest.h"
#include "repository/reference_list.h"

namespace pgkeep::cli {

// Sums over the sub-trees of a backup; what they mean is at repository::SubtreeEntry.
struct BackupTotals {
  uint64_t streams = 0;
  uint64_t units = 0;
  uint64_t bytes = 0;
  uint64_t new_units = 0;
  uint64_t new_bytes = 0;
  uint64_t stored_bytes = 0;
};

// Saturates nowhere: the format's limits keep sums below 2^64.
BackupTotals TotalsOf(const repository::Manifest& manifest);

// What the packs of one backup take in the store.
struct PackTotals {
  uint64_t packs = 0;
  uint64_t bytes = 0;
  uint64_t own_bytes = 0;  // in packs that this backup wrote
};

// Adds up the packs that a backup needs.
PackTotals PackTotalsOf(const repository::ReferenceList& references,
                        const repository::BackupId& backup);

// "app, shop and 3 more": the databases of a logical backup; "" for other kinds.
std::string DatabaseNames(const repository::Manifest& manifest);

// Databases that were wanted and are not in a logical backup; none for other kinds, and where it
// cannot be told.
std::vector<logical::RunAttributes::Missing> MissingDatabases(const repository::Manifest& manifest);

// "logical", "physical" or "files".
std::string_view KindName(repository::BackupKind kind);

// "complete" or "partial".
std::string_view StateName(repository::BackupState state);

// A backup as a JSON object, without its sub-trees.
Json BackupJson(const repository::BackupSummary& backup);

// Unfinished backups as a JSON array.
Json UnfinishedJson(std::span<const UnfinishedBackup> unfinished);

// One sentence about an unfinished backup.
std::string UnfinishedText(const UnfinishedBackup& backup);

// What to say when OpenedRepository::keys_are_outdated().
inline constexpr std::string_view kOutdatedKeysText =
    "these keys are older than the last 'pgkeep key rotate': backups made since then can be listed "
    "but not read with them";

}  // namespace pgkeep::cli
