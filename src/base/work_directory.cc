#include "base/work_directory.h"

#include <unistd.h>

#include <utility>
#include <vector>

#include "base/array.h"
#include "base/error.h"
#include "base/file_util.h"
#include "base/hex.h"
#include "base/log.h"

namespace pgkeep {
namespace {

constexpr uint32_t kPrivate = 0700;
constexpr size_t kRandomBytes = 16;
constexpr int kAttempts = 4;

bool IsOurName(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return name.size() == 2 * kRandomBytes &&
         name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Removes a directory and what is in it; symbolic links are removed, not followed.
Status RemoveTree(FileSystem& files, const std::string& path) {
  PGK_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, files.ReadDirectory(path));
  for (const DirectoryEntry& entry : entries) {
    const std::string child = JoinPath(path, entry.name);
    PGK_TRY(entry.type == FileInfo::Type::kDirectory ? RemoveTree(files, child)
                                                     : files.Remove(child));
  }
  return files.RemoveDirectory(path);
}

// Nothing is made where the directory is no more.
Result<std::unique_ptr<FileLock>> LockDirectory(FileSystem& files, const std::string& path) {
  return files.TryLock(JoinPath(path, "."));
}

// Only an own directory is opened: in a place for all, others could have put a link there.
void RemoveIfAbandoned(FileSystem& files, const std::string& directory) {
  const Result<FileInfo> info = files.StatNoFollow(directory);
  if (!info.ok() || info->type != FileInfo::Type::kDirectory || info->owner != ::geteuid()) return;
  const auto lock = LockDirectory(files, directory);
  if (!lock.ok()) return;
  const Status removed = RemoveTree(files, directory);
  if (removed.ok()) {
    Log(LogLevel::kInfo, "files", "removed {}, which a process that was killed has left",
        directory);
  } else {
    Log(LogLevel::kWarning, "files", "{} was left by a process that was killed, and stays: {}",
        directory, removed.error().ToString());
  }
}

void RemoveAbandoned(FileSystem& files, const std::string& parent, std::string_view prefix) {
  const Status walked = files.VisitDirectory(parent, [&](const DirectoryEntry& entry) {
    if (IsOurName(entry.name, prefix)) RemoveIfAbandoned(files, JoinPath(parent, entry.name));
    return Ok();
  });
  if (walked.ok()) return;
  Log(LogLevel::kDebug, "files", "looking for what killed processes have left in {}: {}", parent,
      walked.error().ToString());
}

// kBusy or kNotFound when another process has come by before the new directory was locked.
Result<std::unique_ptr<FileLock>> MakeLocked(FileSystem& files, const std::string& path) {
  PGK_TRY(files.CreateDirectory(path, kPrivate));
  auto lock = LockDirectory(files, path);
  if (!lock.ok()) static_cast<void>(files.RemoveDirectory(path));
  PGK_ASSIGN_OR_RETURN(auto held, std::move(lock));
  // Taken away before it was locked: there is no directory any more that the lock is for.
  PGK_TRY(files.StatNoFollow(path));
  return held;
}

}  // namespace

Result<std::unique_ptr<WorkDirectory>> WorkDirectory::Make(FileSystem& files,
                                                           const std::string& parent,
                                                           std::string_view prefix,
                                                           const FillRandom& random) {
  RemoveAbandoned(files, parent, prefix);
  for (int attempt = 1;; ++attempt) {
    ByteArray<kRandomBytes> name{};
    random(name);
    std::string path = JoinPath(parent, std::string(prefix) + HexEncode(name));
    auto lock = MakeLocked(files, path);
    if (lock.ok()) {
      return std::unique_ptr<WorkDirectory>(
          new WorkDirectory(files, std::move(path), std::move(*lock)));
    }
    const ErrorCode code = lock.error().code();
    const bool met = code == ErrorCode::kBusy || code == ErrorCode::kNotFound;
    if (!met || attempt == kAttempts) return std::move(lock).error();
  }
}

WorkDirectory::WorkDirectory(FileSystem& files, std::string path, std::unique_ptr<FileLock> lock)
    : files_(files), lock_(std::move(lock)), path_(std::move(path)) {}

WorkDirectory::~WorkDirectory() {
  const Status removed = RemoveTree(files_, path_);
  if (removed.ok()) return;
  Log(LogLevel::kWarning, "files", "{} stays: {}", path_, removed.error().ToString());
}

}  // namespace pgkeep
