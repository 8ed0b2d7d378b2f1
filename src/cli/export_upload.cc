#include "cli/export_upload.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file_util.h"
#include "base/mapped_file.h"
#include "base/uuid.h"
#include "repository/object_names.h"

namespace pgkeep::cli {
namespace {

constexpr uint32_t kPrivate = 0700;
constexpr std::string_view kPrefix = "export-";
constexpr char kOutputName[] = "archive";
// Without its table of contents a directory is no archive to anybody.
constexpr std::string_view kContentsName = "toc.dat";

}  // namespace

Result<ExportUpload> ExportUpload::Begin(const Environment& environment) {
  const std::string state = StateDirectory(environment);
  if (state.empty()) {
    return Err(ErrorCode::kConfig, "there is no place for the export on its way")
        .WithHint("set PGKEEP_STATE_DIR to a directory with room for it");
  }
  const std::string place = JoinPath(state, "exports");
  PGK_TRY(CreateDirectories(*environment.files, place, kPrivate));
  const FillRandom random = [&](MutableByteSpan bytes) { environment.random->Fill(bytes); };
  PGK_ASSIGN_OR_RETURN(auto directory,
                       WorkDirectory::Make(*environment.files, place, kPrefix, random));
  return ExportUpload(
      *environment.files, std::move(directory),
      std::string(repository::kExportPrefix) + NewUuidV7(*environment.clock, random));
}

std::string ExportUpload::output() const { return JoinPath(directory_->path(), kOutputName); }

Status ExportUpload::StoreFile(storage::ObjectStore& store, const std::string& path,
                               const std::string& key) {
  PGK_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path, storage::kMaxObjectBytes));
  // The id is new, so nothing is overwritten; but a bucket may insist that it is said.
  const Result<storage::ObjectInfo> stored = store.features().conditional_create
                                                 ? store.CreateIfAbsent(key, file.bytes())
                                                 : store.Put(key, file.bytes());
  return stored.ok() ? Ok() : Status(stored.error());
}

Status ExportUpload::Store(storage::ObjectStore& store) {
  PGK_ASSIGN_OR_RETURN(const FileInfo info, files_.Stat(output()));
  if (info.type != FileInfo::Type::kDirectory) {
    return StoreFile(store, output(), key_ + "/" + kOutputName);
  }
  PGK_ASSIGN_OR_RETURN(std::vector<DirectoryEntry> entries, files_.ReadDirectory(output()));
  std::ranges::partition(entries,
                         [](const DirectoryEntry& entry) { return entry.name != kContentsName; });
  for (const DirectoryEntry& entry : entries) {
    PGK_TRY(StoreFile(store, JoinPath(output(), entry.name), key_ + "/" + entry.name));
  }
  return Ok();
}

}  // namespace pgkeep::cli
