#include "repository/backup_reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "repository/control_access.h"
#include "repository/directory_map.h"
#include "repository/object_names.h"

namespace pgkeep::repository {

Result<std::unique_ptr<BackupReader>> BackupReader::Open(Repository& repository,
                                                         const BackupId& id) {
  const ControlAccess access(repository.context());
  const auto missing = [&id](std::string_view why) {
    return Err(ErrorCode::kNotFound, "backup {} {}", id.Hex(), why)
        .WithHint("'pgkeep list' shows the backups that can be restored");
  };
  Result<DecisionObject> decision = access.ReadDecision(id);
  if (!decision.ok()) {
    if (decision.error().code() == ErrorCode::kNotFound) return missing("does not exist");
    return std::move(decision).error();
  }
  if (decision->verdict != Verdict::kCommit) return missing("was never completed");
  PGK_ASSIGN_OR_RETURN(const bool expired, access.Exists(ExpiryKey(id)));
  if (expired) return missing("has expired");
  PGK_ASSIGN_OR_RETURN(Manifest manifest, access.ReadManifest(id, decision->manifest_sha256));
  PGK_ASSIGN_OR_RETURN(ReferenceList references,
                       access.ReadReferenceList(id, decision->reference_list_sha256));
  return std::unique_ptr<BackupReader>(
      new BackupReader(repository, id, std::move(manifest), std::move(references)));
}

BackupReader::BackupReader(Repository& repository, const BackupId& id, Manifest manifest,
                           ReferenceList references)
    : id_(id),
      manifest_(std::move(manifest)),
      references_(std::move(references)),
      nodes_(repository.context(), &repository.local_cache()),
      frames_(repository.context()) {
  nodes_.AddPacks(references_);
}

Result<const SubtreeEntry*> BackupReader::FindSubtree(std::string_view name) const {
  const auto found = std::ranges::find(manifest_.subtrees, name, &SubtreeEntry::name);
  if (found == manifest_.subtrees.end()) {
    return Err(ErrorCode::kNotFound, "backup {} holds no \"{}\"", id_.Hex(), PrintableName(name));
  }
  return &*found;
}

Result<StreamEntry> BackupReader::FindStream(std::string_view subtree, std::string_view name) {
  PGK_ASSIGN_OR_RETURN(const SubtreeEntry* entry, FindSubtree(subtree));
  DirectoryMap directory(nodes_, *entry);
  PGK_ASSIGN_OR_RETURN(std::optional<StreamEntry> found, directory.Find(name));
  if (!found) {
    return Err(ErrorCode::kNotFound, "\"{}\" in backup {} holds no \"{}\"", PrintableName(subtree),
               id_.Hex(), PrintableName(name));
  }
  return *std::move(found);
}

Status BackupReader::WalkStreams(std::string_view subtree,
                                 const std::function<Status(const StreamEntry&)>& visit) {
  PGK_ASSIGN_OR_RETURN(const SubtreeEntry* entry, FindSubtree(subtree));
  DirectoryMap directory(nodes_, *entry);
  return directory.Walk(visit);
}

Result<std::unique_ptr<StreamReader>> BackupReader::OpenStream(const StreamEntry& entry) {
  return std::make_unique<StreamReader>(nodes_, frames_, entry);
}

}  // namespace pgkeep::repository
