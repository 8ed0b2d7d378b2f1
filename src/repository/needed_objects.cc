#include "repository/needed_objects.h"

#include <algorithm>
#include <utility>

#include "repository/control_access.h"
#include "repository/object_names.h"

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

Status AddBackup(const ControlAccess& control, const BackupId& backup,
                 const DecisionObject& decision, std::vector<std::string>& keys) {
  PGK_ASSIGN_OR_RETURN(const ReferenceList references,
                       control.ReadReferenceList(backup, decision.reference_list_sha256));
  keys.push_back(DecisionKey(backup));
  keys.push_back(ManifestKey(backup));
  keys.push_back(ReferenceListKey(backup));
  // A backup of an empty database has no packs, but a session all the same.
  keys.push_back(SessionKey(backup));
  for (const WriterId& writer : references.Writers()) keys.push_back(SessionKey(writer));
  for (const PackEntry& entry : references.entries()) keys.push_back(entry.name.Key());
  return Ok();
}

}  // namespace

Result<std::vector<std::string>> ListNeededObjects(const RepositoryContext& context) {
  const ControlAccess control(context);
  PGK_ASSIGN_OR_RETURN(const std::vector<WriterId> unexpired, control.ListUnexpired());
  std::vector<std::string> keys;
  PGK_TRY(AddFixed(control, keys));
  for (const WriterId& writer : unexpired) {
    PGK_ASSIGN_OR_RETURN(const DecisionObject decision, control.ReadDecision(writer));
    if (decision.verdict == Verdict::kCommit) PGK_TRY(AddBackup(control, writer, decision, keys));
  }
  std::ranges::sort(keys);
  keys.erase(std::ranges::unique(keys).begin(), keys.end());
  return keys;
}

}  // namespace pgkeep::repository
