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

// What the backup of a writer consists of; none if it was aborted.
Result<std::optional<ReferenceList>> ReadReferences(const ControlAccess& control,
                                                    const WriterId& writer) {
  PGK_ASSIGN_OR_RETURN(const DecisionObject decision, control.ReadDecision(writer));
  if (decision.verdict != Verdict::kCommit) return std::optional<ReferenceList>();
  PGK_ASSIGN_OR_RETURN(ReferenceList references,
                       control.ReadReferenceList(writer, decision.reference_list_sha256));
  return std::optional<ReferenceList>(std::move(references));
}

void AddBackup(const BackupId& backup, const ReferenceList& references,
               std::vector<std::string>& keys) {
  keys.push_back(DecisionKey(backup));
  keys.push_back(ManifestKey(backup));
  keys.push_back(ReferenceListKey(backup));
  // A backup of an empty database has no packs, but a session all the same.
  keys.push_back(SessionKey(backup));
  for (const WriterId& writer : references.Writers()) keys.push_back(SessionKey(writer));
  for (const PackEntry& entry : references.entries()) keys.push_back(entry.name.Key());
}

}  // namespace

Result<std::vector<std::string>> ListNeededObjects(const RepositoryContext& context) {
  const ControlAccess control(context);
  PGK_ASSIGN_OR_RETURN(const std::vector<WriterId> unexpired, control.ListUnexpired());
  std::vector<std::string> keys;
  PGK_TRY(AddFixed(control, keys));
  PGK_TRY(RequestEach(
      context, unexpired, [&](const WriterId& writer) { return ReadReferences(control, writer); },
      [&](const WriterId& writer, const Result<std::optional<ReferenceList>>& references) -> Status {
        if (!references.ok()) return references.error();
        if (*references) AddBackup(writer, **references, keys);
        return Ok();
      }));
  std::ranges::sort(keys);
  keys.erase(std::ranges::unique(keys).begin(), keys.end());
  return keys;
}

}  // namespace pgkeep::repository
