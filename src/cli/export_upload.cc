#include "cli/export_upload.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file_util.h"
#include "base/log.h"
#include "base/mapped_file.h"
#include "base/uuid.h"
#include "repository/object_names.h"

namespace pgkeep::cli {
namespace {

constexpr uint32_t kPrivate = 0700;
constexpr char kOutputName[] = "archive";
// Without its table of contents a directory is no archive to anybody.
constexpr std::string_view kContentsName = "toc.dat";

// Removes a directory and what is in it.
Status RemoveTree(FileSystem& files, const std::string& path) {
  PGK_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, files.ReadDirectory(path));
  for (const DirectoryEntry& entry : entries) {
    const std::string child = JoinPath(path, entry.name);
    PGK_TRY(entry.type == FileInfo::Type::kDirectory ? RemoveTree(files, child)
                                                     : files.Remove(child));
  }
  return files.RemoveDirectory(path);
}

}  // namespace

Result<ExportUpload> ExportUpload::Begin(const Environment& environment) {
  const std::string state = StateDirectory(environment);
  if (state.empty()) {
    return Err(ErrorCode::kConfig, "there is no place for the export on its way")
        .WithHint("set PGKEEP_STATE_DIR to a directory with room for it");
  }
  const std::string id = NewUuidV7(*environment.clock,
                                   [&](MutableByteSpan bytes) { environment.random->Fill(bytes); });
  ExportUpload upload(*environment.files, JoinPath(JoinPath(state, "exports"), id),
                      std::string(repository::kExportPrefix) + id);
  PGK_TRY(CreateDirectories(*environment.files, upload.place_, kPrivate));
  return upload;
}

ExportUpload::ExportUpload(ExportUpload&& other) noexcept
    : files_(other.files_),
      place_(std::exchange(other.place_, std::string())),
      key_(std::move(other.key_)) {}

ExportUpload::~ExportUpload() {
  if (place_.empty()) return;
  const Status removed = RemoveTree(files_, place_);
  if (!removed.ok()) {
    Log(LogLevel::kWarning, "export", "{}", removed.error().ToString());
  }
}

std::string ExportUpload::output() const { return JoinPath(place_, kOutputName); }

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
