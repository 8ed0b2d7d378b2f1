#include "cli/recovery_files.h"

#include <utility>

#include "base/file_util.h"
#include "base/version.h"
#include "repository/recovery_kit.h"

namespace pgkeep::cli {

Result<SecretBytes> FormatKit(const KitContent& content, const std::string& name,
                              const Environment& environment) {
  const repository::RecoveryKitFacts facts{.address = {.url = content.url.ToString(),
                                                       .s3_endpoint = content.url.s3.endpoint,
                                                       .s3_region = content.url.s3.region},
                                           .pgkeep_version = std::string(kVersion),
                                           .created = environment.clock->Now(),
                                           .kit_name = name};
  if (content.locked == nullptr) {
    return repository::FormatRecoveryKit(content.bundle, content.repository, facts);
  }
  const std::string key_id = repository::ComputeKeyId(content.bundle, content.repository);
  return repository::FormatLockedRecoveryKit(*content.locked, key_id, content.repository, facts);
}

bool HoldsKey(FileSystem& files, const std::string& path, const repository::KeyBundle& bundle,
              const repository::RepositoryId& repository) {
  const Result<repository::KeyFile> there = repository::LoadKeyFile(files, path);
  return there.ok() && there->repository == repository &&
         there->key_id == repository::ComputeKeyId(bundle, repository);
}

Status SaveKit(const KitContent& content, const std::string& path, const Environment& environment) {
  if (HoldsKey(*environment.files, path, content.bundle, content.repository)) return Ok();
  PGK_ASSIGN_OR_RETURN(const SecretBytes text, FormatKit(content, FileName(path), environment));
  return repository::SaveKeyFile(*environment.files, path, text,
                                 repository::KeyFileExists::kRefuse);
}

Status CheckAbsent(FileSystem& files, const std::string& path) {
  const Result<FileInfo> info = files.StatNoFollow(path);
  if (info.ok()) {
    return Err(ErrorCode::kAlreadyExists, "{} is there already, and is never overwritten", path)
        .WithHint("move it away if it is of no use any more, or choose another name");
  }
  if (info.error().code() == ErrorCode::kNotFound) return Ok();
  return info.error();
}

}  // namespace pgkeep::cli
