#pragma once

#include "base/result.h"
#include "repository/control_access.h"
#include "repository/pack_ledger.h"
#include "repository/verify_inventory.h"
#include "repository/verify_report.h"

namespace pgkeep::repository {

// Compares the maps of all live backups of `inventory` with the packs in `ledger`: every frame that
// a map names there must be in the pack, with the same length, number of units and content hash. A
// backup with a map that disagrees, or that cannot be read, becomes a problem of its manifest.
//
// Backups that need none of these packs are not looked at. Errors: those that end the work. Memory:
// that of BackupTreeWalker, and one reference list. REQUIRES: keys.
Status CompareMaps(const ControlAccess& control, const VerifyInventory& inventory,
                   const PackLedger& ledger, VerifyFindings& findings);

}  // namespace pgkeep::repository
