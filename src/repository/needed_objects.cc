#include "repository/needed_objects.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "repository/control_access.h"
#include "repository/object_names.h"
#include "repository/request_each.h"

namespace pgkeep::repository {
namespace {

// Configurations, their copies and key slots: all that there are.
Status AddFixed(const ControlAccess& control, std::vector<std::string>& keys) {
  for (const std::string_view prefix : {kConfigPrefix, kConfigCopyPrefix, kKeySlotPrefix}) {
    PGK_ASSIGN_OR_RETURN(const std::vector<storage::ObjectInfo> objects, control.List(prefix));
    for (const storage::ObjectInfo& object : objects) keys.push_back(object.key);
  }
  return Ok();
}

// What the decision of a writer says, and what its backup consists of, if it made one.
struct Needs {
  Result<DecisionObject> decision;
  std::optional<Result<ReferenceList>> references;
};

Needs ReadNeeds(const ControlAccess& control, const WriterId& writer) {
  Needs needs{.decision = control.ReadDecision(writer), .references = {}};
  if (needs.decision.ok() && needs.decision->verdict == Verdict::kCommit) {
    needs.references = control.ReadReferenceList(writer, needs.decision->reference_list_sha256);
  }
  return needs;
}

void AddReferences(const ReferenceList& references, std::vector<std::string>& keys) {
  for (const WriterId& writer : references.Writers()) keys.push_back(SessionKey(writer));
  for (const PackEntry& entry : references.entries()) keys.push_back(entry.name.Key());
}

// Damage is noted; other errors are returned.
Status Add(const BackupId& backup, const Needs& needs, NeededObjects& needed) {
  const auto note = [&](const Error& error) -> Status {
    if (!IsDamage(error)) return error;
    needed.damage.push_back(Error(error).WithContext("what backup " + backup.Hex() + " needs"));
    return Ok();
  };
  if (!needs.decision.ok()) return note(needs.decision.error());
  if (!needs.references) return Ok();
  // A backup of an empty database has no packs, but a session all the same.
  for (const auto& key :
       {DecisionKey(backup), ManifestKey(backup), ReferenceListKey(backup), SessionKey(backup)}) {
    needed.keys.push_back(key);
  }
  if (!needs.references->ok()) return note(needs.references->error());
  AddReferences(**needs.references, needed.keys);
  return Ok();
}

}  // namespace

Result<NeededObjects> ListNeededObjects(const RepositoryContext& context) {
  const ControlAccess control(context);
  PGK_ASSIGN_OR_RETURN(const std::vector<WriterId> unexpired, control.ListUnexpired());
  NeededObjects needed;
  PGK_TRY(AddFixed(control, needed.keys));
  PGK_TRY(RequestEach(
      context, unexpired, [&](const WriterId& writer) { return ReadNeeds(control, writer); },
      [&](const WriterId& writer, const Needs& needs) { return Add(writer, needs, needed); }));
  std::ranges::sort(needed.keys);
  needed.keys.erase(std::ranges::unique(needed.keys).begin(), needed.keys.end());
  return needed;
}

}  // namespace pgkeep::repository
