#include "repository/verify_inventory.h"

#include <algorithm>
#include <string>
#include <utility>

#include "repository/request_each.h"

namespace pgkeep::repository {
namespace {

// The ids below a prefix; what has no business there is a problem.
Result<std::vector<ObjectName>> ListNames(const ControlAccess& control, std::string_view prefix,
                                          VerifyFindings& findings) {
  PGK_ASSIGN_OR_RETURN(const std::vector<storage::ObjectInfo> objects, control.List(prefix));
  std::vector<ObjectName> names;
  for (const storage::ObjectInfo& info : objects) {
    const Result<ObjectName> name = ObjectName::Parse(info.key);
    if (name.ok()) {
      names.push_back(*name);
    } else {
      findings.AddProblem(info.key, StrangerError(info.key));
    }
  }
  return names;
}

Status ReadExpiries(const ControlAccess& control, VerifyInventory& inventory,
                    VerifyFindings& findings) {
  PGK_ASSIGN_OR_RETURN(const std::vector<ObjectName> names,
                       ListNames(control, kExpiryPrefix, findings));
  return RequestEach(
      control.context(), names,
      [&](const ObjectName& name) { return control.ReadExpiry(name.writer); },
      [&](const ObjectName& name, const Result<ExpiryObject>& expiry) -> Status {
        inventory.expired.insert(name.writer);
        ++findings.counts().objects;
        if (expiry.ok()) return Ok();
        if (!IsDamage(expiry.error())) return expiry.error();
        findings.AddProblem(name.Key(), expiry.error());
        return Ok();
      });
}

Status ReadDecisions(const ControlAccess& control, VerifyInventory& inventory,
                     VerifyFindings& findings) {
  PGK_ASSIGN_OR_RETURN(const std::vector<ObjectName> names,
                       ListNames(control, kDecisionPrefix, findings));
  return RequestEach(
      control.context(), names,
      [&](const ObjectName& name) { return control.ReadDecision(name.writer); },
      [&](const ObjectName& name, const Result<DecisionObject>& decision) -> Status {
        inventory.decided.insert(name.writer);
        ++findings.counts().objects;
        if (!decision.ok()) {
          if (!IsDamage(decision.error())) return decision.error();
          findings.AddProblem(name.Key(), decision.error(), name.writer);
          return Ok();
        }
        if (decision->verdict != Verdict::kCommit) return Ok();
        inventory.reference_lists[name.writer] = decision->reference_list_sha256;
        if (inventory.expired.contains(name.writer)) return Ok();
        inventory.live.push_back(
            {name.writer, decision->manifest_sha256, decision->reference_list_sha256});
        return Ok();
      });
}

Status ReadPins(const ControlAccess& control, VerifyInventory& inventory,
                VerifyFindings& findings) {
  PGK_ASSIGN_OR_RETURN(const std::vector<ObjectName> names,
                       ListNames(control, kPinPrefix, findings));
  for (const ObjectName& name : names) {
    if (name.kind != ObjectName::Kind::kPin || inventory.decided.contains(name.writer)) continue;
    inventory.undecided.insert(name.writer);
    ++findings.counts().objects;
    const Result<PinObject> pin = control.ReadPin(name.writer);
    if (pin.ok()) {
      inventory.needed_bases.insert(pin->bases.begin(), pin->bases.end());
      continue;
    }
    // Gone: its writer was decided meanwhile and the collector has swept it.
    if (pin.error().code() == ErrorCode::kNotFound) continue;
    if (!IsDamage(pin.error())) return pin.error();
    findings.AddProblem(name.Key(), pin.error());
  }
  return Ok();
}

Status Restrict(const std::vector<BackupId>& wanted, VerifyInventory& inventory) {
  if (wanted.empty()) return Ok();
  for (const BackupId& id : wanted) {
    if (std::ranges::find(inventory.live, id, &VerifiedBackup::id) != inventory.live.end())
      continue;
    return Err(ErrorCode::kNotFound, "there is no backup {}", id.Hex())
        .WithHint("run 'pgkeep list' to see the backups of this repository");
  }
  std::erase_if(inventory.live, [&](const VerifiedBackup& backup) {
    return std::ranges::find(wanted, backup.id) == wanted.end();
  });
  return Ok();
}

}  // namespace

Result<VerifyInventory> TakeInventory(const ControlAccess& control,
                                      const std::vector<BackupId>& wanted,
                                      VerifyFindings& findings) {
  VerifyInventory inventory;
  PGK_TRY(ReadExpiries(control, inventory, findings));
  PGK_TRY(ReadDecisions(control, inventory, findings));
  PGK_TRY(ReadPins(control, inventory, findings));
  PGK_TRY(Restrict(wanted, inventory));
  findings.counts().backups = inventory.live.size();
  return inventory;
}

}  // namespace pgkeep::repository
