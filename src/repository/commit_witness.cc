#include "repository/commit_witness.h"

#include <string>

#include "base/bytes.h"
#include "base/file_util.h"
#include "base/log.h"
#include "repository/object_names.h"

namespace pgkeep::repository {
namespace {

constexpr size_t kMaxNoteBytes = 256;

std::string NotePath(const RepositoryContext& context) {
  return JoinPath(context.state_directory, "last-commit");
}

Status WriteNote(const RepositoryContext& context, const BackupId& backup) {
  PGK_TRY(CreateDirectories(*context.files, context.state_directory, 0700));
  return WriteFileDurably(*context.files, NotePath(context), AsBytes(backup.Hex()), 0600,
                          /*replace=*/true);
}

}  // namespace

void WitnessCommit(const RepositoryContext& context, const BackupId& backup) {
  if (context.state_directory.empty()) return;
  const Status written = WriteNote(context, backup);
  if (!written.ok()) {
    Log(LogLevel::kWarning, "repository", "cannot note the commit in {}: {}", NotePath(context),
        written.error().ToString());
  }
}

Result<std::optional<BackupId>> FindVanishedCommit(const ControlAccess& control) {
  const RepositoryContext& context = control.context();
  if (context.state_directory.empty()) return std::nullopt;
  const Result<Bytes> note = ReadWholeFile(*context.files, NotePath(context), kMaxNoteBytes);
  if (!note.ok()) return std::nullopt;
  const Result<BackupId> backup = BackupId::FromHex(AsText(*note));
  if (!backup.ok()) return std::nullopt;
  PGK_ASSIGN_OR_RETURN(const bool exists, control.Exists(DecisionKey(*backup)));
  if (exists) return std::nullopt;
  return *backup;
}

Error VanishedCommitError(const BackupId& backup) {
  return Err(ErrorCode::kCorruption,
             "backup {} was committed from this machine, and {} is not in the repository any more",
             backup.Hex(), DecisionKey(backup))
      .WithHint(
          "the store went back to an earlier state, or somebody deleted objects: look at its "
          "versions, replicas and access log before you rely on it");
}

}  // namespace pgkeep::repository
