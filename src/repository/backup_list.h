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
  // The decoded manifest; or why it cannot be had (also: why the decision cannot, when that is
  // damaged). A damaged backup
  // stays in the list, so that nobody takes its absence for an expiry, and damage to one never
  // hides the others.
  Result<Manifest> manifest;
};

// All live backups, newest first. Within the backups of one source and kind the source's counter
// decides, since clocks lie: a backup that claims to be younger than a later one counts as made at
// the same time as that one. Between sources time decides (ties: as the source's counters, then by
// id). Lists `exp/` and `dec/` and reads one decision and one manifest per live backup. A backup
// that expires while this runs is left out.
// Damage is no error: see BackupSummary::manifest. Fails when the store does (kUnavailable and
// others), or when all manifests fail alike with kWrongKey or kUnsupportedVersion. REQUIRES:
// context.keys.
Result<std::vector<BackupSummary>> ListBackups(const RepositoryContext& context);

// True when the manifest is readable and says that everything was stored.
bool IsComplete(const BackupSummary& backup);

// Whether `a` comes after `b` in the sequence of their source: by counter, then time, then id.
// REQUIRES: both have a manifest, of the same source and kind.
bool IsLaterInSequence(const BackupSummary& a, const BackupSummary& b);

// The newest complete backup of `source` (of any source when nullopt), or null. `backups` are in
// the order of ListBackups. Borrows.
const BackupSummary* FindNewestComplete(std::span<const BackupSummary> backups,
                                        std::optional<std::string_view> source);

// The backup that the user means: "latest" (newest complete one, of `source` if given), or the
// beginning of an id, at least four hex digits and unique. Borrows from `backups`, which are in the
// order of ListBackups.
//   kNotFound         nothing fits
//   kInvalidArgument  too short, not hexadecimal, or ambiguous; the message lists candidates
Result<const BackupSummary*> FindBackup(std::span<const BackupSummary> backups,
                                        std::string_view selector,
                                        std::optional<std::string_view> source = std::nullopt);

}  // namespace pgkeep::repository
