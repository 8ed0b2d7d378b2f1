#include "repository/verify_maps.h"

#include <optional>
#include <utility>

#include "repository/backup_tree_walker.h"
#include "repository/object_names.h"

namespace pgkeep::repository {
namespace {

// Remembers the first thing that is wrong with a backup.
class LedgerVisitor final : public TreeVisitor {
 public:
  LedgerVisitor(const PackLedger& ledger, VerifyFindings& findings)
      : ledger_(ledger), findings_(findings) {}

  const std::optional<Error>& first() const { return first_; }

  void OnNode(const FramePlace& /*place*/) override { ++findings_.counts().nodes; }

  bool OnFrame(const PackName& pack, const LeafFrame& frame) override {
    const Status same = ledger_.Compare(pack, frame);
    if (!same.ok()) OnDamage(same.error());
    return same.ok();
  }

  // What another backup's frames were compared with is the same for this one.
  void OnShared(const FramePlace& /*place*/) override {}

  void OnDamage(const Error& error) override {
    if (!first_) first_ = error;
  }

 private:
  const PackLedger& ledger_;
  VerifyFindings& findings_;
  std::optional<Error> first_;
};

// What is wrong with the maps of one backup, if anything is.
Result<std::optional<Error>> CompareBackup(const ControlAccess& control,
                                           const VerifiedBackup& backup, const PackLedger& ledger,
                                           BackupTreeWalker& walker, VerifyFindings& findings) {
  const Result<ReferenceList> references =
      control.ReadReferenceList(backup.id, backup.reference_list_sha256);
  if (!references.ok()) {
    if (!IsDamage(references.error())) return references.error();
    return std::optional<Error>(references.error());
  }
  if (!ledger.ConcernsAny(*references)) return std::optional<Error>();
  const Result<Manifest> manifest = control.ReadManifest(backup.id, backup.manifest_sha256);
  if (!manifest.ok()) {
    if (!IsDamage(manifest.error())) return manifest.error();
    return std::optional<Error>(manifest.error());
  }
  LedgerVisitor visitor(ledger, findings);
  PGK_TRY_CONTEXT("verifying the maps of backup " + backup.id.Hex(),
                  walker.Walk(backup.id, *manifest, *references, visitor));
  return visitor.first();
}

}  // namespace

Status CompareMaps(const ControlAccess& control, const VerifyInventory& inventory,
                   const PackLedger& ledger, VerifyFindings& findings) {
  BackupTreeWalker walker(control.context());
  for (const VerifiedBackup& backup : inventory.live) {
    if (control.context().stop.stop_requested()) {
      return Err(ErrorCode::kCancelled, "stopped before all maps were compared");
    }
    PGK_ASSIGN_OR_RETURN(const std::optional<Error> wrong,
                         CompareBackup(control, backup, ledger, walker, findings));
    if (!wrong) continue;
    PGK_ASSIGN_OR_RETURN(const bool expired, control.Exists(ExpiryKey(backup.id)));
    if (!expired) findings.AddProblem(ManifestKey(backup.id), *wrong, backup.id);
  }
  return Ok();
}

}  // namespace pgkeep::repository
