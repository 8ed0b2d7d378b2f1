#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/result.h"
#include "crypto/hash.h"
#include "repository/control_access.h"
#include "repository/ids.h"
#include "repository/verify_report.h"

namespace pgkeep::repository {

// One backup to verify, as its decision names it.
struct VerifiedBackup {
  BackupId id;
  crypto::Digest32 manifest_sha256{};
  crypto::Digest32 reference_list_sha256{};
};

// What a verification is about, listed before anything else: whatever these backups need was there
// at that time.
struct VerifyInventory {
  std::vector<VerifiedBackup> live;  // restricted to the wanted ones
  std::set<WriterId> expired;
  std::set<WriterId> decided;
  std::set<WriterId> undecided;     // have a pin and no decision
  std::set<BackupId> needed_bases;  // of undecided writers
  // Decisions of expired backups are needed to read the lists of such bases.
  std::map<BackupId, crypto::Digest32> reference_lists;
};

// Lists and reads expiries, decisions and pins; what is wrong with them goes into `findings`.
// kNotFound when a wanted backup is not live. `wanted` empty: all.
Result<VerifyInventory> TakeInventory(const ControlAccess& control,
                                      const std::vector<BackupId>& wanted,
                                      VerifyFindings& findings);

}  // namespace pgkeep::repository
