// Which backups a repository holds, told by the repository alone: no catalog, no local state.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/hash.h"
#include "repository/ids.h"
#include "repository/manifest.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// One live backup: committed, and not expired.
struct BackupSummary {
  BackupId id;
  // By the decision: when it was committed (by the clock of the host that wrote it), and the hashes
  // of its two objects. All zero when the decision itself is damaged.
  Timestamp committed;
  crypto::Digest32 manifest_sha256{};
  crypto::Digest32 reference_sha256{};
  // The decoded manifest; or why it cannot be had (also: why the decision cannot). A damaged backup
  // stays in the list, so that nobody takes its absence for an expiry, and damage to one never
  // hides the others.
  Result<Manifest> manifest;
};

// All live backups, newest commit first (ties by id). Lists `exp/` and `dec/` and reads one
// decision and one manifest per live backup. A backup that expires while this runs is left out.
// Fails when a decision cannot be read or trusted (kCorruption and others), since then nobody knows
// what is missing. REQUIRES: context.keys.
Result<std::vector<BackupSummary>> ListBackups(const RepositoryContext& context);

// True when the manifest is readable and says that everything was stored.
bool IsComplete(const BackupSummary& backup);

// The newest complete backup of `source` (of any source when nullopt), or null. Borrows.
const BackupSummary* FindNewestComplete(std::span<const BackupSummary> backups,
                                        std::optional<std::string_view> source);

// The backup that the user means: "latest" (newest complete one, of `source` if given), or the
// beginning of an id, at least four hex digits and unique. Borrows from `backups`.
//   kNotFound         nothing fits
//   kInvalidArgument  too short, not hexadecimal, or ambiguous; the message lists candidates
Result<const BackupSummary*> FindBackup(std::span<const BackupSummary> backups,
                                        std::string_view selector,
                                        std::optional<std::string_view> source = std::nullopt);

}  // namespace pgkeep::repository
