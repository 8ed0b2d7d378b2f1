#include <filesystem>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/file_util.h"
#include "file_tree.h"
#include "repository/backup_reader.h"
#include "tree_backup.h"

namespace pgkeep::tools {
namespace {

constexpr uint32_t kWorkingMode = 0700;

using repository::StreamEntry;

// A name that leads out of the target is refused, whoever signed it.
Result<std::string> PathIn(const std::string& target, const std::string& name) {
  if (name == kRootName) return target;
  const std::filesystem::path path(name);
  bool inside = path.is_relative();
  for (const auto& part : path) inside = inside && part != "..";
  if (!inside) return Err(ErrorCode::kRefused, "the backup has a file outside of its root");
  return JoinPath(target, name);
}

Status CheckTarget(const std::string& target) {
  FileSystem& files = PosixFileSystem();
  const auto names = files.ReadDirectory(target);
  if (!names.ok() && names.error().code() == ErrorCode::kNotFound) {
    return CreateDirectories(files, target, kWorkingMode);
  }
  if (!names.ok()) return names.error();
  if (names->empty()) return Ok();
  return Err(ErrorCode::kRefused, "the target {} is not empty", target)
      .WithHint("name a directory that is empty or not there");
}

Status RestoreFile(repository::BackupReader& reader, const StreamEntry& entry,
                   const std::string& path, uint32_t mode) {
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, PosixFileSystem().CreateNew(path, mode));
  PGK_ASSIGN_OR_RETURN(const auto stream, reader.OpenStream(entry));
  uint64_t position = 0;
  PGK_TRY(stream->ReadUnits(0, entry.units, [&](const repository::UnitPart& part) -> Result<bool> {
    if (part.hole) {
      position += part.unit_bytes;
      return true;
    }
    PGK_TRY(file->WriteAt(position, part.bytes));
    position += part.bytes.size();
    return true;
  }));
  if (position != entry.bytes) {
    return Err(ErrorCode::kCorruption, "{} has {} bytes, not {}", path, position, entry.bytes);
  }
  PGK_TRY(file->Truncate(entry.bytes));
  return file->Sync();
}

Status RestoreEntry(repository::BackupReader& reader, const StreamEntry& entry,
                    const std::string& path) {
  PGK_ASSIGN_OR_RETURN(const TreeAttributes attributes, DecodeAttributes(entry.attributes));
  if (entry.kind == kFileStream) return RestoreFile(reader, entry, path, attributes.mode);
  std::error_code error;
  std::filesystem::create_symlink(attributes.target, path, error);
  if (error) return ErrnoError(error.value(), "creating " + path);
  return Ok();
}

// Modes come last: a directory may not be writable for its owner.
Status FinishDirectories(const std::vector<StreamEntry>& directories, const std::string& target) {
  for (auto entry = directories.rbegin(); entry != directories.rend(); ++entry) {
    PGK_ASSIGN_OR_RETURN(const std::string path, PathIn(target, entry->name));
    PGK_ASSIGN_OR_RETURN(const TreeAttributes attributes, DecodeAttributes(entry->attributes));
    PGK_TRY(PosixFileSystem().SyncDirectory(path));
    std::error_code error;
    std::filesystem::permissions(path, std::filesystem::perms(attributes.mode), error);
    if (error) return ErrnoError(error.value(), "setting the mode of " + path);
  }
  return Ok();
}

}  // namespace

Status RestoreTree(repository::Repository& repository, const repository::BackupId& id,
                   const std::string& target, unsigned threads) {
  PGK_ASSIGN_OR_RETURN(const auto reader, repository::BackupReader::Open(repository, id));
  PGK_TRY(CheckTarget(target));
  std::vector<StreamEntry> directories;
  std::vector<StreamEntry> others;
  PGK_TRY(reader->WalkStreams(kSubtreeName, [&](const StreamEntry& entry) {
    (entry.kind == kDirectoryStream ? directories : others).push_back(entry);
    return Ok();
  }));
  for (const StreamEntry& entry : directories) {
    PGK_ASSIGN_OR_RETURN(const std::string path, PathIn(target, entry.name));
    if (path != target) PGK_TRY(PosixFileSystem().CreateDirectory(path, kWorkingMode));
  }
  PGK_TRY(ForEachParallel(others.size(), threads, [&](size_t index) -> Status {
    PGK_ASSIGN_OR_RETURN(const std::string path, PathIn(target, others[index].name));
    return RestoreEntry(*reader, others[index], path);
  }));
  PGK_TRY(FinishDirectories(directories, target));
  return PosixFileSystem().SyncDirectory(ParentDirectory(target));
}

}  // namespace pgkeep::tools
